package layer

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
func (s *Session) Wait(ctx context.Context, key Key, report func(string)) (_ Result, err error) {
	if !s.Joined() {
		return Result{}, ErrNotInRun
	}
	if report == nil {
		report = func(string) {}
	}
	if seen, err := s.look(key, 0); ctx.Err() == nil && (err != nil || seen.result.Status.final()) {
		return seen.result, err
	}
	if err := s.waiting(key); err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, s.waiting(Key{})) }()
	return s.await(ctx, key, report)
}

func (s *Session) await(ctx context.Context, key Key, report func(string)) (Result, error) {
	began := time.Now()
	nextReport, stuckSince := began, began
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if err := ctx.Err(); err != nil {
			return Result{}, fmt.Errorf("wait for %s: %w", key, err)
		}
		seen, err := s.look(key, time.Since(stuckSince))
		if err != nil || seen.result.Status.final() {
			return seen.result, err
		}
		if s.orphaned() {
			return Result{}, errOrphaned
		}
		if seen.moves {
			stuckSince = time.Now()
		}
		if !time.Now().Before(nextReport) {
			report(waitingText(key, seen.result.Status, time.Since(began)))
			nextReport = nextReport.Add(reportEvery)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// orphaned holds when Packer is gone. Unix gives its children another parent, and
// Windows does not.
func (s *Session) orphaned() bool {
	return s.room.machine.parent() != s.packer || !s.room.machine.alive(s.packer)
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

// sight is what a child sees of its parent at one time.
type sight struct {
	result Result // one that is not final means: go on
	moves  bool   // builds are under way that may have to end before the parent starts
}

// look judges the parent once, which has been stuck for some time.
func (s *Session) look(key Key, stuck time.Duration) (sight, error) {
	parent, all, err := s.find(key)
	if err != nil {
		return sight{}, err
	}
	if !parent.Result.Status.final() && !s.room.alive(parent) {
		// It may have published between both looks, and then ended.
		if parent, all, err = s.find(key); err != nil {
			return sight{}, err
		}
		if !parent.Result.Status.final() {
			return sight{}, &ParentError{Parent: parent.Member, Failure: ParentDied}
		}
	}
	return s.judge(parent, all, stuck)
}

func (s *Session) judge(parent record, all []record, stuck time.Duration) (sight, error) {
	switch parent.Result.Status {
	case Done, Reused:
		return s.use(parent.Key)
	case Failed:
		return sight{}, &ParentError{Parent: parent.Member, Failure: ParentFailed, Reason: parent.Result.Reason}
	case Destroyed:
		return sight{}, &ParentError{Parent: parent.Member, Failure: ParentDestroyed}
	case Prepared:
		over := s.turnOver(parent, all)
		seen := sight{result: parent.Result, moves: !over && s.queueMoves(parent, all)}
		if seen.moves || stuck < s.grace {
			return seen, nil
		}
		failure := ParentQueued
		if over {
			failure = ParentDropped
		}
		return sight{}, &ParentError{Parent: parent.Member, Failure: failure}
	default:
		return sight{result: parent.Result, moves: true}, nil
	}
}

// turnOver tells whether Packer has come past the parent, which it then either starts at
// once or has dropped: it gives slots in the order of declaration, so this build or
// another one that runs behind the parent shows it.
func (s *Session) turnOver(parent record, all []record) bool {
	return slices.ContainsFunc(all, func(one record) bool {
		return one.Seq > parent.Seq && (one.Seq == s.record.Seq || one.Result.Status.ran())
	})
}

// queueMoves tells whether a build that Packer started before the parent's turn works,
// and does not itself wait: its end gives the parent a slot.
func (s *Session) queueMoves(parent record, all []record) bool {
	return slices.ContainsFunc(all, func(one record) bool {
		return one.Seq < parent.Seq && one.Seq != s.record.Seq && one.Result.Status == Running && one.Waits.IsZero() && s.room.alive(one)
	})
}

func (s *Session) find(key Key) (record, []record, error) {
	all, err := s.room.records()
	if err != nil {
		return record{}, nil, err
	}
	parent, found := latest(all, key)
	if !found {
		return record{}, nil, ErrNotInRun
	}
	return parent, all, nil
}

// waiting records that this build waits for the key's image, or for none.
func (s *Session) waiting(key Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record.Waits = key
	return s.room.write(s.record)
}

// use records that this build builds on the key's image, see Used, unless the image has
// been withdrawn since it was seen.
func (s *Session) use(key Key) (seen sight, err error) {
	err = s.room.locked(func() error {
		parent, all, err := s.find(key)
		if err != nil {
			return err
		}
		if parent.Result.Status != Done && parent.Result.Status != Reused {
			seen, err = s.judge(parent, all, 0)
			return err
		}
		seen.result = parent.Result
		s.mu.Lock()
		defer s.mu.Unlock()
		s.record.Uses = key
		return s.room.write(s.record)
	})
	return seen, err
}

func joinWay(way []string) string { return strings.Join(way, " -> ") }
