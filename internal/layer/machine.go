package layer

import (
	"errors"
	"fmt"
	"os"

	"github.com/gofrs/flock"
)

// process is one process of one machine. The start tells it from an earlier or later
// one with the same id.
type process struct {
	Host  string `json:"host"`
	PID   int    `json:"pid"`
	Start string `json:"start,omitempty"` // empty where it cannot be read
}

// machine is what a room asks about processes and file systems. Tests play one, since
// all their builds may live in one process.
type machine interface {
	self() process
	// parent is Packer. On Unix it changes when Packer ends.
	parent() process
	// alive tells whether a process still runs. It says yes where it cannot know, as of
	// another host's: a wrong no would fail a build that works.
	alive(p process) bool
	// checkLocks gives an error unless file locks in a folder keep others out.
	checkLocks(dir string) error
}

// thisMachine is the one that the plugin runs on.
type thisMachine struct{}

func (thisMachine) self() process   { return processOf(os.Getpid()) }
func (thisMachine) parent() process { return processOf(os.Getppid()) }

func processOf(pid int) process {
	start, _ := lifeOf(pid)
	return process{Host: hostName(), PID: pid, Start: start}
}

// hostName is empty where the system does not tell, which is the same for all builds.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

func (thisMachine) alive(p process) bool {
	if p.Host != hostName() {
		return true
	}
	start, lives := lifeOf(p.PID)
	return lives && (p.Start == "" || start == "" || start == p.Start)
}

// checkLocks proves that a second holder of a lock is refused, which some network file
// systems do not do.
func (thisMachine) checkLocks(dir string) error {
	file, err := os.CreateTemp(dir, "probe-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // an empty file; sweep gets it too
	if err := file.Close(); err != nil {
		return err
	}
	first, second := flock.New(file.Name()), flock.New(file.Name())
	defer func() { _, _ = first.Close(), second.Close() }()
	if held, err := first.TryLock(); err != nil || !held {
		return fmt.Errorf("file locks do not work in %s: %w", dir, errors.Join(err, errNoLock))
	}
	if held, err := second.TryRLock(); err != nil || held {
		return fmt.Errorf("file locks in %s do not keep others out", dir)
	}
	return nil
}
