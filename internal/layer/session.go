package layer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// How long a member whose turn it is may take to be run. Packer starts all builds that
// have a slot at once; only HCP's registry, which it asks before each, may delay that.
const (
	defaultGrace = 10 * time.Second
	hcpGrace     = 30 * time.Second
)

// hcpVariable is set where Packer tells HCP's registry of its builds.
const hcpVariable = "HCP_PACKER_BUILD_FINGERPRINT"

// maxReason keeps an error with a whole log in it out of the children's errors.
const maxReason = 2000

// Session is a build's place in the run. A nil Session and one of a build that
// could not join know no other builds. Safe for concurrent use.
type Session struct {
	room   *room // nil: not joined
	packer process
	grace  time.Duration

	mu     sync.Mutex
	record record
}

// Option changes how Join works, for tests and unusual hosts.
type Option func(*options)

type options struct {
	places  []place
	runID   string
	grace   time.Duration
	machine machine
}

// WithTempDir takes the place of the system's folder for temporary files.
func WithTempDir(dir string) Option { return func(o *options) { o.places = []place{{dir: dir}} } }

// WithRunID takes the place of PACKER_RUN_UUID.
func WithRunID(id string) Option { return func(o *options) { o.runID = id } }

// WithGrace sets how long to wait for a parent that Packer could run and has not run
// yet; 10 s unless set, and 30 s with HCP.
func WithGrace(d time.Duration) Option { return func(o *options) { o.grace = d } }

// Join tells the other builds of this run about a build. To be called in
// Prepare, as soon as the key is known: Packer finishes every Prepare before
// the first Run, so that in Run all members and their order are known. If the
// rest of Prepare fails, publish Failed.
//
// It makes no network call, and under "packer validate", where no Run follows,
// it only leaves a folder that a later run removes. A key that Packer does not
// know yet joins nothing. The warnings are for the user: a temporary folder that
// cannot be used is replaced by the user's cache folder, and where that cannot be used
// either the session is not joined and the warning says what that means. The
// error is a parent that can never be: a duplicate key, a cycle, a parent of
// the same or a higher tier.
func Join(m Member, opts ...Option) (*Session, []string, error) {
	o := options{runID: os.Getenv("PACKER_RUN_UUID"), grace: defaultGrace, places: places(), machine: thisMachine{}}
	if os.Getenv(hcpVariable) != "" {
		o.grace = hcpGrace
	}
	for _, opt := range opts {
		opt(&o)
	}
	if !m.known() || !m.Parent.known() {
		return &Session{}, nil, nil
	}
	if err := m.check(); err != nil {
		return nil, nil, err
	}
	room, detour, err := openRoom(o.places, o.runID, o.machine)
	if err != nil {
		return &Session{}, []string{fmt.Sprintf("builds of this run cannot see each other: %v; a tier gets the newest good image "+
			"that exists as its parent, not the one of this run; set TMPDIR to a folder of your own", err)}, nil
	}
	var warnings []string
	if detour != nil {
		warnings = append(warnings, fmt.Sprintf("builds of this run meet in %s, because the folder for temporary files cannot be used: %v; "+
			"set TMPDIR to a folder of your own", filepath.Dir(room.dir), detour))
	}
	s := &Session{room: room, packer: o.machine.parent(), grace: o.grace}
	err = room.locked(func() error {
		others, err := room.records()
		if err != nil {
			return err
		}
		if err := checkPlace(m, others, room); err != nil {
			return err
		}
		warnings = append(warnings, orderWarnings(m, others, room)...)
		s.record, err = room.enter(m, others)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("join the builds of this run: %w", err)
	}
	return s, warnings, nil
}

// checkPlace refuses a duplicate and a cycle.
func checkPlace(m Member, others []record, r *room) error {
	for _, other := range others {
		if other.Key == m.Key && !r.mine(other) && r.alive(other) {
			return fmt.Errorf("builds %q and %q both make %s: give them different tiers or families", other.Name, m.Name, m.Key)
		}
	}
	way := []string{m.String()}
	for at := m.Parent; !at.IsZero(); {
		way = append(way, at.String())
		if at == m.Key {
			return fmt.Errorf("builds wait for each other in a circle: %s", joinWay(way))
		}
		next, found := latest(others, at)
		if !found || len(way) > len(others)+1 {
			break
		}
		at = next.Parent
	}
	return nil
}

// orderWarnings tells of children that were declared before this parent.
func orderWarnings(m Member, others []record, r *room) []string {
	var warnings []string
	for _, other := range others {
		if other.Parent == m.Key && !r.mine(other) {
			warnings = append(warnings, fmt.Sprintf("build %q (%s) is declared before its parent %q: it works only while Packer runs both "+
				"at once, and fails with a small -parallel-builds; declare the parent first (JSON templates: by name)", other.Name, other.Tier, m.Name))
		}
	}
	return warnings
}

// Joined tells whether the other builds of the run are known.
func (s *Session) Joined() bool { return s != nil && s.room != nil }

// Start says that Packer runs this build. To be called first in Run.
func (s *Session) Start() error { return s.Publish(Result{Status: Running}) }

// Publish tells the others how far this build is. Publish Done as soon as the
// image is good in the build Region: children overlap with its copies. Later
// results replace earlier ones.
func (s *Session) Publish(r Result) error {
	if err := r.check(); err != nil {
		return err
	}
	if !s.Joined() {
		return nil
	}
	r.Reason = r.Reason[:min(len(r.Reason), maxReason)]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record.Result = r
	return s.room.write(s.record)
}

// Withdraw tells the others that this build's image is taken back, unless a living build
// of this run has built on it: then the image must not be deleted. A build that asks for
// the image at the same time either is told, or counts as one that has built on it.
func (s *Session) Withdraw(reason string) (used bool, err error) {
	if !s.Joined() {
		return false, nil
	}
	err = s.room.locked(func() error {
		if used, err = s.Used(); err != nil || used {
			return err
		}
		return s.Publish(Result{Status: Destroyed, Reason: reason})
	})
	return used, err
}

// Used tells whether a living build of this run has built on this one's
// result: then the image must not be deleted.
func (s *Session) Used() (bool, error) {
	if !s.Joined() {
		return false, nil
	}
	others, err := s.room.records()
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(others, func(other record) bool {
		return other.Uses == s.record.Key && other.Result.Status != Failed && s.room.alive(other)
	}), nil
}

// Peek gives what a member of the run has published last, without waiting;
// ErrNotInRun if there is no such member. A child asks before it calls its
// image good: the parent may have been destroyed since.
func (s *Session) Peek(key Key) (Result, error) {
	if !s.Joined() {
		return Result{}, ErrNotInRun
	}
	all, err := s.room.records()
	if err != nil {
		return Result{}, err
	}
	member, found := latest(all, key)
	if !found {
		return Result{}, ErrNotInRun
	}
	return member.Result, nil
}

// Close leaves the run: to the others it looks as if the process had ended.
// A plugin need not call it, since its process ends.
func (s *Session) Close() error {
	if !s.Joined() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.room.leave(s.record)
}
