package fault

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rule selects calls and says what befalls them. Fields that its kind does not
// take are zero.
type Rule struct {
	// Name is unique in a plan; "rule N" unless given.
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	When When   `json:"when"`
	// Probability is the chance of a call that When selects; nil is certainty.
	Probability *float64 `json:"probability,omitempty"`
	// Times bounds how often the rule fires; 0 is no bound.
	Times int64 `json:"times,omitempty"`

	// Applied carries the call out before the fault decides the answer.
	Applied bool `json:"applied,omitempty"`
	// Text chooses between the wordings of a refusal.
	Text    string `json:"text,omitempty"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// Status is an HTTP status.
	Status int64 `json:"status,omitempty"`
	// By is how far the clock is ahead, or behind if it is negative.
	By Span `json:"by,omitzero"`
	// Bytes is how much of the answer is sent; nil is a half.
	Bytes          *int64 `json:"bytes,omitempty"`
	BytesPerSecond int64  `json:"bytes_per_second,omitempty"`
	// For and After are times of the endpoint's clock from the call on.
	For   Span `json:"for,omitzero"`
	After Span `json:"after,omitzero"`
	// Visible, Gone and Pending are the phases of flapping, Cycles how often it
	// goes round.
	Visible Span  `json:"visible,omitzero"`
	Gone    Span  `json:"gone,omitzero"`
	Pending Span  `json:"pending,omitzero"`
	Cycles  int64 `json:"cycles,omitempty"`
	// Type and Zone are patterns of what there is no capacity for.
	Type string `json:"type,omitempty"`
	Zone string `json:"zone,omitempty"`

	line    int
	unnamed bool
}

// CarriesOut tells whether the call takes place although the rule decides the
// answer.
func (r *Rule) CarriesOut() bool {
	return r.Applied || shapes[r.Kind].carriesOut || shapes[r.Kind].made
}

// When selects calls: all that is set must hold. Texts are patterns in which *
// stands for any characters.
type When struct {
	// Calls are numbers of calls since the endpoint's start.
	Calls Turns `json:"calls,omitzero"`
	// Nth are numbers of the calls that all the rest of When selects.
	Nth     Turns  `json:"nth,omitzero"`
	Service string `json:"service,omitempty"`
	Action  string `json:"action,omitempty"`
	Region  string `json:"region,omitempty"`
	Account string `json:"account,omitempty"`
	// Resource is the value of any parameter of the call, such as an image's id.
	Resource string `json:"resource,omitempty"`
}

// Turns select by number, from 1: one, a range or every so many. The zero value
// selects all.
type Turns struct {
	// From and To are the first and the last; To 0 is no end.
	From, To int64
	// Every selects From, From+Every, From+2*Every; 0 selects each.
	Every int64
}

// Has tells whether number n is selected.
func (t Turns) Has(n int64) bool {
	switch {
	case n < t.From || t.To > 0 && n > t.To:
		return false
	case t.Every > 0:
		return (n-t.From)%t.Every == 0
	}
	return true
}

// turnForms are what ParseTurns reads.
const turnForms = `a number from 1, such as 3; "3-5"; "3-"; or "every 3"`

// ParseTurns reads 3, 3-5, 3- and every 3.
func ParseTurns(s string) (Turns, error) {
	bad := fmt.Errorf("want %s, got %q", turnForms, s)
	if rest, ok := strings.CutPrefix(s, "every "); ok {
		n, err := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
		if err != nil || n < 1 {
			return Turns{}, bad
		}
		return Turns{From: n, Every: n}, nil
	}
	first, last, isRange := strings.Cut(s, "-")
	from, err := strconv.ParseInt(first, 10, 64)
	if err != nil || from < 1 {
		return Turns{}, bad
	}
	switch {
	case !isRange:
		return Turns{From: from, To: from}, nil
	case last == "":
		return Turns{From: from}, nil
	}
	to, err := strconv.ParseInt(last, 10, 64)
	if err != nil || to < from {
		return Turns{}, bad
	}
	return Turns{From: from, To: to}, nil
}

func (t Turns) String() string {
	switch {
	case t.Every > 0:
		return "every " + strconv.FormatInt(t.Every, 10)
	case t.To == 0:
		return strconv.FormatInt(t.From, 10) + "-"
	case t.From == t.To:
		return strconv.FormatInt(t.From, 10)
	}
	return strconv.FormatInt(t.From, 10) + "-" + strconv.FormatInt(t.To, 10)
}

// MarshalText writes what ParseTurns reads.
func (t Turns) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// Span is a time span, in JSON as Go writes it: "1.5s".
type Span time.Duration

// MarshalText writes the span as Go does.
func (s Span) MarshalText() ([]byte, error) { return []byte(time.Duration(s).String()), nil }

// Spec is a plan as it is written down.
type Spec struct {
	// Seed is what chances follow from.
	Seed  uint64 `json:"seed"`
	Rules []Rule `json:"rules"`
}
