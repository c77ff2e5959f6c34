package action

import (
	"strconv"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

// Paged are the parameters with which a REST service's lists are cut into pages.
type Paged struct {
	MaxResults *int64
	NextToken  string
}

// Page cuts a list of which the order stays. most is the greatest MaxResults; the
// token is the position where the page begins, opaque to callers.
func Page[T any](list []T, p Paged, most int64) (part []T, next string, err error) {
	size := most
	if p.MaxResults != nil {
		size = *p.MaxResults
	}
	if size < 1 || size > most {
		return nil, "", wire.Errorf("ValidationException", "MaxResults must be between 1 and %d.", most) // unverified: text
	}
	from := int64(0)
	if p.NextToken != "" {
		from, err = strconv.ParseInt(p.NextToken, 36, 64)
		if err != nil || from < 1 || from >= int64(len(list)) {
			return nil, "", wire.Errorf("ValidationException", "The NextToken is invalid.") // unverified: text
		}
	}
	end := min(from+size, int64(len(list)))
	if end < int64(len(list)) {
		next = strconv.FormatInt(end, 36)
	}
	return list[from:end], next, nil
}
