package fault

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

func (d *decoder) word(into *string) func(string) error {
	return func(at string) error {
		if err := d.value(at, "a text", into); err != nil {
			return err
		}
		if *into == "" {
			return d.errorf(at, "want a text, got an empty one")
		}
		return nil
	}
}

func (d *decoder) kind(into *Kind) func(string) error {
	return func(at string) error {
		if err := d.value(at, "a text", into); err != nil {
			return err
		}
		if _, known := shapes[*into]; !known {
			return d.errorf(at, "there is no kind %q; there are %s", *into, strings.Join(Kinds(), ", "))
		}
		return nil
	}
}

// wordings are the texts of a refusal between which a rule chooses; the first is
// what it gets without a word.
var wordings = map[Kind][]string{Throttle: {"account", "short"}, Denied: {"implicit", "explicit"}}

func (d *decoder) probability(into **float64) func(string) error {
	return func(at string) error {
		var p float64
		if err := d.value(at, "a number from 0 to 1", &p); err != nil {
			return err
		}
		if p < 0 || p > 1 {
			return d.errorf(at, "want a number from 0 to 1, got %v", p)
		}
		*into = &p
		return nil
	}
}

func (d *decoder) whole(into *int64, least, most int64) func(string) error {
	return func(at string) error {
		want := fmt.Sprintf("a whole number from %d to %d", least, most)
		if err := d.value(at, want, into); err != nil {
			return err
		}
		if *into < least || *into > most {
			return d.errorf(at, "want %s, got %d", want, *into)
		}
		return nil
	}
}

func (d *decoder) bytes(into **int64) func(string) error {
	return func(at string) error {
		*into = new(int64)
		return d.whole(*into, 0, 1<<30)(at)
	}
}

func (d *decoder) span(into *Span, negative bool) func(string) error {
	want := `a time such as "90s" or "1m30s"`
	return func(at string) error {
		var text string
		if err := d.value(at, want, &text); err != nil {
			return err
		}
		span, err := time.ParseDuration(text)
		if err != nil || span == 0 || span < 0 && !negative {
			return d.errorf(at, "want %s, got %q", want, text)
		}
		*into = Span(span)
		return nil
	}
}

func (d *decoder) turns(into *Turns) func(string) error {
	return func(at string) error {
		var value any
		if err := d.value(at, turnForms, &value); err != nil {
			return err
		}
		text, isText := value.(string)
		if !isText {
			text = fmt.Sprint(value)
		}
		var err error
		if *into, err = ParseTurns(text); err != nil {
			return d.errorf(at, "%w", err)
		}
		return nil
	}
}

func sorted[T any](all map[string]T) []string {
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func list(names []string) string {
	if len(names) == 0 {
		return "none of its own"
	}
	return strings.Join(names, ", ")
}
