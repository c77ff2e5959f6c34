package policy

import (
	"bytes"
	"encoding/base64"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	forAll = "ForAllValues"
	forAny = "ForAnyValue"
	opNull = "Null"
)

// operator compares one value of the call with one value of the policy.
type operator struct {
	// wild tells that the policy's value is a pattern.
	wild bool
	// not turns the result over, for the operator as a whole.
	not   bool
	holds func(pattern []unit, value string) bool
}

// operators are the condition operators (IAM User Guide, "IAM JSON policy
// elements: Condition operators"). ArnEquals and ArnLike are the same.
var operators = map[string]operator{
	"StringEquals":              {holds: match},
	"StringNotEquals":           {holds: match, not: true},
	"StringEqualsIgnoreCase":    {holds: equalFold},
	"StringNotEqualsIgnoreCase": {holds: equalFold, not: true},
	"StringLike":                {holds: match, wild: true},
	"StringNotLike":             {holds: match, wild: true, not: true},
	"NumericEquals":             {holds: numeric(func(order int) bool { return order == 0 })},
	"NumericNotEquals":          {holds: numeric(func(order int) bool { return order == 0 }), not: true},
	"NumericLessThan":           {holds: numeric(func(order int) bool { return order < 0 })},
	"NumericLessThanEquals":     {holds: numeric(func(order int) bool { return order <= 0 })},
	"NumericGreaterThan":        {holds: numeric(func(order int) bool { return order > 0 })},
	"NumericGreaterThanEquals":  {holds: numeric(func(order int) bool { return order >= 0 })},
	"DateEquals":                {holds: dates(func(order int) bool { return order == 0 })},
	"DateNotEquals":             {holds: dates(func(order int) bool { return order == 0 }), not: true},
	"DateLessThan":              {holds: dates(func(order int) bool { return order < 0 })},
	"DateLessThanEquals":        {holds: dates(func(order int) bool { return order <= 0 })},
	"DateGreaterThan":           {holds: dates(func(order int) bool { return order > 0 })},
	"DateGreaterThanEquals":     {holds: dates(func(order int) bool { return order >= 0 })},
	"Bool":                      {holds: equalFold},
	"BinaryEquals":              {holds: binary},
	"IpAddress":                 {holds: address},
	"NotIpAddress":              {holds: address, not: true},
	"ArnEquals":                 {holds: matchARN, wild: true},
	"ArnNotEquals":              {holds: matchARN, wild: true, not: true},
	"ArnLike":                   {holds: matchARN, wild: true},
	"ArnNotLike":                {holds: matchARN, wild: true, not: true},
	// Null looks at the presence of the key alone.
	opNull: {},
}

// holds tells whether a condition holds for a call.
//
// A key that the call lacks makes a condition false, but true for a negated
// operator, for one with IfExists and for ForAllValues. A key with several values
// needs ForAllValues or ForAnyValue: no single-valued comparison is equal to it.
func (c Condition) holds(d *Document, context Context) bool {
	values := context.Values(c.Key)
	if c.Operator.Name == opNull {
		return slices.ContainsFunc(c.Values, func(v string) bool { return strings.EqualFold(v, "true") == (len(values) == 0) })
	}
	op := operators[c.Operator.Name]
	switch {
	case len(values) == 0 && c.Operator.Set == forAny:
		return c.Operator.IfExists
	case len(values) == 0:
		return c.Operator.IfExists || c.Operator.Set == forAll || op.not
	}
	patterns := c.patterns(d, op, context)
	equal := func(value string) bool {
		return slices.ContainsFunc(patterns, func(p []unit) bool { return op.holds(p, value) })
	}
	switch c.Operator.Set {
	case forAll:
		return !slices.ContainsFunc(values, func(v string) bool { return equal(v) == op.not })
	case forAny:
		return slices.ContainsFunc(values, func(v string) bool { return equal(v) != op.not })
	}
	return (len(values) == 1 && equal(values[0])) != op.not
}

// patterns are the policy's values with their variables expanded; one whose
// variable has no value matches nothing.
func (c Condition) patterns(d *Document, op operator, context Context) [][]unit {
	all := make([][]unit, 0, len(c.Values))
	for _, v := range c.Values {
		if p, ok := d.expand(v, context, op.wild); ok {
			all = append(all, p)
		}
	}
	return all
}

// text is a pattern without wildcards as it was before.
func text(pattern []unit) string {
	var b strings.Builder
	for _, u := range pattern {
		b.WriteRune(u.char)
	}
	return b.String()
}

func equalFold(pattern []unit, value string) bool { return strings.EqualFold(text(pattern), value) }

func numeric(accepts func(order int) bool) func([]unit, string) bool {
	return func(pattern []unit, value string) bool {
		want, err1 := strconv.ParseFloat(text(pattern), 64)
		have, err2 := strconv.ParseFloat(value, 64)
		if err1 != nil || err2 != nil {
			return false
		}
		switch {
		case have < want:
			return accepts(-1)
		case have > want:
			return accepts(1)
		}
		return accepts(0)
	}
}

func dates(accepts func(order int) bool) func([]unit, string) bool {
	return func(pattern []unit, value string) bool {
		want, ok1 := moment(text(pattern))
		have, ok2 := moment(value)
		return ok1 && ok2 && accepts(have.Compare(want))
	}
}

// moment reads a time: the forms of ISO 8601 that the W3C's profile has, or
// seconds since 1970.
func moment(text string) (time.Time, bool) {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && seconds >= 0 && len(text) > len("2026") {
		return time.Unix(seconds, 0).UTC(), true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", time.DateOnly, "2006-01", "2006"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// binary compares the bytes behind two texts in base64.
func binary(pattern []unit, value string) bool {
	want, err1 := base64.StdEncoding.DecodeString(text(pattern))
	have, err2 := base64.StdEncoding.DecodeString(value)
	return err1 == nil && err2 == nil && bytes.Equal(want, have)
}

// address tells whether an address is in a range of addresses, or is the address.
func address(pattern []unit, value string) bool {
	have, err := netip.ParseAddr(value)
	if err != nil {
		return false
	}
	want := text(pattern)
	if ranged, err := netip.ParsePrefix(want); err == nil {
		return ranged.Contains(have)
	}
	single, err := netip.ParseAddr(want)
	return err == nil && single == have
}

// matchARN compares each of the six parts of two ARNs on its own.
func matchARN(pattern []unit, value string) bool {
	parts := strings.SplitN(value, ":", arnParts)
	if len(parts) != arnParts {
		return false
	}
	for i, part := range parts {
		own := pattern
		if i < arnParts-1 {
			at := slices.Index(pattern, unit{char: ':'})
			if at < 0 {
				return false
			}
			own, pattern = pattern[:at], pattern[at+1:]
		}
		if !match(own, part) {
			return false
		}
	}
	return true
}
