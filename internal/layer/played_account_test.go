package layer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// stored is an image of the played account.
type stored struct {
	ami.Image
	key  Key
	good bool
	gone bool
	run  int // that made it
}

// stageOfPlays is the account and the machine on which runs are played.
type stageOfPlays struct {
	mu     sync.Mutex
	images []*stored
	dead   map[int]bool // processes
	run    int
	wrong  []string // what must never happen
}

func (s *stageOfPlays) must(ok bool, format string, args ...any) {
	if !ok {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.wrong = append(s.wrong, fmt.Sprintf("run %d: ", s.run)+fmt.Sprintf(format, args...))
	}
}

// Newest is the look-up of the played account.
func (s *stageOfPlays) Newest(_ context.Context, key Key, _ bool) (ami.Image, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range slices.Backward(s.images) {
		if i.key == key && i.good && !i.gone {
			return i.Image, true, nil
		}
	}
	return ami.Image{}, false, nil
}

// make registers an image, and looks whether its run has made it before.
func (s *stageOfPlays) make(key Key, fingerprint string, base Base) *stored {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.images {
		if other.run == s.run && other.Fingerprint == fingerprint {
			s.wrong = append(s.wrong, fmt.Sprintf("run %d makes two images of %s: %s", s.run, key, fingerprint))
		}
	}
	image := &stored{key: key, run: s.run}
	image.ID = fmt.Sprintf("ami-%03d", len(s.images))
	image.Version, image.Fingerprint, image.Parent = "v-"+image.ID, fingerprint, base.ImageID
	s.images = append(s.images, image)
	return image
}

func (s *stageOfPlays) get(id string) (stored, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.images {
		if i.ID == id {
			return *i, true
		}
	}
	return stored{}, false
}

func (s *stageOfPlays) set(id string, good, gone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.images {
		if i.ID == id {
			i.good, i.gone = good, gone
		}
	}
}

func (s *stageOfPlays) isDead(pid int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead[pid]
}

// actor is the process of one build: a machine as that process sees it.
type actor struct {
	stage *stageOfPlays
	pid   int
}

func (a actor) self() process         { return process{Host: "here", PID: a.pid, Start: "1"} }
func (a actor) parent() process       { return process{Host: "here", PID: packerPID, Start: "1"} }
func (a actor) alive(p process) bool  { return !a.stage.isDead(p.PID) }
func (actor) checkLocks(string) error { return errors.New("a process of a play has no locks") }
func (a actor) kill(stop context.CancelFunc) {
	a.stage.mu.Lock()
	defer a.stage.mu.Unlock()
	a.stage.dead[a.pid] = true
	stop()
}
