package world

import "slices"

// cursor walks a table in the order of ids.
type cursor[T any] struct {
	t    *Table[T]
	live []string
	next func() int
	row  int
}

// from begins a walk after an id. Rows limit what is seen of the shelf, by number
// in order; nil is all of it.
func (t *Table[T]) from(after string, rows []uint32) *cursor[T] {
	c := &cursor[T]{t: t, live: t.liveIDs(after), next: t.rest.after(after, rows)}
	c.forward()
	return c
}

// forward goes to the next row that counts: one that is not hidden, or that became
// live after the walk began.
func (c *cursor[T]) forward() {
	for c.row = c.next(); c.row >= 0 && len(c.t.hidden) > 0; c.row = c.next() {
		id := c.t.rest.id(c.row)
		if !c.t.hidden[id] {
			return
		}
		if _, listed := slices.BinarySearch(c.live, id); !listed && c.t.live[id] != nil {
			return
		}
	}
}

// id is where the walk is, or "" at its end.
func (c *cursor[T]) id() string {
	switch {
	case c.row < 0 && len(c.live) == 0:
		return ""
	case c.row < 0 || len(c.live) > 0 && c.live[0] < c.t.rest.id(c.row):
		return c.live[0]
	default:
		return c.t.rest.id(c.row)
	}
}

// take gives what is at the walk's place and goes on: a live resource, or else a
// row.
func (c *cursor[T]) take() (live *T, row int) {
	if c.row < 0 || len(c.live) > 0 && c.live[0] < c.t.rest.id(c.row) {
		if e := c.t.live[c.live[0]]; e != nil {
			live = e.v
		}
		c.live = c.live[1:]
		return live, -1
	}
	row = c.row
	if len(c.t.hidden) > 0 {
		if e := c.t.live[c.t.rest.id(row)]; e != nil {
			live, row = e.v, -1
		}
	}
	c.forward()
	return live, row
}

// value takes what is at the walk's place, read into scratch when it is a row.
func (c *cursor[T]) value(scratch *T) *T {
	v, row := c.take()
	if row < 0 {
		return v
	}
	var zero T
	*scratch = zero
	c.t.rest.read(row, scratch)
	return scratch
}
