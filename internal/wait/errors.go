package wait

import (
	"fmt"
	"strings"
	"time"
)

// FailedError says that the thing is in a state from which it cannot get to the
// wanted one.
type FailedError struct {
	Region, ID string
	State      string // in EC2's words: failed, error, invalid, deregistered, disabled, terminated, …
	ReasonCode string // EC2's StateReason code, may be empty
	Reason     string // EC2's StateReason message and the snapshots' StateMessages, may be empty
}

func (e *FailedError) Error() string {
	text := fmt.Sprintf("%s in %s is %s", e.ID, e.Region, e.State)
	if why := joinWhy(e.ReasonCode, e.Reason); why != "" {
		return text + ": " + why
	}
	return text + ", and EC2 gives no reason"
}

func joinWhy(code, reason string) string {
	if code == "" || strings.HasPrefix(reason, code) { // messages often repeat the code
		return reason
	}
	if reason == "" {
		return code
	}
	return code + ": " + reason
}

// NotVisibleError says that EC2 did not show the thing for longer than a new one
// may need to appear.
type NotVisibleError struct {
	Region, ID string
	For        time.Duration
	Seen       bool // it was shown before: then it was deleted, or is shared no more
}

func (e *NotVisibleError) Error() string {
	if e.Seen {
		return fmt.Sprintf("%s in %s was there and has not been shown for %s; it was deleted, or is not shared any more", e.ID, e.Region, e.For.Round(time.Second))
	}
	return fmt.Sprintf("%s in %s has not been shown for %s; it does not exist there, or these credentials may not see it", e.ID, e.Region, e.For.Round(time.Second))
}

// DeadlineError says that the wanted state did not come in time. The thing still
// exists and may get there.
type DeadlineError struct {
	Region, ID string
	After      time.Duration
	State      string // as last seen; empty if it never was
	Percent    int    // of its snapshots, as last seen; 0 also if not known
	LastErr    error  // what the last look failed with, nil if it did not
}

func (e *DeadlineError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s in %s is not ready after %s", e.ID, e.Region, e.After)
	switch {
	case e.State == "":
		b.WriteString("; it was never seen")
	case e.Percent > 0:
		fmt.Fprintf(&b, "; it was last seen %s at %d%%", e.State, e.Percent)
	default:
		fmt.Fprintf(&b, "; it was last seen %s", e.State)
	}
	if e.LastErr != nil {
		fmt.Fprintf(&b, "; the last look failed: %v", e.LastErr)
	}
	return b.String()
}

// Unwrap gives the last look's error.
func (e *DeadlineError) Unwrap() error { return e.LastErr }

// Timeout says what kind of error it is, in the way of package net.
func (e *DeadlineError) Timeout() bool { return true }

// RefusedError says that AWS refused the look itself: the credentials may not,
// or are not good any more.
type RefusedError struct {
	Region, ID string
	Err        error
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s in %s could not be looked at: %v", e.ID, e.Region, e.Err)
}

// Unwrap gives AWS's error.
func (e *RefusedError) Unwrap() error { return e.Err }
