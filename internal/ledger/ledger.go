package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// Ledger is the record of one build. It implements cloud.Recorder and
// cloud.Settler and is safe for concurrent use.
type Ledger struct {
	mu     sync.Mutex
	file   *os.File
	path   string
	book   *book
	broken error // a write failed: nothing more may be made
	closed bool
}

var (
	_ cloud.Recorder = (*Ledger)(nil)
	_ cloud.Settler  = (*Ledger)(nil)
)

// EnvDir is the environment variable that replaces DefaultDir's answer.
const EnvDir = "GOLDENAMI_LEDGER_DIR"

// DefaultDir is where ledgers are kept: $GOLDENAMI_LEDGER_DIR, or
// goldenami/ledger in the user's cache directory, or in a directory of the
// user's own under the temporary one where there is no home.
func DefaultDir() string {
	if dir := os.Getenv(EnvDir); dir != "" {
		return dir
	}
	base, err := os.UserCacheDir()
	if err != nil {
		base = filepath.Join(os.TempDir(), fmt.Sprintf("goldenami-%d", os.Getuid()))
	}
	return filepath.Join(base, "goldenami", "ledger")
}

// suffix of every ledger's file name.
const suffix = ".ledger.jsonl"

var nameShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)

var unfit = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// Open starts the ledger of one build of a run in dir, which is made if need be.
// runID is up to 100 letters, digits, _ and -; name, which tells builds of one
// run apart, may be any text. It fails if that build has a ledger already, and if
// dir is a symbolic link or can be written by others: a ledger decides what is
// deleted.
func Open(dir, runID, name string) (*Ledger, error) {
	if !nameShape.MatchString(runID) {
		return nil, fmt.Errorf("ledger: %q is no run id: up to 100 letters, digits, _ and -", runID)
	}
	if err := prepareDir(dir); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	path := filepath.Join(dir, runID+"."+fileName(name)+suffix)
	file, err := openFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|os.O_APPEND)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	l := &Ledger{file: file, path: path, book: &book{kept: map[string]bool{}}}
	if err := l.begin(dir, runID, name); err != nil {
		return nil, errors.Join(fmt.Errorf("ledger: %w", err), file.Close(), os.Remove(path)) //nolint:gosec // our own new file
	}
	return l, nil
}

func (l *Ledger) begin(dir, runID, name string) error {
	// A run that looks for ended ones may hold the lock of the new file for a moment.
	err := lock(l.file)
	for try := 0; errors.Is(err, errRunning) && try < 200; try++ {
		time.Sleep(5 * time.Millisecond)
		err = lock(l.file)
	}
	if err != nil {
		return err
	}
	if err := l.write(event{Event: evOpen, Schema: schema, Run: runID, Name: name, PID: os.Getpid(), Host: thisHost()}); err != nil {
		return err
	}
	return syncDir(dir) // else a crash may lose the file's name
}

func fileName(name string) string {
	name = unfit.ReplaceAllString(name, "-")
	if len(name) > 80 {
		name = name[:80]
	}
	if name == "" {
		return "build"
	}
	return name
}

// Path is the ledger's file.
func (l *Ledger) Path() string { return l.path }

// Intend records that a create call is about to be sent.
func (l *Ledger) Intend(_ context.Context, call cloud.Call) error {
	return l.record(event{Event: evIntend, Call: &call})
}

// Refused records that AWS refused an intended call: it made nothing.
func (l *Ledger) Refused(_ context.Context, call cloud.Call, cause error) error {
	return l.record(event{Event: evRefused, CallID: call.ID, Cause: cloud.Code(cause)})
}

// Created records a new resource.
func (l *Ledger) Created(ctx context.Context, r cloud.Resource) error {
	e := event{Event: evCreated, Resource: &r}
	if call, ok := cloud.CallFrom(ctx); ok {
		e.CallID = call.ID
	}
	return l.record(e)
}

// Deleted records that a resource is gone. Of one that this run did not make,
// nothing is written.
func (l *Ledger) Deleted(_ context.Context, r cloud.Resource) error {
	l.mu.Lock()
	known := slices.ContainsFunc(l.book.entries, func(e entry) bool { return e.Same(r) })
	l.mu.Unlock()
	if !known {
		return nil
	}
	return l.record(event{Event: evDeleted, Resource: &r})
}

// Keep records that resources are wanted results: they are live no more, and no
// sweep touches them.
func (l *Ledger) Keep(_ context.Context, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	return l.record(event{Event: evKept, IDs: ids})
}

// Terms records what a later run has to know to clean up after this one. Without it,
// none does.
func (l *Ledger) Terms(t Terms) error { return l.record(event{Event: evTerms, Terms: &t}) }

// Finish records that resources are complete, or will be as soon as they are made. The
// run itself may still take them away; should it be killed, they are results, and no
// later run touches them. They are named by their ids, or by their names where there
// are no ids yet.
func (l *Ledger) Finish(names ...string) error {
	if len(names) == 0 {
		return nil
	}
	return l.record(event{Event: evDone, IDs: names})
}

// Live lists what this run made and neither deleted nor kept, in the order in
// which it was made.
func (l *Ledger) Live() []cloud.Resource {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.book.live()
}

// Unsettled lists the calls that were about to be sent and whose outcome is not
// known: each may have made something whose id nobody has. They are found by
// name, client token or the run's tags.
func (l *Ledger) Unsettled() []cloud.Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := make([]cloud.Call, 0, len(l.book.calls))
	for _, c := range l.book.calls {
		calls = append(calls, c.Call)
	}
	return calls
}

// record writes an event and then counts it. Once a write has failed, the file
// may hold half a line and the disk be full: intents fail from then on, so that
// nothing more is made unseen, while the rest is still counted and tried.
func (l *Ledger) record(e event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("ledger %s is closed", l.path)
	}
	if l.broken != nil && e.Event == evIntend {
		return l.broken
	}
	return l.write(e)
}

// write appends one line in one call and syncs it. The caller holds the mutex.
func (l *Ledger) write(e event) error {
	e.At = time.Now().UTC()
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("ledger %s: %w", l.path, err)
	}
	if l.broken != nil {
		line = append([]byte{'\n'}, line...) // do not add to a torn line
	}
	l.book.apply(e)
	if _, err = l.file.Write(append(line, '\n')); err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		l.broken = fmt.Errorf("ledger %s could not be written, so nothing more is made in this run: %w", l.path, err)
		return l.broken
	}
	return nil
}

// Close ends the ledger. It deletes the file if nothing is live and every call's
// outcome is known, else it stays, and Path tells where. It can be repeated.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	var err error
	if len(l.book.live()) == 0 && len(l.book.calls) == 0 {
		if err = removeFile(l.file, l.path); errors.Is(err, os.ErrNotExist) { // another run was here before
			err = nil
		}
	} else {
		err = l.file.Close()
	}
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}
