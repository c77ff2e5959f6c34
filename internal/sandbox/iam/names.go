package iam

import (
	"net/http"
	"regexp"
	"sort"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

func noSuch(format string, args ...any) *wire.Error {
	return wire.Errorf("NoSuchEntity", format, args...).WithStatus(http.StatusNotFound)
}

func exists(format string, args ...any) *wire.Error {
	return wire.Errorf("EntityAlreadyExists", format, args...).WithStatus(http.StatusConflict)
}

func conflict(message string) *wire.Error {
	return wire.Errorf("DeleteConflict", "%s", message).WithStatus(http.StatusConflict)
}

func limit(format string, args ...any) *wire.Error {
	return wire.Errorf("LimitExceeded", format, args...).WithStatus(http.StatusConflict)
}

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("ValidationError", format, args...)
}

var (
	nameText = regexp.MustCompile(`^[\w+=,.@-]+$`)
	pathText = regexp.MustCompile(`^/(?:[\x21-\x7e]+/)?$`)
)

// checkName is what IAM asks of every name, which it calls by the parameter's own
// name in lower camel case. Names have up to most characters.
func checkName(parameter, name string, most int) error {
	switch {
	case len(name) > most:
		return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", name, parameter, most)
	case !nameText.MatchString(name):
		return invalid("The specified value for %s is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-", parameter)
	}
	return nil
}

// checkPath gives the path of a new entity: / where none is named.
func checkPath(path string) (string, error) {
	switch {
	case path == "":
		return "/", nil
	case len(path) > 512 || !pathText.MatchString(path):
		return "", invalid("The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	return path, nil
}

type tag struct {
	Key   string `q:"Key,required" xml:"Key"`
	Value string `q:"Value" xml:"Value"`
}

// checkTags are IAM's rules of tags: at most 50, each key once whatever its case.
func checkTags(tags []tag) (map[string]string, error) {
	m, seen := map[string]string{}, map[string]bool{}
	for _, t := range tags {
		lower := strings.ToLower(t.Key)
		switch {
		case seen[lower]:
			return nil, wire.Errorf("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		case strings.HasPrefix(lower, "aws:"):
			return nil, wire.Errorf("InvalidInput", "System tags cannot be added/updated/deleted. Tag prefix aws: is reserved.") // unverified: text
		}
		seen[lower], m[t.Key] = true, t.Value
	}
	if len(m) > 50 {
		return nil, limit("The number of tags has reached the maximum limit.") // unverified: text
	}
	return m, nil
}

func tagItems(tags map[string]string) wire.Members[tag] {
	items := make(wire.Members[tag], 0, len(tags))
	for k, v := range tags {
		items = append(items, tag{Key: k, Value: v})
	}
	sort.Slice(items, func(i, j int) bool { return items[i].Key < items[j].Key })
	return items
}
