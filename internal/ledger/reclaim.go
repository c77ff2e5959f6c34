package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

const (
	// reclaimTimeout bounds what a run spends on others: an instance ends within a
	// minute or two, and its group can go some seconds later.
	reclaimTimeout = 3 * time.Minute
	// again is how long after a failure the next run tries: what cannot be deleted must
	// not cost each run its minutes.
	again = time.Hour
	// settledAfter is how old a call must be for a look that finds nothing to mean that
	// it made nothing: EC2 shows new things late.
	settledAfter = 5 * time.Minute
	// turnPause is between two looks whether another run has finished its cleaning up.
	turnPause = 50 * time.Millisecond
)

// Reclaimer removes what runs of this machine left that were killed, or whose own
// cleaning up failed. It touches what their ledgers list, and nothing else: never a
// run that lives, never what was kept or finished, never what -on-error was to leave,
// and nothing of another account or endpoint than those of this run.
type Reclaimer struct {
	Dir string
	// Endpoint is where this run's EC2 is, empty for AWS's own.
	Endpoint string
	// Account gives this run's account. It is asked only when there is something.
	Account func(context.Context) (string, error)
	Deleter Deleter
	// Find looks for what a call of a run made whose answer nobody has. known is false
	// where that cannot be told.
	Find func(ctx context.Context, call cloud.Call, run string) (found []cloud.Resource, known bool, err error)
	// Unfinished tells whether an image is one that was not completed.
	Unfinished func(ctx context.Context, image cloud.Resource) (bool, error)
	// Say takes sentences about what is done and what is left.
	Say func(text string)
}

// Run cleans up. It makes no call where there is nothing to do, ends when ctx does,
// and takes three minutes at most. What it cannot do it says: nothing of that is a
// reason for this run to fail.
func (r *Reclaimer) Run(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, reclaimTimeout)
	defer stop()
	turn, err := r.turn(ctx)
	if err != nil {
		r.Say("Warning: what earlier runs left is not looked at: " + err.Error())
		return
	}
	defer func() { _ = turn.Close() }() // ends the lock, which is all there is to it
	found, err := abandoned(r.Dir)
	if err != nil {
		r.Say("Warning: a ledger of an earlier run cannot be read, and may list what is still there: " + err.Error())
	}
	for _, l := range found {
		if err := r.one(ctx, l); err != nil {
			r.Say(fmt.Sprintf("Warning: %s: what it left is not removed: %s (%s)", l, err, l.path))
		}
	}
}

// turn waits until no other run cleans up, so that this one does not meet things that
// are about to go. The lock is lost with the process.
func (r *Reclaimer) turn(ctx context.Context) (*os.File, error) {
	if err := checkDir(r.Dir); err != nil {
		return nil, err
	}
	file, err := openFile(filepath.Join(r.Dir, "reclaim.lock"), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	for {
		err := lock(file)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, errRunning) {
			return nil, errors.Join(err, file.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(errors.New("another run does that and has not ended"), file.Close())
		case <-time.After(turnPause):
		}
	}
}

// one cleans up after one run.
func (r *Reclaimer) one(ctx context.Context, l *Ledger) error {
	if len(l.Live()) == 0 && len(l.Unsettled()) == 0 {
		if !l.book.opened { // its owner is just about to write into it
			return l.leave()
		}
		return l.Close()
	}
	if why, err := r.notOurs(ctx, l); why != "" || err != nil {
		if why != "" {
			r.Say(fmt.Sprintf("%s left %s: not touched, because %s (%s)", l, list(l), why, l.path))
		}
		return errors.Join(err, l.leave())
	}
	r.Say(fmt.Sprintf("Removing what %s left: %s", l, list(l)))
	if err := r.prepare(ctx, l); err != nil {
		return errors.Join(err, l.leave())
	}
	left, err := l.sweep(ctx, r.Deleter)
	if len(left) > 0 {
		r.Say(fmt.Sprintf("Warning: %s: this is still there, and the run after the next hour tries again: %v\nTo remove it by hand:\n  %s",
			l, err, strings.Join(commands(left), "\n  ")))
		err = l.record(event{Event: evTried})
	}
	return errors.Join(err, l.Close())
}

// notOurs says why a run's things are none of this one's business.
func (r *Reclaimer) notOurs(ctx context.Context, l *Ledger) (string, error) {
	b := l.book
	switch {
	case b.terms == nil:
		return "its ledger does not say whose they are: delete them by hand, and then it", nil
	case !b.host.here():
		return "that run was on another machine (" + b.host.Name + "), where it may go on: run there, or delete them by hand, and then the ledger", nil
	case b.terms.Leave:
		return "-on-error was to leave them: delete them by hand, and then the ledger", nil
	case b.terms.Endpoint != r.Endpoint:
		return "they are at " + orAWS(b.terms.Endpoint) + ": delete the ledger if that is gone", nil
	case b.terms.Account == "":
		return "skip_credential_validation kept the account from being known: delete them by hand, and then the ledger", nil
	case time.Since(b.tried) < again:
		return "that failed at " + b.tried.UTC().Format(time.TimeOnly) + " and is tried again an hour after", nil
	}
	mine, err := r.Account(ctx)
	if err != nil {
		return "", err
	}
	if mine != b.terms.Account {
		return "they belong to account " + b.terms.Account + ", and this run has credentials of " + mine + ": run with those of that account", nil
	}
	return "", nil
}

func orAWS(endpoint string) string {
	if endpoint == "" {
		return "AWS"
	}
	return endpoint
}

// prepare makes the list complete, and takes from it what is a result.
func (r *Reclaimer) prepare(ctx context.Context, l *Ledger) error {
	for _, c := range l.unsettled() {
		found, known, err := r.Find(ctx, c.Call, l.book.run)
		if err != nil {
			return fmt.Errorf("what its call %s made: %w", c.Operation, err)
		}
		for _, f := range found {
			err = errors.Join(err, l.record(event{Event: evCreated, CallID: c.ID, Resource: &f}))
		}
		switch {
		case len(found) > 0:
		case known && time.Since(c.at) > settledAfter:
			err = l.record(event{Event: evRefused, CallID: c.ID})
		case !known:
			r.Say(fmt.Sprintf("Warning: whether the call %s %s of %s made something cannot be told: look for it, and delete %s", c.Operation, c.Name, l, l.path))
			err = l.record(event{Event: evTried})
		}
		if err != nil {
			return err
		}
	}
	for _, image := range l.liveOf([]cloud.Kind{cloud.KindImage}) {
		unfinished, err := r.Unfinished(ctx, image)
		if err != nil {
			return err
		}
		if unfinished {
			continue
		}
		r.Say(fmt.Sprintf("The %s is complete and stays", image))
		if err := l.Keep(ctx, image.ID); err != nil {
			return err
		}
	}
	return nil
}

func (l *Ledger) unsettled() []intended {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]intended(nil), l.book.calls...)
}

// list names what a run left.
func list(l *Ledger) string {
	live, unsettled := l.Live(), l.Unsettled()
	names := make([]string, 0, len(live)+len(unsettled))
	for _, r := range live {
		names = append(names, r.String())
	}
	for _, c := range unsettled {
		names = append(names, strings.TrimSpace("what "+c.Operation+" made "+c.Name))
	}
	return strings.Join(names, ", ")
}

func commands(rs []cloud.Resource) []string {
	all := make([]string, 0, len(rs))
	for _, r := range rs {
		all = append(all, r.RemoveCommand())
	}
	return all
}
