package layer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

const (
	// pollEvery bounds how late a result is seen. Reading a few small local
	// files costs less than a notification that not every file system has.
	pollEvery = 100 * time.Millisecond
	// reportEvery is how often waiting is worth a line.
	reportEvery = time.Minute
)

// errOrphaned says that Packer is gone: nobody takes the result any more.
var errOrphaned = errors.New("packer ended while this build waited for its parent")

// Wait gives the result of the build of this run that makes the key's image,
// and waits for it if need be. ErrNotInRun if there is none; a *ParentError if
// it fails, dies, or is never run; the context's error as soon as it ends.
// report, if not nil, gets a sentence when waiting begins and each minute.
func (s *Session) Wait(ctx context.Context, key Key, report func(string)) (Result, error) {
	if !s.Joined() {
		return Result{}, ErrNotInRun
	}
	if report == nil {
		report = func(string) {}
	}
	began := time.Now()
	nextReport := began
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if err := ctx.Err(); err != nil {
			return Result{}, fmt.Errorf("wait for %s: %w", key, err)
		}
		waited := time.Since(began)
		result, member, err := s.look(key, waited)
		if err != nil || result.Status.final() {
			return result, err
		}
		if os.Getppid() != s.parent {
			return Result{}, errOrphaned
		}
		if !time.Now().Before(nextReport) {
			report(waitingText(member.Key, result.Status, waited))
			nextReport = nextReport.Add(reportEvery)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

func waitingText(parent Key, status Status, waited time.Duration) string {
	text := fmt.Sprintf("waiting for %s, which this run is about to build", parent)
	if status == Running {
		text = fmt.Sprintf("waiting for %s, which this run is building", parent)
	}
	if waited >= time.Second {
		text += fmt.Sprintf(" (%s so far)", waited.Round(time.Second))
	}
	return text
}

// look judges the parent once. A status that is not final means: go on.
func (s *Session) look(key Key, waited time.Duration) (Result, record, error) {
	parent, err := s.find(key)
	if err != nil {
		return Result{}, record{}, err
	}
	if !parent.Result.Status.final() && !s.room.alive(parent) {
		// It may have published between both looks, and then ended.
		if parent, err = s.find(key); err != nil {
			return Result{}, record{}, err
		}
		if !parent.Result.Status.final() {
			return Result{}, parent, &ParentError{Parent: parent.Member, Failure: ParentDied}
		}
	}
	switch parent.Result.Status {
	case Done, Reused:
		return parent.Result, parent, s.use(key)
	case Failed:
		return Result{}, parent, &ParentError{Parent: parent.Member, Failure: ParentFailed, Reason: parent.Result.Reason}
	case Destroyed:
		return Result{}, parent, &ParentError{Parent: parent.Member, Failure: ParentDestroyed}
	case Prepared:
		if waited < s.grace {
			return parent.Result, parent, nil
		}
		failure := ParentDropped
		if parent.Seq > s.record.Seq {
			failure = ParentQueued
		}
		return Result{}, parent, &ParentError{Parent: parent.Member, Failure: failure}
	default:
		return parent.Result, parent, nil
	}
}

func (s *Session) find(key Key) (record, error) {
	all, err := s.room.records()
	if err != nil {
		return record{}, err
	}
	parent, found := latest(all, key)
	if !found {
		return record{}, ErrNotInRun
	}
	return parent, nil
}

// use records that this build builds on the key's image, see Used.
func (s *Session) use(key Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record.Uses = key
	return s.room.write(s.record)
}

func joinWay(way []string) string { return strings.Join(way, " -> ") }
