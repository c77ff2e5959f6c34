package world

import (
	"encoding/json"
	"iter"
	"slices"
)

// Table holds the resources of one kind that an account has in a Region, by id.
// Its zero value is empty. Like all of the world it is used under the lock.
//
// A resource is live, a struct that what happens in [World.Do] may change, or at
// rest on a shelf, packed. Getting a resource in [World.Do] makes it live; one that
// is settled and that nothing changed for a while goes back. A pointer is therefore
// good inside the call of [World.Do] that got it, and beyond that only as long as
// the resource is pending.
type Table[T any] struct {
	live map[string]*entry[T]
	rest *shelf[T]
	// hidden are ids on the shelf that are live or gone.
	hidden map[string]bool

	kind *kind[T]
	mode *mode
}

type entry[T any] struct {
	v *T
	// used is the sweep before which the resource was last asked for.
	used int
}

// Get gives the resource of an id, or nil. What [World.Do] gets it may change;
// what [World.View] gets is a copy.
func (t *Table[T]) Get(id string) *T {
	if e := t.live[id]; e != nil {
		if t.mode.writing() {
			e.used = t.mode.sweep
		}
		return e.v
	}
	v := t.resting(id)
	if v != nil && t.mode.writing() {
		t.Put(id, v)
	}
	return v
}

// Look gives the resource of an id, or nil, to read only.
func (t *Table[T]) Look(id string) *T {
	if e := t.live[id]; e != nil {
		return e.v
	}
	return t.resting(id)
}

// Has tells whether there is a resource of an id.
func (t *Table[T]) Has(id string) bool {
	if t.live[id] != nil {
		return true
	}
	return t.rest.find(id) >= 0 && !t.hidden[id]
}

func (t *Table[T]) resting(id string) *T {
	n := t.rest.find(id)
	if n < 0 || t.hidden[id] {
		return nil
	}
	v := new(T)
	t.rest.read(n, v)
	return v
}

// Put adds a resource, or puts another one in its place.
func (t *Table[T]) Put(id string, v *T) {
	if t.live == nil {
		t.live = map[string]*entry[T]{}
	}
	e := &entry[T]{v: v}
	if t.mode != nil {
		e.used = t.mode.sweep
	}
	if t.rest.find(id) >= 0 {
		t.hide(id)
	}
	t.live[id] = e
}

// Delete forgets the resource of an id.
func (t *Table[T]) Delete(id string) {
	delete(t.live, id)
	if t.rest.find(id) >= 0 {
		t.hide(id)
	}
}

func (t *Table[T]) hide(id string) {
	if t.hidden == nil {
		t.hidden = map[string]bool{}
	}
	t.hidden[id] = true
}

// Len is how many there are.
func (t *Table[T]) Len() int { return len(t.live) + t.rest.len() - len(t.hidden) }

// All are the resources with their ids, in the order of the ids. Those at rest
// stay there: change what [Table.Get] gives.
func (t *Table[T]) All() iter.Seq2[string, *T] {
	return func(yield func(string, *T) bool) {
		rest := t.rest
		for c := t.from("", nil); c.id() != ""; {
			id := c.id()
			v, row := c.take()
			if row >= 0 {
				v = new(T)
				rest.read(row, v)
			}
			if v != nil && !yield(id, v) {
				return
			}
		}
	}
}

// Live are the resources that are live, in the order of their ids: among them all
// that are pending.
func (t *Table[T]) Live() iter.Seq2[string, *T] {
	return func(yield func(string, *T) bool) {
		for _, id := range t.liveIDs("") {
			if e := t.live[id]; e != nil && !yield(id, e.v) {
				return
			}
		}
	}
}

func (t *Table[T]) liveIDs(after string) []string {
	ids := make([]string, 0, len(t.live))
	for id := range t.live {
		if id > after {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// attach makes a table part of a world.
func (t *Table[T]) attach(k *kind[T], m *mode) { t.kind, t.mode = k, m }

// settle puts what is settled and was not asked for in the latest sweeps on the
// shelf, or what is settled at all, and gives how many that were.
func (t *Table[T]) settle(w *World, all bool) int {
	now := w.Now()
	moved := 0
	var moving []string
	for _, id := range t.liveIDs("") {
		e := t.live[id]
		if !all && e.used > t.mode.sweep-idleSweeps || !t.kind.settled(e.v, now) {
			continue
		}
		moved++
		if t.unchanged(id, e.v) {
			delete(t.live, id)
			delete(t.hidden, id)
			continue
		}
		moving = append(moving, id)
	}
	if len(moving) > 0 {
		t.rest = t.merged(moving)
	}
	return moved
}

// idleSweeps is how many sweeps a live resource is left alone after it was used.
const idleSweeps = 5

// unchanged tells whether the shelf has a resource as it is.
func (t *Table[T]) unchanged(id string, v *T) bool {
	n := t.rest.find(id)
	if n < 0 {
		return false
	}
	row := t.rest.row(n)
	return string(t.kind.codec.Append(nil, v)) == row[1+row[0]:]
}

// merged is the shelf without what is hidden and with some of the live, which it
// takes out.
func (t *Table[T]) merged(ids []string) *shelf[T] {
	made := newShelf(t.kind, t.rest, len(ids))
	moving := make(map[string]bool, len(ids))
	for _, id := range ids {
		moving[id] = true
	}
	for c := t.from("", nil); c.id() != ""; {
		id := c.id()
		switch v, row := c.take(); {
		case row >= 0:
			made.take(row)
		case moving[id]:
			made.add(id, v)
		}
	}
	made.close()
	for _, id := range ids {
		delete(t.live, id)
	}
	t.hidden = nil
	for id := range t.live {
		if made.find(id) >= 0 {
			t.hide(id)
		}
	}
	return made
}

// MarshalJSON writes an object with a member per live resource; the shelf is saved
// as a file of its own.
func (t Table[T]) MarshalJSON() ([]byte, error) {
	live := make(map[string]*T, len(t.live))
	for id, e := range t.live {
		live[id] = e.v
	}
	return json.Marshal(live)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Table[T]) UnmarshalJSON(text []byte) error {
	var live map[string]*T
	if err := json.Unmarshal(text, &live); err != nil {
		return err
	}
	for id, v := range live {
		t.Put(id, v)
	}
	return nil
}
