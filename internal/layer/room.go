package layer

import (
	"context"
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
	"time"

	"github.com/gofrs/flock"
)

const (
	lockName    = "dir.lock"
	recordEnd   = ".json"
	aliveEnd    = ".alive"
	lockTimeout = 10 * time.Second // Prepare must not hang on a stuck sibling
	lockRetry   = 5 * time.Millisecond
	staleAfter  = time.Hour // age at which a folder may be removed once nobody in it lives
)

var errNoLock = errors.New("the lock was not given")

// lives keeps the locks of this process's members reachable. A lock that only a
// forgotten Session refers to would be dropped by the garbage collector, and
// the build would look dead while it works.
var lives sync.Map

// room is the folder in which the builds of one run meet. Each member has a
// record, replaced as a whole, and a lock held for the life of its process.
type room struct {
	dir   string
	alone *flock.Flock // the member's own life; nil before enter
}

// record is a member's file.
type record struct {
	Member
	Seq    int    `json:"seq"` // order in which Packer prepared the builds
	PID    int    `json:"pid"`
	Result Result `json:"result"`
	Uses   Key    `json:"uses"` // the parent whose image it took
}

// mine holds for records of this process: preparing the same build again
// replaces it.
func (r record) mine() bool { return r.PID == os.Getpid() }

// tempDirs are the folders to try, in an order that all builds of a run share.
func tempDirs() []string {
	dirs := []string{os.TempDir()}
	if cache, err := os.UserCacheDir(); err == nil {
		dirs = append(dirs, filepath.Join(cache, "goldenami"))
	}
	return dirs
}

// openRoom opens the folder of this run in the first folder where locks work.
func openRoom(tempDirs []string, runID string) (*room, error) {
	var findings []error
	for _, temp := range tempDirs {
		r, err := openRoomIn(temp, runID)
		if err == nil {
			return r, nil
		}
		findings = append(findings, err)
	}
	return nil, errors.Join(findings...)
}

func openRoomIn(temp, runID string) (*room, error) {
	base := filepath.Join(temp, fmt.Sprintf("goldenami-%d", os.Getuid()))
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return nil, err
	}
	if err := privateDir(base); err != nil {
		return nil, err
	}
	if err := checkLocks(base); err != nil {
		return nil, err
	}
	// All builds of a run have one parent process; its start time tells it
	// from an earlier process of the same id.
	parent := os.Getppid()
	key := sha256.Sum256(fmt.Appendf(nil, "%q %d %s", runID, parent, startTime(parent)))
	dir := filepath.Join(base, "run-"+hex.EncodeToString(key[:8]))
	if err := privateDir(dir); err != nil {
		return nil, err
	}
	sweep(base, dir)
	return &room{dir: dir}, nil
}

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

// checkLocks proves that a second holder of a lock is refused, which some
// network file systems do not do.
func checkLocks(base string) error {
	file, err := os.CreateTemp(base, "probe-")
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
		return fmt.Errorf("file locks do not work in %s: %w", base, errors.Join(err, errNoLock))
	}
	if held, err := second.TryRLock(); err != nil || held {
		return fmt.Errorf("file locks in %s do not keep others out", base)
	}
	return nil
}

// locked runs f while no other process is in its own.
func (r *room) locked(f func() error) error {
	ctx, cancel := context.WithTimeout(context.Background(), lockTimeout)
	defer cancel()
	lock := flock.New(filepath.Join(r.dir, lockName))
	defer func() { _ = lock.Close() }() // releases; nothing to do about an error
	if _, err := lock.TryLockContext(ctx, lockRetry); err != nil {
		return fmt.Errorf("lock %s: %w", r.dir, err)
	}
	return f()
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
	made := record{Member: m, PID: os.Getpid(), Result: Result{Status: Prepared}}
	for _, other := range others {
		made.Seq = max(made.Seq, other.Seq+1)
	}
	alone := flock.New(r.path(made, aliveEnd))
	if held, err := alone.TryLock(); err != nil || !held {
		return record{}, fmt.Errorf("lock %s: %w", alone.Path(), errors.Join(err, errNoLock))
	}
	if err := r.write(made); err != nil {
		return record{}, errors.Join(err, alone.Close())
	}
	for _, other := range others {
		if other.Key == m.Key && other.mine() {
			if err := os.Remove(r.path(other, recordEnd)); err != nil {
				return record{}, errors.Join(err, alone.Close())
			}
		}
	}
	r.alone = alone
	lives.Store(alone, true)
	return made, nil
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

// alive tells whether a member's process still runs. An error counts as
// alive: a wrong answer here would fail a build that works.
func (r *room) alive(one record) bool {
	probe := flock.New(r.path(one, aliveEnd))
	held, err := probe.TryRLock()
	_ = probe.Close() // releases at once
	return err != nil || !held
}

func (r *room) leave() error {
	if r.alone == nil {
		return nil
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
