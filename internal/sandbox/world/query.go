package world

import (
	"slices"
	"sort"
	"strings"
)

// Query says which images or snapshots of a Region a walk meets.
type Query struct {
	// Account is who looks: it meets its own, those shared with it and public ones.
	Account string
	// Owner, when set, tells whose are met.
	Owner func(account string) bool
	// Name, when set, is the only name that is met; snapshots have none.
	Name string
	// Tagged, when set, is part of a tag's value of what is met of the account's own;
	// what others own is met all the same.
	Tagged string
	// After is the id after which the walk begins.
	After string
}

// EachImage meets the images of a Region in the order of their ids until f says
// false. What f gets is good until it returns, and only to read.
func (w *World) EachImage(region string, q Query, f func(*Image) bool) {
	each(w.holders[region], q, func(r *Region) *Table[Image] { return &r.Images },
		func(i *Image) bool { return i.VisibleTo(q.Account) && (q.Name == "" || i.Name == q.Name) }, f)
}

// EachSnapshot is [World.EachImage] for snapshots.
func (w *World) EachSnapshot(region string, q Query, f func(*Snapshot) bool) {
	each(w.holders[region], q, func(r *Region) *Table[Snapshot] { return &r.Snapshots },
		func(s *Snapshot) bool { return w.MayUse(s, q.Account) }, f)
}

func each[T any](holders []*Region, q Query, table func(*Region) *Table[T], visible, f func(*T) bool) {
	var walks []*cursor[T]
	for _, r := range holders {
		if q.Owner != nil && !q.Owner(r.Account) {
			continue
		}
		t := table(r)
		if c := t.from(q.After, t.rows(q, r)); c.id() != "" {
			walks = append(walks, c)
		}
	}
	scratch := new(T)
	for len(walks) > 0 {
		first := 0
		for n := 1; n < len(walks); n++ {
			if walks[n].id() < walks[first].id() {
				first = n
			}
		}
		v := walks[first].value(scratch)
		if walks[first].id() == "" {
			walks = slices.Delete(walks, first, first+1)
		}
		if v != nil && visible(v) && !f(v) {
			return
		}
	}
}

// walk is the walk over one table, limited to some rows of its shelf.
func (t *Table[T]) walk(after string, rows []uint32, f func(*T) bool) {
	scratch := new(T)
	for c := t.from(after, rows); c.id() != ""; {
		if v := c.value(scratch); v != nil && !f(v) {
			return
		}
	}
}

// rows are the rows that a query can meet in the table of a Region, nil for all:
// every one of an owner, and of others what is public or shared with the account.
func (t *Table[T]) rows(q Query, r *Region) []uint32 {
	own := r.Account == q.Account
	var rows []uint32
	if !own {
		rows = t.rest.openTo(q.Account)
	}
	if q.Name != "" {
		rows = both(rows, t.rest.named(q.Name))
	}
	if q.Tagged != "" && own {
		rows = both(rows, t.tagged(&r.Tags, q.Tagged))
	}
	return rows
}

// both are the rows that are in both lists; nil is the list of all.
func both(a, b []uint32) []uint32 {
	if a == nil {
		return b
	}
	return slices.DeleteFunc(a, func(n uint32) bool { return !within(b, n) })
}

// tagged are the rows of resources whose tags may have a value with a text in it.
func (t *Table[T]) tagged(tags *Table[TagSet], text string) []uint32 {
	rows := []uint32{}
	meet := func(id string) {
		if n := t.rest.find(id); n >= 0 {
			rows = append(rows, uint32(n)) //nolint:gosec // a row's number
		}
	}
	for _, n := range tags.rest.containing(text) {
		meet(tags.rest.id(int(n)))
	}
	for id := range tags.live {
		meet(id)
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

// containing are the rows that have a text in them, in order.
func (s *shelf[T]) containing(text string) []uint32 {
	rows := []uint32{}
	if s == nil {
		return rows
	}
	for from := 0; ; {
		at := strings.Index(s.text[from:], text)
		if at < 0 {
			return rows
		}
		row := sort.Search(len(s.ends), func(n int) bool { return int(s.ends[n]) > from+at })
		rows = append(rows, uint32(row)) //nolint:gosec // a row's number
		from = int(s.ends[row])
	}
}

// openTo are the rows that are public or shared with an account, in order.
func (s *shelf[T]) openTo(account string) []uint32 {
	if s == nil {
		return []uint32{}
	}
	rows := make([]uint32, 0, len(s.public)+len(s.shared[account]))
	rows = append(append(rows, s.public...), s.shared[account]...)
	slices.Sort(rows)
	return slices.Compact(rows)
}

func (s *shelf[T]) publicRows() []uint32 {
	if s == nil || s.public == nil {
		return []uint32{}
	}
	return s.public
}

func (s *shelf[T]) layeredRows() []uint32 {
	if s == nil || s.layered == nil {
		return []uint32{}
	}
	return s.layered
}

// within tells whether rows, which are in order, have a row.
func within(rows []uint32, row uint32) bool {
	_, found := slices.BinarySearch(rows, row)
	return found
}
