package ec2

import (
	"encoding/base64"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

// mostItems is what a page holds at most.
const mostItems = 1000

// pager fills one page of an answer from resources in the order of their ids. Its
// token tells after which id the next page begins, so that a page costs what it
// holds, and what comes or goes between two pages moves nothing.
type pager[T any] struct {
	items wire.Set[T]
	// after is the id after which the page begins, next the token of the page after.
	after, next string
	size        int
	last        string
}

func newPager[T any](in described) (*pager[T], error) {
	p := &pager[T]{items: wire.Set[T]{}, size: mostItems}
	if in.NextToken != "" {
		id, err := base64.RawURLEncoding.DecodeString(in.NextToken)
		after, ours := strings.CutPrefix(string(id), "after ")
		if err != nil || !ours {
			return nil, wire.Errorf("InvalidNextToken", "The token '%s' is invalid", in.NextToken)
		}
		p.after = after
	}
	if in.MaxResults != nil {
		if *in.MaxResults < 5 {
			return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%d' for maxResults. Expecting a value greater than 5.", *in.MaxResults)
		}
		p.size = int(min(*in.MaxResults, mostItems))
	}
	return p, nil
}

// add puts a resource on the page and tells whether the page takes more. The one
// after a full page shows that there is a next page.
func (p *pager[T]) add(id string, item func() T) bool {
	if len(p.items) == p.size {
		p.next = base64.RawURLEncoding.EncodeToString([]byte("after " + p.last))
		return false
	}
	p.items, p.last = append(p.items, item()), id
	return true
}

// knownFilters refuses a filter that the call does not know, whether or not there is
// anything to filter.
func knownFilters(filters []filter, values func(name string) ([]string, bool)) error {
	for _, f := range filters {
		if _, known := values(f.Name); !known {
			return wire.Errorf("InvalidParameterValue", "The filter '%s' is invalid", f.Name)
		}
	}
	return nil
}

// exact is the only value of a filter when it has one without wildcards, or "".
func (f filter) exact() string {
	if len(f.Values) != 1 || strings.ContainsAny(f.Values[0], `*?\`) {
		return ""
	}
	return f.Values[0]
}

// taggedWith is the value that a tag must have for the filters, or "".
func taggedWith(filters []filter) string {
	for _, f := range filters {
		if exact := f.exact(); strings.HasPrefix(f.Name, "tag:") && exact != "" {
			return exact
		}
	}
	return ""
}

// ownersOf tells whose resources a call asks for by Owner.N, as far as account ids
// and self say so; nil leaves it to the look at each resource.
func ownersOf(c *action.Call, owners []string) func(account string) bool {
	wanted := map[string]bool{}
	for _, o := range owners {
		switch {
		case o == "self":
			wanted[c.Account] = true
		case accountID.MatchString(o):
			wanted[o] = true
		default:
			return nil
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	return func(account string) bool { return wanted[account] }
}
