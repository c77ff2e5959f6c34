package layer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

// epoch is raised when a new release of the plugin makes other images of the
// same inputs, so that none from before is taken for current.
const epoch = 1

// sumScheme begins the text of a Sum; another text is of another release.
const sumScheme = "v1"

// partDigits is how much of a part's hash is kept: enough to see a change,
// short enough that all parts fit into one tag of 256 characters.
const partDigits = 16

// Inputs is everything the user decides about an image's content. Names, tags,
// credentials, networks and the instance type do not belong here, and neither
// do secrets: their hash would be readable in a tag.
type Inputs struct {
	Tier         ami.Tier
	Architecture string
	// Config is the configuration that decides content, such as boot mode and
	// block devices; any values that JSON can hold. Options left out and
	// options that are empty are the same.
	Config map[string]any
	// Stages are those that this build bakes (the first result of stage.Cut),
	// in order. The parent's own are told by its version.
	Stages []stage.Stage
	// Files are the declared input files, in any order.
	Files []File
	// Values are the declared input values.
	Values map[string]string
}

// Sum holds the hash of the inputs and of each part of them.
type Sum struct {
	Total                         string // 64 hexadecimal digits
	Config, Stages, Files, Values string // partDigits each
}

// Sum hashes the inputs. It fails on configuration that JSON cannot hold.
func (in Inputs) Sum() (Sum, error) {
	if in.Config == nil {
		in.Config = map[string]any{} // none and an empty one are the same
	}
	config, err := canonical(in.Config)
	if err != nil {
		return Sum{}, fmt.Errorf("fingerprint of the configuration: %w", err)
	}
	config = hashOf("config", strconv.Itoa(epoch), string(in.Tier), in.Architecture, config)

	stages := []string{"stages"}
	for _, s := range in.Stages {
		stages = append(stages, s.Name, s.Hash())
	}

	files := make([]string, 0, len(in.Files))
	for _, f := range in.Files {
		files = append(files, hashOf("file", f.Path, strconv.FormatBool(f.Exec), f.SHA256))
	}
	slices.Sort(files)
	files = slices.Compact(files)

	values := []string{"values"}
	for _, name := range slices.Sorted(maps.Keys(in.Values)) {
		values = append(values, name, in.Values[name])
	}

	parts := []string{config, hashOf(stages...), hashOf(append([]string{"files"}, files...)...), hashOf(values...)}
	return Sum{
		Total:  hashOf(append([]string{"inputs"}, parts...)...),
		Config: parts[0][:partDigits],
		Stages: parts[1][:partDigits],
		Files:  parts[2][:partDigits],
		Values: parts[3][:partDigits],
	}, nil
}

// String is the text kept in the tag of the inputs: 140 characters at most.
func (s Sum) String() string {
	return strings.Join([]string{sumScheme, s.Total, "c" + s.Config, "s" + s.Stages, "f" + s.Files, "v" + s.Values}, ":")
}

// ParseSum reads what String gave; false for anything else.
func ParseSum(text string) (Sum, bool) {
	fields := strings.Split(text, ":")
	if len(fields) != 6 || fields[0] != sumScheme {
		return Sum{}, false
	}
	s := Sum{Total: fields[1]}
	parts := []*string{&s.Config, &s.Stages, &s.Files, &s.Values}
	for i, mark := range []string{"c", "s", "f", "v"} {
		part, found := strings.CutPrefix(fields[i+2], mark)
		if !found || !isHex(part, partDigits) {
			return Sum{}, false
		}
		*parts[i] = part
	}
	return s, isHex(s.Total, sha256.Size*2)
}

// Fingerprint adds what the image is built on: the parent's version, or the
// source image's id where there is no parent. 64 hexadecimal digits.
func (s Sum) Fingerprint(base string) string {
	return hashOf("fingerprint", s.Total, base)
}

// Changed names the parts that differ: config, stages, files, values.
func (s Sum) Changed(before Sum) []string {
	var changed []string
	for _, part := range []struct{ name, now, before string }{
		{"config", s.Config, before.Config},
		{"stages", s.Stages, before.Stages},
		{"files", s.Files, before.Files},
		{"values", s.Values, before.Values},
	} {
		if part.now != part.before {
			changed = append(changed, part.name)
		}
	}
	return changed
}

// hashOf hashes a list of strings. Each is preceded by its length, so no
// string can pass for two and no encoding can merge two different ones.
func hashOf(fields ...string) string {
	sum := sha256.New()
	for _, field := range fields {
		fmt.Fprintf(sum, "%d:", len(field))
		sum.Write([]byte(field))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// canonical gives one text for equal values: keys sorted, numbers as written,
// empty members left out of objects.
func canonical(v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return "", err
	}
	text, err := json.Marshal(prune(tree))
	return string(text), err
}

// prune drops empty members of objects. Elements of lists stay: their place
// has a meaning.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		kept := map[string]any{}
		for key, member := range v {
			if member = prune(member); !empty(member) {
				kept[key] = member
			}
		}
		return kept
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
	}
	return v
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

func isHex(s string, digits int) bool {
	return len(s) == digits && strings.Trim(s, "0123456789abcdef") == ""
}
