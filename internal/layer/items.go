package layer

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// itemScheme begins the text of Items.
const itemScheme = "1"

// maxItems is the length of the text, which a tag must hold.
const maxItems = 256

// shown is how many items of one part a sentence names.
const shown = 3

// Items are the single options, stages, files and values of the inputs, each with a
// short hash, so that it can be said which of them changed. Whether anything changed
// is for Sum to tell: these hashes are too short for it.
type Items struct{ parts []part }

// part is the items of one kind, by name; of those that were read back, the names
// are short hashes too.
type part struct {
	mark  string // as in the text of Sum
	name  string // as Sum.Changed names it
	items map[string]string
}

// Items gives the items. It fails as Sum does.
func (in Inputs) Items() (Items, error) {
	config, stages, values, files := map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}
	for option, value := range in.Config {
		text, err := canonical(map[string]any{option: value})
		if err != nil {
			return Items{}, fmt.Errorf("fingerprint of the configuration: %w", err)
		}
		if text != "{}" {
			config[option] = short(text)
		}
	}
	for _, s := range in.Stages {
		stages[s.Name] = short(s.Hash())
	}
	for name, value := range in.Values {
		values[name] = short(value)
	}
	for _, f := range in.Files {
		files[f.Path] = short(strconv.FormatBool(f.Exec), f.SHA256)
	}
	return Items{[]part{{"c", "config", config}, {"s", "stages", stages}, {"v", "values", values}, {"f", "files", files}}}, nil
}

// short is 18 bits of a hash as three characters.
func short(fields ...string) string {
	raw, _ := hex.DecodeString(hashOf(fields...)) // hashOf gives hexadecimal digits
	return base64.RawURLEncoding.EncodeToString(raw)[:3]
}

// String is the text for a tag: 256 characters at most. Kinds that do not fit are
// left out as a whole, the files first.
func (i Items) String() string {
	text := itemScheme
	for _, p := range i.parts {
		section := make([]string, 0, 2+2*len(p.items))
		section = append(section, ":", p.mark)
		for _, name := range slices.Sorted(maps.Keys(p.items)) {
			section = append(section, short(name), p.items[name])
		}
		if more := strings.Join(section, ""); len(text)+len(more) <= maxItems {
			text += more
		}
	}
	return text
}

// parseItems reads what String gave: by mark, and by the short hash of the name.
func parseItems(text string) map[string]map[string]string {
	fields := strings.Split(text, ":")
	if fields[0] != itemScheme {
		return nil
	}
	before := map[string]map[string]string{}
	for _, field := range fields[1:] {
		if field == "" || len(field[1:])%6 != 0 {
			return nil
		}
		items := map[string]string{}
		for pair := range slices.Chunk([]byte(field[1:]), 6) {
			items[string(pair[:3])] = string(pair[3:])
		}
		before[field[:1]] = items
	}
	return before
}

// Changed names what differs from the text of an earlier image, for one part as
// Sum.Changed names it: "app, +2 more, 1 gone". Empty where that is not known.
func (i Items) Changed(partName, before string) string {
	was := parseItems(before)
	for _, p := range i.parts {
		earlier, known := was[p.mark]
		if p.name != partName || !known {
			continue
		}
		var names []string
		left := len(earlier)
		for _, name := range slices.Sorted(maps.Keys(p.items)) {
			hash, there := earlier[short(name)]
			if there {
				left--
			}
			if hash != p.items[name] {
				names = append(names, name)
			}
		}
		return described(names, left)
	}
	return ""
}

func described(names []string, gone int) string {
	var words []string
	if len(names) > shown {
		words = append(words, fmt.Sprintf("+%d more", len(names)-shown))
		names = names[:shown]
	}
	words = append(slices.Clone(names), words...)
	if gone > 0 {
		words = append(words, fmt.Sprintf("%d gone", gone))
	}
	return strings.Join(words, ", ")
}
