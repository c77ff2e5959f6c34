package world

import (
	"encoding/json"
	"iter"
	"slices"
)

// Table holds the resources of one kind that an account has in a Region, by id.
// Its zero value is empty. Like all of the world it is used under the lock.
type Table[T any] struct {
	live map[string]*T
}

// Get gives the resource of an id, or nil. What [World.Do] gets it may change.
func (t *Table[T]) Get(id string) *T { return t.live[id] }

// Put adds a resource, or puts another one in its place.
func (t *Table[T]) Put(id string, v *T) {
	if t.live == nil {
		t.live = map[string]*T{}
	}
	t.live[id] = v
}

// Delete forgets the resource of an id.
func (t *Table[T]) Delete(id string) { delete(t.live, id) }

// Len is how many there are.
func (t *Table[T]) Len() int { return len(t.live) }

// All are the resources with their ids, in the order of the ids.
func (t *Table[T]) All() iter.Seq2[string, *T] {
	return func(yield func(string, *T) bool) {
		ids := make([]string, 0, len(t.live))
		for id := range t.live {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		for _, id := range ids {
			if v := t.live[id]; v != nil && !yield(id, v) {
				return
			}
		}
	}
}

// MarshalJSON writes an object with a member per id.
func (t Table[T]) MarshalJSON() ([]byte, error) { return json.Marshal(t.live) }

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Table[T]) UnmarshalJSON(text []byte) error { return json.Unmarshal(text, &t.live) }
