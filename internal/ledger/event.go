package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// schema is the version of the file's format; a reader refuses a newer one.
const schema = 1

// Events, as they are written.
const (
	evOpen    = "open"
	evIntend  = "intend"
	evCreated = "created"
	evRefused = "refused"
	evDeleted = "deleted"
	evKept    = "kept"
	evTerms   = "terms"
	evDone    = "finished"
	evTried   = "tried"
)

// event is one line of a ledger.
type event struct {
	At       time.Time       `json:"at"`
	Event    string          `json:"event"`
	Schema   int             `json:"schema,omitempty"` // open
	Run      string          `json:"run,omitempty"`    // open
	Name     string          `json:"name,omitempty"`   // open
	PID      int             `json:"pid,omitempty"`    // open; for people, the lock decides
	Host     *host           `json:"host,omitempty"`   // open
	Terms    *Terms          `json:"terms,omitempty"`
	Call     *cloud.Call     `json:"call,omitempty"` // intend
	CallID   string          `json:"call_id,omitempty"`
	Resource *cloud.Resource `json:"resource,omitempty"` // created, deleted
	IDs      []string        `json:"ids,omitempty"`      // kept, finished
	Cause    string          `json:"cause,omitempty"`    // refused
}

// book is what the events add up to.
type book struct {
	run, name string
	started   time.Time
	host      host
	terms     *Terms
	entries   []entry
	kept      map[string]bool
	finished  []string   // ids and names that only the run itself may still take away
	calls     []intended // without an outcome
	tried     time.Time  // when a later run failed to remove what is left
	opened    bool
	torn      int // lines that could not be read
}

// intended is a call that was about to be sent.
type intended struct {
	cloud.Call
	at time.Time
}

// Terms are what a later run has to know to clean up after this one.
type Terms struct {
	Account  string `json:"account,omitempty"`  // 12 digits; nobody else's run cleans up
	Endpoint string `json:"endpoint,omitempty"` // URL of EC2 where it is not AWS's own
	// Leave says that the user wants to look at what a failure leaves.
	Leave bool `json:"leave,omitempty"`
	// KeepImages says that images and snapshots stay, finished or not.
	KeepImages bool `json:"keep_images,omitempty"`
}

type entry struct {
	cloud.Resource
	deleted bool
}

func (b *book) apply(e event) {
	switch e.Event {
	case evOpen:
		b.run, b.name, b.started, b.opened = e.Run, e.Name, e.At, true
		if e.Host != nil {
			b.host = *e.Host
		}
	case evIntend:
		if e.Call != nil {
			b.calls = append(b.calls, intended{*e.Call, e.At})
		}
	case evRefused:
		b.settle(e.CallID)
	case evCreated:
		b.settle(e.CallID)
		if e.Resource != nil {
			b.create(*e.Resource)
		}
	case evDeleted:
		if e.Resource != nil {
			b.remove(*e.Resource)
		}
	case evKept:
		for _, id := range e.IDs {
			b.kept[id] = true
		}
	case evDone:
		b.finished = append(b.finished, e.IDs...)
	case evTerms:
		b.terms = e.Terms
	case evTried:
		b.tried = e.At
	}
}

// inherit makes the book one of an ended run: what was finished stays.
func (b *book) inherit() {
	for _, id := range b.finished {
		b.kept[id] = true
	}
	for _, e := range b.entries {
		if e.Name != "" && slices.Contains(b.finished, e.Name) {
			b.kept[e.ID] = true
		}
		if b.terms != nil && b.terms.KeepImages && (e.Kind == cloud.KindImage || e.Kind == cloud.KindSnapshot) {
			b.kept[e.ID] = true
		}
	}
}

func (b *book) settle(callID string) {
	for i, c := range b.calls {
		if callID != "" && c.ID == callID {
			b.calls = append(b.calls[:i], b.calls[i+1:]...)
			return
		}
	}
}

// create takes an id again that was deleted before: names can come back.
func (b *book) create(r cloud.Resource) {
	for i := range b.entries {
		if b.entries[i].Same(r) {
			b.entries[i] = entry{Resource: r}
			return
		}
	}
	b.entries = append(b.entries, entry{Resource: r})
}

func (b *book) remove(r cloud.Resource) {
	for i := range b.entries {
		if b.entries[i].Same(r) {
			b.entries[i].deleted = true
		}
	}
}

func (b *book) live() []cloud.Resource {
	var live []cloud.Resource
	for _, e := range b.entries {
		if !e.deleted && !b.kept[e.ID] {
			live = append(live, e.Resource)
		}
	}
	return live
}

// replay reads a ledger. What cannot be read is counted and passed over: a line
// torn by a crash hides nothing of the lines before and after it.
func replay(raw []byte) (*book, error) {
	b := &book{kept: map[string]bool{}}
	for line := range bytes.SplitSeq(raw, []byte{'\n'}) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			b.torn++
			continue
		}
		if e.Event == evOpen && e.Schema > schema {
			return nil, fmt.Errorf("it has format %d, and this version reads formats up to %d: use the version that wrote it", e.Schema, schema)
		}
		b.apply(e)
	}
	if !b.opened && len(b.entries) == 0 && len(b.calls) == 0 && b.torn == 0 && len(bytes.TrimSpace(raw)) != 0 {
		return nil, errors.New("it is no ledger")
	}
	return b, nil
}
