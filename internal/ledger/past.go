package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// errRunning says that a ledger belongs to a process that still runs.
var errRunning = errors.New("its process is still running")

// abandoned takes over the ledgers in dir whose process has ended, in order of their
// names, which begin with the run id. Each is to be closed, or left. Those of running
// processes are left out. What is no ledger, or cannot be read, is reported in err
// beside the rest. A dir that does not exist has none.
//
// Each lock is tried once, so that runs that live cost nothing. A child that an owner
// is just starting shares its lock until it executes its program: such a ledger is
// passed over, and found by the next run.
func abandoned(dir string) ([]*Ledger, error) {
	if err := checkDir(dir); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []*Ledger
	var errs []error
	for _, n := range names {
		if !strings.HasSuffix(n.Name(), suffix) {
			continue
		}
		l, err := resume(filepath.Join(dir, n.Name()))
		switch {
		case errors.Is(err, errRunning), errors.Is(err, os.ErrNotExist): // it ends in this moment
		case err != nil:
			errs = append(errs, err)
		default:
			all = append(all, l)
		}
	}
	return all, errors.Join(errs...)
}

// resume takes over the ledger of an ended process. It fails with errRunning while
// the process runs.
func resume(path string) (*Ledger, error) {
	if err := checkDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	file, err := openFile(path, os.O_RDWR|os.O_APPEND)
	if err != nil {
		return nil, err
	}
	l, err := takeOver(file, path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return l, nil
}

// maxSize bounds what is read: a run writes a few hundred lines.
const maxSize = 64 << 20

func takeOver(file *os.File, path string) (*Ledger, error) {
	if err := checkFile(file); err != nil {
		return nil, err
	}
	if err := lock(file); err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxSize {
		return nil, fmt.Errorf("it is larger than %d MiB and so no ledger", maxSize>>20)
	}
	b, err := replay(raw)
	if err != nil {
		return nil, err
	}
	b.inherit()
	if len(raw) > 0 && raw[len(raw)-1] != '\n' {
		// The next line must not be added to a torn one.
		if _, err := file.Write([]byte{'\n'}); err != nil {
			return nil, err
		}
	}
	return &Ledger{file: file, path: path, book: b}, nil
}

// leave lets go of a ledger as it is.
func (l *Ledger) leave() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	return l.file.Close()
}

// String names the run for people.
func (l *Ledger) String() string {
	b := l.book
	if b.run == "" {
		return "the run of " + l.path
	}
	text := "run " + b.run
	if b.name != "" {
		text += " (" + b.name + ")"
	}
	return text + " of " + b.started.UTC().Format(time.RFC3339)
}
