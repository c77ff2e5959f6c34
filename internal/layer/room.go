package layer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gofrs/flock"
)

const (
	recordEnd = ".json"
	aliveEnd  = ".alive"
)

var errNoLock = errors.New("the lock was not given")

// lives keeps the locks of this process's members reachable. A lock that only a
// forgotten Session refers to would be dropped by the garbage collector, and
// the build would look dead while it works.
var lives sync.Map

// room is the folder in which the builds of one run meet. Each member has a
// record, replaced as a whole, and a lock held for the life of its process, where
// the file system has locks.
type room struct {
	dir     string
	machine machine
	locks   bool         // file locks work here
	alone   *flock.Flock // the member's own life; nil before enter and without locks
}

// record is a member's file.
type record struct {
	Member
	Seq     int     `json:"seq"` // order in which Packer prepared the builds
	Process process `json:"process"`
	Locked  bool    `json:"locked"` // it lives as long as it holds its lock
	Left    bool    `json:"left"`   // it does not live, although its process may
	Result  Result  `json:"result"`
	Waits   Key     `json:"waits"` // the parent that it waits for
	Uses    Key     `json:"uses"`  // the parent whose image it took
}

// place is a folder in which rooms may be.
type place struct {
	dir  string
	make bool // it may be made
}

// places are the folders to try, in an order that all builds of a run share.
func places() []place {
	all := []place{{dir: os.TempDir()}}
	if cache, err := os.UserCacheDir(); err == nil {
		all = append(all, place{dir: filepath.Join(cache, "goldenami"), make: true})
	}
	return all
}

// openRoom opens the folder of this run in the first place that can be used, and tells
// why it is not the first one of all.
func openRoom(places []place, runID string, m machine) (*room, error, error) {
	var findings []error
	for _, at := range places {
		r, err := openRoomIn(at, runID, m)
		if err == nil {
			return r, errors.Join(findings...), nil
		}
		findings = append(findings, err)
	}
	return nil, nil, errors.Join(findings...)
}

func openRoomIn(at place, runID string, m machine) (*room, error) {
	base := filepath.Join(at.dir, fmt.Sprintf("goldenami-%d", os.Getuid()))
	if at.make {
		if err := os.MkdirAll(at.dir, 0o700); err != nil {
			return nil, err
		}
	}
	if err := privateDir(base); err != nil {
		return nil, err
	}
	if err := checkWritable(base); err != nil {
		return nil, err
	}
	// All builds of a run have one parent process; its start time tells it
	// from an earlier process of the same id, and the host from one of another
	// machine that shares the folder.
	parent := m.parent()
	key := sha256.Sum256(fmt.Appendf(nil, "%q %q %d %s", runID, parent.Host, parent.PID, parent.Start))
	r := &room{dir: filepath.Join(base, "run-"+hex.EncodeToString(key[:8])), machine: m, locks: m.checkLocks(base) == nil}
	if err := privateDir(r.dir); err != nil {
		return nil, err
	}
	sweep(base, r.dir, m)
	return r, nil
}

// checkWritable proves that a file can be written: a disk may be full or read-only.
func checkWritable(base string) error {
	file, err := os.CreateTemp(base, "probe-")
	if err != nil {
		return err
	}
	_, err = file.WriteString("room for a record\n")
	return errors.Join(err, file.Close(), os.Remove(file.Name()))
}

// mine holds for records of this process: preparing the same build again
// replaces it.
func (r *room) mine(one record) bool { return one.Process == r.machine.self() }

// privateDir makes a folder that nobody else can read or change, or refuses
// one that somebody else prepared.
func privateDir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is no folder: remove it", dir)
	}
	return checkOwner(dir, info)
}

// records gives all members in the order in which they joined.
func (r *room) records() ([]record, error) {
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return nil, err
	}
	var all []record
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), recordEnd) {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(r.dir, entry.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // superseded since the folder was read
		}
		if err != nil {
			return nil, err
		}
		var one record
		if err := json.Unmarshal(raw, &one); err != nil {
			return nil, fmt.Errorf("%s in %s cannot be read: %w", entry.Name(), r.dir, err)
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b record) int { return a.Seq - b.Seq })
	return all, nil
}

// enter makes a new member. The lock is held before the record is seen, so
// that no member ever looks dead before it lived.
func (r *room) enter(m Member, others []record) (record, error) {
	made := record{Member: m, Process: r.machine.self(), Locked: r.locks, Result: Result{Status: Prepared}}
	for _, other := range others {
		made.Seq = max(made.Seq, other.Seq+1)
	}
	if err := r.live(made); err != nil {
		return record{}, err
	}
	if err := r.write(made); err != nil {
		return record{}, errors.Join(err, r.leave(made))
	}
	for _, other := range others {
		if other.Key == m.Key && r.mine(other) {
			if err := os.Remove(r.path(other, recordEnd)); err != nil {
				return record{}, errors.Join(err, r.leave(made))
			}
		}
	}
	return made, nil
}

// live takes the member's lock, where there are locks.
func (r *room) live(made record) error {
	if !made.Locked {
		return nil
	}
	alone := flock.New(r.path(made, aliveEnd))
	if held, err := alone.TryLock(); err != nil || !held {
		return fmt.Errorf("lock %s: %w", alone.Path(), errors.Join(err, errNoLock))
	}
	r.alone = alone
	lives.Store(alone, true)
	return nil
}

// write replaces a member's record in one step.
func (r *room) write(one record) error {
	raw, err := json.Marshal(one)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(r.dir, "new-") // mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(raw)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), r.path(one, recordEnd))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("tell the other builds of this run: %w", err), os.Remove(file.Name()))
	}
	return nil
}

// alive tells whether a member's process still runs: by its lock, or where that does
// not tell, by asking the system for the process. Not knowing counts as alive: a wrong
// answer here would fail a build that works.
func (r *room) alive(one record) bool {
	if one.Left {
		return false
	}
	if one.Locked {
		probe := flock.New(r.path(one, aliveEnd))
		held, err := probe.TryRLock()
		_ = probe.Close() // releases at once
		if err == nil {
			return !held
		}
	}
	return r.machine.alive(one.Process)
}

// leave ends the member's life. Where it has no lock to drop, its record says so.
func (r *room) leave(own record) error {
	if !own.Locked {
		own.Left = true
		return r.write(own)
	}
	lives.Delete(r.alone)
	return r.alone.Close()
}

func (r *room) path(one record, end string) string {
	return filepath.Join(r.dir, fmt.Sprintf("%04d%s", one.Seq, end))
}

// latest gives the member of that key that joined last.
func latest(all []record, key Key) (record, bool) {
	for _, one := range slices.Backward(all) {
		if one.Key == key {
			return one, true
		}
	}
	return record{}, false
}
