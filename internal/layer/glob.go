package layer

import (
	"path"
	"slices"
	"strings"
)

// everything is the segment that stands for any number of folders, or none.
const everything = "**"

// matchPath tells whether a slash-separated path matches a pattern: * ? and
// [...] within one segment as in path.Match, ** for any number of segments.
// A malformed pattern matches nothing; checkPattern finds it first.
func matchPath(pattern, name string) bool {
	return matchSegments(strings.Split(pattern, "/"), strings.Split(name, "/"))
}

// matchSegments keeps the set of pattern positions reached so far, so that a
// pattern with many ** costs no more than their product with the path.
func matchSegments(pattern, name []string) bool {
	reached := skipEverything(pattern, []int{0})
	for _, segment := range name {
		var next []int
		for _, at := range reached {
			if at == len(pattern) {
				continue
			}
			if pattern[at] == everything {
				next = append(next, at)
			} else if ok, err := path.Match(pattern[at], segment); ok && err == nil {
				next = append(next, at+1)
			}
		}
		reached = skipEverything(pattern, next)
	}
	return slices.Contains(reached, len(pattern))
}

// skipEverything adds the positions behind each **, which may match nothing.
func skipEverything(pattern []string, at []int) []int {
	for i := 0; i < len(at); i++ {
		if at[i] < len(pattern) && pattern[at[i]] == everything && !slices.Contains(at, at[i]+1) {
			at = append(at, at[i]+1)
		}
	}
	return at
}

// checkPattern finds a pattern that path.Match does not take.
func checkPattern(pattern string) error {
	for segment := range strings.SplitSeq(pattern, "/") {
		if segment == everything {
			continue
		}
		if _, err := path.Match(segment, ""); err != nil {
			return err
		}
	}
	return nil
}

func hasWildcard(segment string) bool { return strings.ContainsAny(segment, "*?[\\") }

// literalPrefix gives the folder that all matches of a pattern are in or below.
func literalPrefix(pattern string) string {
	segments := strings.Split(pattern, "/")
	for i, segment := range segments {
		if hasWildcard(segment) {
			return strings.Join(segments[:i], "/")
		}
	}
	return path.Dir(pattern)
}

// mayMatchBelow tells whether the path, or one that begins with it, can match,
// so that a search does not read folders in vain.
func mayMatchBelow(pattern, name string) bool {
	segments := strings.Split(pattern, "/")
	for i, segment := range strings.Split(name, "/") {
		if i == len(segments) {
			return false
		}
		if segments[i] == everything {
			return true
		}
		if ok, err := path.Match(segments[i], segment); !ok || err != nil {
			return false
		}
	}
	return true
}
