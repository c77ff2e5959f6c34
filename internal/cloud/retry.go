package cloud

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"
)

// defaultAttempts outlasts a minute of throttling with the SDK's backoff (2^n s,
// at most 20 s, jittered) and ends a permanent 500 within about two.
const defaultAttempts = 10

// attemptsAskedFor is what the configuration was made with: the peer plugin's
// max_retries arrives as a Retryer, AWS_MAX_ATTEMPTS as a number.
func attemptsAskedFor(cfg aws.Config) int {
	if cfg.Retryer != nil {
		if r := cfg.Retryer(); r != nil && r.MaxAttempts() > 0 {
			return r.MaxAttempts()
		}
	}
	if cfg.RetryMaxAttempts > 0 {
		return cfg.RetryMaxAttempts
	}
	return defaultAttempts
}

// retryer is the SDK's standard one with two changes. It has no token bucket:
// the SDK's is empty after about a hundred failures, from when on a client never
// retries again, and a long wait under throttling gets there. And it does not
// repeat what cannot get better by repeating: "no capacity" comes as HTTP 500.
func (s *settings) retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = s.maxAttempts
		o.RateLimiter = ratelimit.None
		if s.backoff != nil {
			o.Backoff = retry.BackoffDelayerFunc(s.backoff)
		}
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
			if IsCapacity(err) {
				return aws.FalseTernary
			}
			return aws.UnknownTernary
		})}, o.Retryables...)
	})
}

// attemptTimeout ends one attempt, so that the retryer can start the next.
type attemptTimeout struct{ after time.Duration }

func (m attemptTimeout) ID() string { return "goldenami:AttemptTimeout" }

func (m attemptTimeout) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	if err := callerErr(ctx); err != nil {
		// A create call outlives its caller's cancellation only to hear an answer.
		return middleware.FinalizeOutput{}, middleware.Metadata{}, err
	}
	limited, cancel := context.WithTimeout(ctx, m.after)
	defer cancel()
	out, meta, err := next.HandleFinalize(limited, in)
	if err != nil && ctx.Err() == nil && errors.Is(limited.Err(), context.DeadlineExceeded) {
		err = &AttemptTimeoutError{After: m.after, cause: err}
	}
	return out, meta, err
}

// refreshExpired gives a call whose session ended one more attempt with fresh
// credentials. The SDK renews them by the clock, which does not help where a
// session was revoked or the clocks disagree.
type refreshExpired struct{ credentials aws.CredentialsProvider }

func (m refreshExpired) ID() string { return "goldenami:RefreshExpired" }

func (m refreshExpired) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	out, meta, err := next.HandleFinalize(ctx, in)
	if err == nil || !isExpired(err) {
		return out, meta, err
	}
	cache, cached := m.credentials.(*aws.CredentialsCache)
	once, _ := ctx.Value(refreshKey{}).(*atomic.Bool)
	if !cached || once == nil || once.Swap(true) {
		return out, meta, err
	}
	cache.Invalidate()
	return out, meta, &expiredError{err}
}

type refreshKey struct{}

// allowRefresh lets one call renew its credentials once.
func allowRefresh(ctx context.Context) context.Context {
	return context.WithValue(ctx, refreshKey{}, new(atomic.Bool))
}

type expiredError struct{ error }

func (e *expiredError) Unwrap() error        { return e.error }
func (e *expiredError) RetryableError() bool { return true }

// AttemptTimeoutError says that no whole answer came in time. Whether the call
// took effect is not known. The cause is kept as text only: the SDK reads a
// wrapped cancellation as the caller's wish and would not try again.
type AttemptTimeoutError struct {
	After time.Duration
	cause error
}

func (e *AttemptTimeoutError) Error() string {
	return fmt.Sprintf("no answer within %s: %v", e.After, e.cause)
}

// RetryableError has the SDK try again.
func (e *AttemptTimeoutError) RetryableError() bool { return true }

// Timeout says what kind of error it is, in the way of package net.
func (e *AttemptTimeoutError) Timeout() bool { return true }
