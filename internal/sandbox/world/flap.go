package world

import "time"

// Flaps is how an image comes and goes after it has become available: visible for
// a while, gone, pending, and visible again. EC2's reads have been seen to do so
// (issues 2659 and 3377 of Packer). Flaps last as long as the endpoint runs.
type Flaps struct {
	Visible, Gone, Pending time.Duration
	Cycles                 int64
}

// pending tells whether the image is in a phase of pending, so long after it
// became available.
func (f *Flaps) pending(since time.Duration) bool {
	cycle := f.Visible + f.Gone + f.Pending
	return since < cycle*time.Duration(f.Cycles) && since%cycle >= f.Visible+f.Gone
}

// spell is a time in which a resource cannot be seen.
type spell struct{ from, until time.Time }

// Flap lets an image go on as its Flaps say; its ReadyAt is known by now.
func (w *World) Flap(i *Image) {
	w.visibleMu.Lock()
	defer w.visibleMu.Unlock()
	if w.visible.spells == nil {
		w.visible.spells = map[string][]spell{}
	}
	at := i.ReadyAt
	for range i.Flaps.Cycles {
		from := at.Add(i.Flaps.Visible)
		until := from.Add(i.Flaps.Gone)
		w.visible.spells[i.ID] = append(w.visible.spells[i.ID], spell{from, until})
		at = until.Add(i.Flaps.Pending)
	}
}

// away tells whether a resource is in a spell; the caller holds visibleMu.
func (w *World) away(id string, now time.Time) bool {
	for _, s := range w.visible.spells[id] {
		if !now.Before(s.from) && now.Before(s.until) {
			return true
		}
	}
	return false
}
