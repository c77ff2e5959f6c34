package world

import "time"

// EC2 is eventually consistent: what a call has made may be unknown to the next
// one for a while. One in lagOneIn new resources is such a straggler (an issue of
// ansible counted about one image in ten).
const lagOneIn = 10

// visibility says until when resources are unknown to reads and changes. It is
// kept beside the resources, because nearly all are visible.
type visibility struct {
	until map[string]time.Time
	// spells are times, some still to come, in which what was visible is not.
	spells map[string][]spell
}

// lag draws how long a new resource stays unknown.
func (w *World) lag(id string) {
	most := time.Duration(w.Delays.Visible)
	if most <= 0 || w.random.below(lagOneIn) != 0 {
		return
	}
	later := func() time.Duration { return time.Duration(w.random.below(int64(most))) }
	until := w.Now().Add(later())
	w.Hide(id, until)
	w.Hide(tagsOf(id), until.Add(later()))
	w.Hide(devicesOf(id), until.Add(later()))
}

// tagsOf and devicesOf stand for parts of a resource that come into sight later
// than the resource itself.
func tagsOf(id string) string { return "tags of " + id }

func devicesOf(id string) string { return "devices of " + id }

// HiddenTags tells whether the tags of a resource cannot be seen yet.
func (w *World) HiddenTags(id string) bool { return w.Hidden(tagsOf(id)) }

// HiddenDevices tells whether an image shows no block device mapping yet.
func (w *World) HiddenDevices(id string) bool { return w.Hidden(devicesOf(id)) }

// Hide makes a resource unknown to reads and changes until a moment.
func (w *World) Hide(id string, until time.Time) {
	w.visibleMu.Lock()
	defer w.visibleMu.Unlock()
	if w.visible.until == nil {
		w.visible.until = map[string]time.Time{}
	}
	w.visible.until[id] = until
}

// Hidden tells whether a resource is still unknown to the calls of other
// machines: look-ups and lists leave it out.
func (w *World) Hidden(id string) bool {
	now := w.Now()
	w.visibleMu.RLock()
	until, late := w.visible.until[id]
	away := w.away(id, now)
	w.visibleMu.RUnlock()
	if away || late && now.Before(until) {
		return true
	}
	if !late {
		return false
	}
	w.visibleMu.Lock()
	defer w.visibleMu.Unlock()
	if w.visible.until[id].Equal(until) {
		delete(w.visible.until, id)
	}
	return false
}

// AnyHidden tells whether there is anything that [World.Hidden] could find.
func (w *World) AnyHidden() bool {
	w.visibleMu.RLock()
	defer w.visibleMu.RUnlock()
	return len(w.visible.until)+len(w.visible.spells) > 0
}
