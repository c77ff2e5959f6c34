package cloud

import (
	"context"
	"errors"
	"fmt"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	"github.com/oklog/ulid/v2"
)

// cancelGrace is how long a create call that is on its way may go on after the
// caller gave up: given up at once, it may have taken effect with nobody knowing
// the id.
const cancelGrace = 15 * time.Second

// presigningID is the middleware by which the SDK marks a stack that only signs
// a URL (service/internal/presigned-url).
const presigningID = "AsIsPresigningMiddleware"

// instrument is run by the SDK for each call, when the operation's stack is whole.
func (c *Clients) instrument(stack *middleware.Stack) error {
	if _, ok := stack.Initialize.Get(presigningID); ok {
		return stack.Initialize.Add(markPresign{}, middleware.Before)
	}
	if _, ok := stack.Finalize.Get("Retry"); ok {
		err := stack.Finalize.Insert(attemptTimeout{after: c.settings.attemptTimeout}, "Retry", middleware.After)
		if err == nil {
			err = stack.Finalize.Insert(refreshExpired{c.base.Credentials}, "Retry", middleware.After)
		}
		if err != nil {
			return fmt.Errorf("add the attempt's middleware: %w", err)
		}
	}
	if err := PlainBody(stack); err != nil {
		return fmt.Errorf("add the body's middleware: %w", err)
	}
	// After, so that the SDK has filled in client tokens and checked the input.
	return stack.Initialize.Add(&observer{clients: c}, middleware.After)
}

// observer tells the recorder and says in errors where they happened.
type observer struct{ clients *Clients }

func (o *observer) ID() string { return "goldenami:Observer" }

func (o *observer) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (out middleware.InitializeOutput, meta middleware.Metadata, err error) {
	ctx = allowRefresh(ctx)
	op := operations[awsmiddleware.GetServiceID(ctx)+"."+awsmiddleware.GetOperationName(ctx)]
	switch {
	case op.made != nil && !op.request(in.Parameters).isDryRun():
		out, meta, err = o.create(ctx, op, in, next)
	case op.gone != nil && !op.request(in.Parameters).isDryRun():
		out, meta, err = o.remove(ctx, op, in, next)
	default:
		out, meta, err = next.HandleInitialize(ctx, in)
	}
	var placed *regionError
	if region := awsmiddleware.GetRegion(ctx); err != nil && region != "" && !errors.As(err, &placed) {
		err = &regionError{region: region, err: err}
	}
	return out, meta, err
}

func (o *observer) create(ctx context.Context, op operation, in middleware.InitializeInput, next middleware.InitializeHandler) (out middleware.InitializeOutput, meta middleware.Metadata, err error) {
	if err := ctx.Err(); err != nil {
		return out, meta, err
	}
	asked := op.request(in.Parameters)
	call := Call{
		ID: ulid.Make().String(), Service: awsmiddleware.GetServiceID(ctx), Operation: awsmiddleware.GetOperationName(ctx),
		Region: awsmiddleware.GetRegion(ctx), Name: asked.name, Token: asked.token, Principal: o.clients.principal,
	}
	recorder := o.clients.settings.recorder
	if recorder != nil {
		if err := recorder.Intend(ctx, call); err != nil {
			return out, meta, fmt.Errorf("nothing was sent, because the intent could not be recorded: %w", err)
		}
	}
	sending, stop := surviveCancel(ctx, cancelGrace)
	defer stop()
	started := time.Now()
	out, meta, err = next.HandleInitialize(sending, in)
	if err != nil && op.adopt != nil && alreadyDone(err) && lostAnswer(meta) {
		out, meta, err = op.adopt(sending, lost{
			clients: o.clients, region: call.Region, started: started, in: in, next: next, out: out, meta: meta, cause: err,
		})
	}
	if recorder == nil {
		return out, meta, err
	}
	telling := withCall(context.WithoutCancel(ctx), call)
	if err != nil {
		return out, meta, errors.Join(err, tellRefused(telling, recorder, call, meta, err))
	}
	return out, meta, o.tell(telling, "made", op.made(in.Parameters, out.Result), recorder.Created)
}

func (o *observer) remove(ctx context.Context, op operation, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	out, meta, err := next.HandleInitialize(ctx, in)
	if err != nil || o.clients.settings.recorder == nil {
		return out, meta, err
	}
	return out, meta, o.tell(context.WithoutCancel(ctx), "deleted", op.gone(in.Parameters, out.Result), o.clients.settings.recorder.Deleted)
}

// tell goes on after an error: each id that can be kept is one less to look for.
func (o *observer) tell(ctx context.Context, what string, all []Resource, each func(context.Context, Resource) error) error {
	var errs []error
	for _, r := range all {
		r.Region = awsmiddleware.GetRegion(ctx)
		if r.Account == "" {
			r.Account = o.clients.knownAccount()
		}
		if err := each(ctx, r); err != nil {
			errs = append(errs, fmt.Errorf("%s was %s, but that could not be recorded: %w", r, what, err))
		}
	}
	return errors.Join(errs...)
}

func tellRefused(ctx context.Context, recorder Recorder, call Call, meta middleware.Metadata, cause error) error {
	settler, ok := recorder.(Settler)
	if !ok || mayHaveTakenEffect(cause) || lostAnswer(meta) {
		return nil
	}
	return settler.Refused(ctx, call, cause)
}

type callerKey struct{}

// surviveCancel gives a context that ends grace after the caller's. No new
// attempt is started once the caller's has ended.
func surviveCancel(ctx context.Context, grace time.Duration) (context.Context, func()) {
	sending, cancel := context.WithCancel(context.WithValue(context.WithoutCancel(ctx), callerKey{}, ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-sending.Done():
		}
	})
	return sending, func() { stop(); cancel() }
}

// callerErr is why the caller of a create call that survives no longer waits.
func callerErr(ctx context.Context) error {
	if caller, ok := ctx.Value(callerKey{}).(context.Context); ok {
		return caller.Err()
	}
	return nil
}
