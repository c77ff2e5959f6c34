package kms

import (
	"encoding/base64"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

// paged are the inputs that KMS's lists have in common.
type paged struct {
	Limit  *int
	Marker string
}

// usually gives the size of a page where the call names none.
func (in paged) usually(size int) *paged {
	if in.Limit == nil {
		in.Limit = &size
	}
	return &in
}

// cut gives a page of a list and the marker of the next one, "" at the end. The
// list is in order of key; the marker names the last member of the page before, so
// that what is made or deleted between two pages neither doubles nor hides
// another. A page has up to most members, and 100 (or most) where nothing is said.
func cut[T any](list []T, in *paged, most int, key func(T) string) ([]T, string, error) {
	size := min(100, most)
	if in.Limit != nil {
		size = *in.Limit
	}
	if size < 1 {
		return nil, "", wire.Errorf("ValidationException", "1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1", size)
	}
	if size > most {
		return nil, "", wire.Errorf("ValidationException", "1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value less than or equal to %d", size, most)
	}
	from := 0
	if in.Marker != "" {
		after, err := base64.RawURLEncoding.DecodeString(in.Marker)
		if err != nil {
			return nil, "", wire.Errorf("InvalidMarkerException", "Could not decode marker") // unverified: text
		}
		for from < len(list) && key(list[from]) <= string(after) {
			from++
		}
	}
	end := min(from+size, len(list))
	part := append(make([]T, 0, end-from), list[from:end]...) // never null in JSON
	if end == len(list) {
		return part, "", nil
	}
	return part, base64.RawURLEncoding.EncodeToString([]byte(key(list[end-1]))), nil
}
