package ec2

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

// filter is one Filter.N of a Describe call: any of the values may match, with *
// for any run of characters and ? for one.
type filter struct {
	Name   string   `q:"Name"`
	Values []string `q:"Value"`
}

// matchAll tells whether a resource passes every filter. values gives what the
// resource has under a filter's name, and false for a name that the call does
// not know, which EC2 refuses.
func matchAll(filters []filter, values func(name string) ([]string, bool)) (bool, error) {
	for _, f := range filters {
		have, known := values(f.Name)
		if !known {
			return false, wire.Errorf("InvalidParameterValue", "The filter '%s' is invalid", f.Name)
		}
		if !f.matches(have) {
			return false, nil
		}
	}
	return true, nil
}

func (f filter) matches(have []string) bool {
	for _, want := range f.Values {
		for _, h := range have {
			if wildcard(want, h) {
				return true
			}
		}
	}
	return false
}

// wildcard matches text against a pattern of EC2's filters; a backslash takes
// the next character literally.
func wildcard(pattern, text string) bool {
	for pattern != "" {
		switch {
		case pattern[0] == '*':
			for i := 0; i <= len(text); i++ {
				if wildcard(pattern[1:], text[i:]) {
					return true
				}
			}
			return false
		case text == "":
			return false
		case pattern[0] == '?':
		case pattern[0] == '\\' && len(pattern) > 1:
			pattern = pattern[1:]
			if pattern[0] != text[0] {
				return false
			}
		case pattern[0] != text[0]:
			return false
		}
		pattern, text = pattern[1:], text[1:]
	}
	return text == ""
}

// tagValues answers the filters that every taggable resource has: tag:KEY,
// tag-key and tag-value.
func tagValues(tags map[string]string, name string) ([]string, bool) {
	if key, ok := strings.CutPrefix(name, "tag:"); ok {
		if v, has := tags[key]; has {
			return []string{v}, true
		}
		return nil, true
	}
	var list []string
	switch name {
	case "tag-key":
		for k := range tags {
			list = append(list, k)
		}
	case "tag-value":
		for _, v := range tags {
			list = append(list, v)
		}
	default:
		return nil, false
	}
	return list, true
}

// one is a filter value of a plain field.
func one(v string) ([]string, bool) { return []string{v}, true }

func boolean(v bool) ([]string, bool) { return []string{strconv.FormatBool(v)}, true }

// page cuts a sorted list as MaxResults and NextToken ask. The token is the
// position and how long the list was, as text: opaque to callers, and refused when
// it is none that an answer can have had.
func page[T any](list []T, maxResults *int64, token string, most int64) ([]T, string, error) {
	if maxResults != nil && *maxResults < 5 {
		return nil, "", wire.Errorf("InvalidParameterValue", "Invalid value '%d' for maxResults. Expecting a value greater than 5.", *maxResults)
	}
	return smallPage(list, maxResults, token, most)
}

// smallPage is [page] for the actions that give pages of one.
func smallPage[T any](list []T, maxResults *int64, token string, most int64) ([]T, string, error) {
	from := 0
	if token != "" {
		at, err := pageOf(token)
		if err != nil {
			return nil, "", err
		}
		from = min(at, len(list)) // what was listed before may be gone
	}
	rest, size := list[from:], most
	if maxResults != nil {
		size = min(max(*maxResults, 1), most)
	}
	if int64(len(rest)) <= size {
		return rest, "", nil
	}
	return rest[:size], fmt.Sprintf(pageForm, int64(from)+size, len(list)), nil
}

// pageForm is the position where the page begins, and the length of the list.
const pageForm = "page-%d-of-%d"

func pageOf(token string) (int, error) {
	var at, length int
	n, err := fmt.Sscanf(token, pageForm, &at, &length)
	if err != nil || n != 2 || at < 1 || at >= length || fmt.Sprintf(pageForm, at, length) != token {
		return 0, wire.Errorf("InvalidNextToken", "The token '%s' is invalid", token)
	}
	return at, nil
}

// tag is a tag in a request and in an answer.
type tag struct {
	Key   string `q:"Key" xml:"key"`
	Value string `q:"Value" xml:"value"`
}

// tagSpecification is TagSpecification.N: tags for what the call makes.
type tagSpecification struct {
	ResourceType string `q:"ResourceType"`
	Tags         []tag  `q:"Tag"`
}

// tagSet writes tags in the order of their keys.
func tagSet(tags map[string]string) wire.Set[tag] {
	set := make(wire.Set[tag], 0, len(tags))
	for k, v := range tags {
		set = append(set, tag{Key: k, Value: v})
	}
	sort.Slice(set, func(i, j int) bool { return set[i].Key < set[j].Key })
	return set
}

// tagsFor gives the tags that the request has for a type of resource. A type
// that the call does not make is refused, as EC2 does.
func tagsFor(specs []tagSpecification, wanted string, allowed ...string) (map[string]string, error) {
	tags := map[string]string{}
	for _, s := range specs {
		if s.ResourceType == "" {
			return nil, wire.Errorf("MissingParameter", "Tag specification resource type must have a value")
		}
		known := s.ResourceType == wanted
		for _, a := range allowed {
			known = known || s.ResourceType == a
		}
		if !known {
			return nil, wire.Errorf("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", s.ResourceType)
		}
		if s.ResourceType != wanted {
			continue
		}
		for _, t := range s.Tags {
			if err := checkTag(t); err != nil {
				return nil, err
			}
			if _, twice := tags[t.Key]; twice {
				return nil, wire.Errorf("InvalidParameterValue", "Duplicate tag key '%s' specified.", t.Key)
			}
			tags[t.Key] = t.Value
		}
	}
	if len(tags) > 50 {
		return nil, wire.Errorf("TagLimitExceeded", "More than 50 tags specified")
	}
	return tags, nil
}

func checkTag(t tag) error {
	switch {
	case t.Key == "":
		return wire.Errorf("InvalidParameterValue", "Tag key cannot be empty")
	case len(t.Key) > 128 || len(t.Value) > 256:
		return wire.Errorf("InvalidParameterValue", "Tag key exceeds the maximum length of 128 characters, or its value 256")
	case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
		return wire.Errorf("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
	}
	return nil
}
