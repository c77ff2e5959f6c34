package kms

import (
	"strconv"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

// paged are the inputs that KMS's lists have in common.
type paged struct {
	Limit  int
	Marker string
}

// cut gives a page of a list and the marker of the next one, "" at the end. The
// marker is the position. Pages have at most 100 members.
func cut[T any](list []T, in *paged) ([]T, string, error) {
	const most = 100
	from := 0
	if in.Marker != "" {
		n, err := strconv.Atoi(in.Marker)
		if err != nil || n < 0 || n > len(list) {
			return nil, "", wire.Errorf("InvalidMarkerException", "Marker %s is invalid.", in.Marker)
		}
		from = n
	}
	size := most
	if in.Limit > 0 {
		size = min(in.Limit, most)
	}
	end := min(from+size, len(list))
	part := append(make([]T, 0, end-from), list[from:end]...) // never null in JSON
	if end == len(list) {
		return part, "", nil
	}
	return part, strconv.Itoa(end), nil
}
