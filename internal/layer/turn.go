package layer

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	turnName    = "turn"
	turnTimeout = 10 * time.Second // Prepare must not hang on a stuck sibling
	turnRetry   = 5 * time.Millisecond
)

// locked runs f while no other process is in its own. It needs no file locks: a turn is a
// folder that appears with its owner's name in it, by one renaming, which every file
// system does for one of many.
func (r *room) locked(f func() error) error {
	owner, err := r.takeTurn()
	if err != nil {
		return fmt.Errorf("wait for the other builds of this run in %s: %w", r.dir, err)
	}
	return errors.Join(f(), r.endTurn(owner))
}

// takeTurn gives the name of the owner's file, which no other turn has.
func (r *room) takeTurn() (string, error) {
	ready, err := os.MkdirTemp(r.dir, "ready-") // mode 0700
	if err != nil {
		return "", err
	}
	owner := rand.Text()
	raw, err := json.Marshal(r.machine.self())
	if err == nil {
		err = os.WriteFile(filepath.Join(ready, owner), raw, 0o600)
	}
	for end := time.Now().Add(turnTimeout); err == nil; time.Sleep(turnRetry) {
		taken := os.Rename(ready, r.turn())
		if taken == nil {
			return owner, nil
		}
		if err = r.dropDeadTurn(); err == nil && time.Now().After(end) {
			err = taken
		}
	}
	return "", errors.Join(err, os.RemoveAll(ready))
}

// dropDeadTurn ends the turn of a process that died in it. Two that do so at once do not
// harm a third: the owner's file has a name of its own, and a folder that is not empty is
// not removed.
func (r *room) dropDeadTurn() error {
	owners, err := os.ReadDir(r.turn())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, owner := range owners {
		if !r.diedInTurn(owner.Name()) {
			return nil
		}
		if err := r.endTurn(owner.Name()); err != nil {
			return err
		}
	}
	if len(owners) == 0 {
		_ = os.Remove(r.turn()) // its owner died while it ended it; a full one stays
	}
	return nil
}

// diedInTurn is no for an owner that cannot be read: it has ended its turn since.
func (r *room) diedInTurn(owner string) bool {
	var p process
	raw, err := os.ReadFile(filepath.Join(r.turn(), owner))
	return err == nil && json.Unmarshal(raw, &p) == nil && !r.machine.alive(p)
}

func (r *room) endTurn(owner string) error {
	if err := os.Remove(filepath.Join(r.turn(), owner)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_ = os.Remove(r.turn()) // fails if another one has removed it, or has taken its turn
	return nil
}

func (r *room) turn() string { return filepath.Join(r.dir, turnName) }
