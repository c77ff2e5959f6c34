package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// Past is the ledger that an ended process left behind.
type Past struct {
	Path      string
	Run       string // may be empty if the first line is torn
	Name      string
	Started   time.Time
	Live      []cloud.Resource
	Unsettled []cloud.Call
	Torn      int // lines that could not be read
}

// List gives the ledgers in dir whose process has ended, in order of their
// names, which begin with the run id. Those of running processes are left out.
// What is no ledger, or cannot be read, is reported in err beside the rest. A dir
// that does not exist has none.
func List(dir string) ([]Past, error) {
	if err := checkDir(dir); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
		return nil, fmt.Errorf("ledger: %w", err)
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	var all []Past
	var errs []error
	for _, n := range names {
		if !strings.HasSuffix(n.Name(), suffix) {
			continue
		}
		l, err := Resume(filepath.Join(dir, n.Name()))
		switch {
		case errors.Is(err, ErrRunning):
		case err != nil:
			errs = append(errs, err)
		default:
			all = append(all, l.past())
			errs = append(errs, l.leave())
		}
	}
	return all, errors.Join(errs...)
}

// ErrRunning says that a ledger belongs to a process that still runs.
var ErrRunning = errors.New("its process is still running")

// Resume takes over the ledger of an ended process, to sweep it or to go on. It
// fails with ErrRunning while the process runs. Close it.
func Resume(path string) (*Ledger, error) {
	if err := checkDir(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	file, err := openFile(path, os.O_RDWR|os.O_APPEND)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	l, err := takeOver(file, path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("ledger %s: %w", path, err), file.Close())
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
	if len(raw) > 0 && raw[len(raw)-1] != '\n' {
		// The next line must not be added to a torn one.
		if _, err := file.Write([]byte{'\n'}); err != nil {
			return nil, err
		}
	}
	return &Ledger{file: file, path: path, book: b}, nil
}

func (l *Ledger) past() Past {
	return Past{
		Path: l.path, Run: l.book.run, Name: l.book.name, Started: l.book.started,
		Live: l.book.live(), Unsettled: l.book.calls, Torn: l.book.torn,
	}
}

// leave lets go of a ledger that was only looked at.
func (l *Ledger) leave() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	return l.file.Close()
}
