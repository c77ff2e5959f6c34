package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	if err := json.Unmarshal(text, w.state); err != nil {
		return fmt.Errorf("the kept state in %s cannot be read, remove it to start anew: %w", w.dir, err)
	}
	for id := range w.state.Accounts {
		for _, r := range w.Account(id).Regions {
			r.makeMaps()
			r.abandon()
		}
	}
	return nil
}

// Save writes the state if it changed since the last time. The file holds key
// pairs of the endpoint's accounts, so only its owner may read it.
func (w *World) Save() error {
	if w.dir == "" {
		return nil
	}
	w.mu.Lock()
	if !w.dirty {
		w.mu.Unlock()
		return nil
	}
	text, err := json.MarshalIndent(w.state, "", " ")
	w.dirty = false
	w.mu.Unlock()
	if err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	path := filepath.Join(w.dir, stateFile)
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	return nil
}
