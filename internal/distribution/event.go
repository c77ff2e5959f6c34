package distribution

import (
	"fmt"
	"strings"
	"time"
)

// Kind says what an Event is about.
type Kind string

// The kinds of events, in the order in which a Region usually sees them.
const (
	EventAdopted    Kind = "adopted"     // an existing image is used
	EventCopying    Kind = "copying"     // EC2 accepted the copy
	EventWaiting    Kind = "waiting"     // EC2 made us wait: no free copy slot, or a throttle
	EventProgress   Kind = "progress"    // Percent of the copy is done
	EventAvailable  Kind = "available"   // the image can be used
	EventVerified   Kind = "verified"    // attributes and encryption are as wanted
	EventTagged     Kind = "tagged"      // tags were completed
	EventShared     Kind = "shared"      // permissions were added and read back
	EventModified   Kind = "modified"    // an attribute of the image was changed
	EventDeprecated Kind = "deprecated"  // the deprecation date was set
	EventProtected  Kind = "protected"   // deregistration protection was turned on
	EventFastLaunch Kind = "fast-launch" // EC2 Fast Launch was turned on
	EventDone       Kind = "done"        // everything asked for is true in this Region
	EventFailed     Kind = "failed"      // Err says why this Region is not done
)

// Event tells a person what happens where. Events of different Regions come
// interleaved, but never at the same time.
type Event struct {
	Kind    Kind
	Region  string
	ImageID string
	Percent int           // of EventProgress, 0 to 100
	Elapsed time.Duration // since work in this Region began
	Detail  string        // what exactly; never a secret
	Err     error         // of EventFailed
	Result  *Result       // of EventDone and EventFailed: what became of the Region
}

// String is one line without a final stop: where, which image, what, how long.
func (e Event) String() string {
	var b strings.Builder
	b.WriteString(e.Region)
	if e.ImageID != "" {
		b.WriteString(" " + e.ImageID)
	}
	b.WriteString(": " + string(e.Kind))
	if e.Kind == EventProgress {
		fmt.Fprintf(&b, " %d%%", e.Percent)
	}
	if e.Detail != "" {
		b.WriteString(", " + e.Detail)
	}
	if e.Elapsed >= time.Second {
		fmt.Fprintf(&b, " (%s)", e.Elapsed.Round(time.Second))
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}
