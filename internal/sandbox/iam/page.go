package iam

import "encoding/base64"

// paged are the inputs that IAM's lists have in common.
type paged struct {
	Marker   string `q:"Marker"`
	MaxItems *int64 `q:"MaxItems"`
}

// page is what the outputs of lists have in common.
type page struct {
	IsTruncated bool   `xml:"IsTruncated"`
	Marker      string `xml:"Marker,omitempty"`
}

// cut gives a page of a list that is in order of key. A marker names the last
// member of the page before, so that what is made or deleted between two pages
// neither doubles nor hides another. A page has 100 members where nothing is said.
func cut[T any](list []T, in paged, key func(T) string) ([]T, page, error) {
	size := int64(100)
	if in.MaxItems != nil {
		size = *in.MaxItems
	}
	if size < 1 || size > 1000 {
		return nil, page{}, invalid("1 validation error detected: Value '%d' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and 1000", size) // unverified: text
	}
	from := 0
	if in.Marker != "" {
		after, err := base64.RawURLEncoding.DecodeString(in.Marker)
		if err != nil {
			return nil, page{}, invalid("Invalid Marker.") // unverified: text
		}
		for from < len(list) && key(list[from]) <= string(after) {
			from++
		}
	}
	end := min(from+int(size), len(list))
	part := list[from:end]
	if end == len(list) {
		return part, page{}, nil
	}
	return part, page{IsTruncated: true, Marker: base64.RawURLEncoding.EncodeToString([]byte(key(list[end-1])))}, nil
}
