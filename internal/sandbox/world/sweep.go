package world

import (
	"cmp"
	"maps"
	"slices"
)

// mostLive is how many resources may be live before sweeps look for some to put on
// shelves; fewLive is how many they leave.
const (
	mostLive = 4096
	fewLive  = 1024
)

// hold makes the tables of a Region part of the world.
func (w *World) hold(r *Region) {
	r.Images.attach(w.kinds.images, &w.mode)
	r.Snapshots.attach(w.kinds.snapshots, &w.mode)
	r.Tags.attach(w.kinds.tags, &w.mode)
	w.holders[r.Name] = append(w.holders[r.Name], r)
	slices.SortFunc(w.holders[r.Name], func(a, b *Region) int { return cmp.Compare(a.Account, b.Account) })
}

// regions are what every account has in every Region, in a fixed order.
func (w *World) regions() []*Region {
	var all []*Region
	for _, name := range slices.Sorted(maps.Keys(w.holders)) {
		all = append(all, w.holders[name]...)
	}
	return all
}

// sweep puts settled resources on shelves when many are live, one table after
// another, so that callers wait for one at most.
func (w *World) sweep() {
	type busy struct {
		table stored
		live  int
	}
	var tables []busy
	total := 0
	w.mu.Lock()
	w.mode.sweep++
	for _, r := range w.regions() {
		for _, t := range r.tables() {
			tables = append(tables, busy{t, t.liveLen()})
			total += t.liveLen()
		}
	}
	w.mu.Unlock()
	if total <= mostLive {
		return
	}
	slices.SortStableFunc(tables, func(a, b busy) int { return cmp.Compare(b.live, a.live) })
	for _, t := range tables {
		if total <= fewLive {
			return
		}
		w.Do(func() { total -= t.table.settle(w, false) })
	}
}
