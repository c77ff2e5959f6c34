package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world/packed"
)

const stateFile = "world.json"

// load reads the state that a former run kept, if there is one.
func (w *World) load() error {
	if w.dir == "" {
		return nil
	}
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(w.dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the kept state: %w", err)
	}
	if err := w.restore(text); err != nil {
		return fmt.Errorf("the kept state in %s cannot be read, remove it to start anew: %w", w.dir, err)
	}
	return nil
}

func (w *World) restore(text []byte) error {
	if err := json.Unmarshal(text, w.state); err != nil {
		return err
	}
	w.words = packed.NewWords(w.state.Words)
	w.kinds = newKinds(w.words)
	for id := range w.state.Accounts {
		for _, r := range w.Account(id).Regions {
			r.makeMaps()
			w.hold(r)
			r.abandon()
		}
	}
	for _, n := range w.state.Shelves {
		a := w.state.Accounts[n.Account]
		if a == nil || a.Regions[n.Region] == nil {
			return fmt.Errorf("nothing is known of the Region of %s", n.File)
		}
		for _, t := range a.Regions[n.Region].tables() {
			if t.label() != n.Kind {
				continue
			}
			if err := t.restore(filepath.Join(w.dir, filepath.Base(n.File)), n); err != nil {
				return err
			}
		}
	}
	return nil
}

// Save writes the state if it changed since the last time: what is live and the
// list of shelves in one file, each new shelf in a file of its own before it. A
// state of one moment is therefore whole on disk at every time. The files hold
// keys of the endpoint's accounts, so only their owner may read them.
func (w *World) Save() error {
	w.saving.Lock()
	defer w.saving.Unlock()
	w.sweep()
	if w.dir == "" {
		return nil
	}
	text, shelves, err := w.snapshot()
	if err != nil || text == nil {
		return err
	}
	if err := w.write(text, shelves); err != nil {
		w.Do(func() {}) // it is to be saved again
		return fmt.Errorf("write the state: %w", err)
	}
	return nil
}

// snapshot is the state as text, nil when it did not change, and what writes the
// shelves that are in no file yet. Reads go on beside it.
func (w *World) snapshot() (text []byte, shelves map[string]func(path string) error, err error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if !w.dirty {
		return nil, nil, nil
	}
	w.dirty = false
	shelves = map[string]func(path string) error{}
	w.state.Words, w.state.Shelves = w.words.All(), nil
	for _, r := range w.regions() {
		for _, t := range r.tables() {
			n, write := t.note(w.nextShelf)
			if n.File == "" {
				continue
			}
			n.Account, n.Region = r.Account, r.Name
			w.state.Shelves = append(w.state.Shelves, n)
			if write != nil {
				shelves[n.File] = write
			}
		}
	}
	text, err = json.Marshal(w.state)
	return text, shelves, err
}

func (w *World) nextShelf() string {
	w.state.NextShelf++
	return fmt.Sprintf("shelf-%06d", w.state.NextShelf)
}

func (w *World) write(text []byte, shelves map[string]func(path string) error) error {
	for file, write := range shelves {
		if err := write(filepath.Join(w.dir, file)); err != nil {
			return err
		}
	}
	path := filepath.Join(w.dir, stateFile)
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return w.removeOldShelves()
}

// removeOldShelves removes the files of shelves that the state just written does
// not name.
func (w *World) removeOldShelves() error {
	named := map[string]bool{}
	for _, n := range w.state.Shelves {
		named[n.File] = true
	}
	files, err := filepath.Glob(filepath.Join(w.dir, "shelf-*"))
	for _, path := range files {
		if err == nil && !named[filepath.Base(path)] {
			err = os.Remove(path)
		}
	}
	return err
}
