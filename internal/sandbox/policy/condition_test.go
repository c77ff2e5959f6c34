package policy

import (
	"fmt"
	"testing"
)

func TestConditionOperators(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		operator, want string // want is the policy's JSON value
		have           []string
		holds          bool
	}{
		{"StringEquals", `"a"`, []string{"a"}, true},
		{"StringEquals", `"A"`, []string{"a"}, false},
		{"StringEquals", `["b","a"]`, []string{"a"}, true},
		{"StringEquals", `"a*"`, []string{"ab"}, false},
		{"StringEquals", `"a"`, nil, false},
		{"StringEquals", `"${aws:username}"`, []string{"ann"}, true},
		{"StringEqualsIfExists", `"a"`, nil, true},
		{"StringEqualsIfExists", `"a"`, []string{"b"}, false},
		{"StringNotEquals", `["a","b"]`, []string{"b"}, false},
		{"StringNotEquals", `["a","b"]`, []string{"c"}, true},
		{"StringNotEquals", `"a"`, nil, true},
		{"StringEqualsIgnoreCase", `"TEAM"`, []string{"team"}, true},
		{"StringNotEqualsIgnoreCase", `"TEAM"`, []string{"team"}, false},
		{"StringLike", `"a*c?"`, []string{"abbcd"}, true},
		{"StringLike", `"a*c?"`, []string{"abbc"}, false},
		{"StringLike", `"${*}b"`, []string{"ab"}, false},
		{"StringNotLike", `"a*"`, []string{"ab"}, false},
		// Two values in one call: the trap of ec2:Add/userId with a plain operator.
		{"StringEquals", `["a","b"]`, []string{"a", "b"}, false},
		{"ForAllValues:StringEquals", `["a","b"]`, []string{"a", "b"}, true},
		{"ForAllValues:StringEquals", `["a","b"]`, []string{"a", "c"}, false},
		{"ForAllValues:StringEquals", `"a"`, nil, true},
		{"ForAnyValue:StringEquals", `"a"`, []string{"a", "c"}, true},
		{"ForAnyValue:StringEquals", `"a"`, []string{"b", "c"}, false},
		{"ForAnyValue:StringEquals", `"a"`, nil, false},
		{"ForAllValues:StringNotEquals", `"a"`, []string{"b", "a"}, false},
		{"ForAllValues:StringNotEquals", `"a"`, []string{"b", "c"}, true},
		{"ForAnyValue:StringNotLike", `"a*"`, []string{"ab", "b"}, true},
		{"ForAnyValue:StringNotLike", `"a*"`, []string{"ab", "ac"}, false},
		{"NumericEquals", `8`, []string{"8.0"}, true},
		{"NumericNotEquals", `8`, []string{"9"}, true},
		{"NumericLessThan", `"8"`, []string{"8"}, false},
		{"NumericLessThanEquals", `"8"`, []string{"8"}, true},
		{"NumericGreaterThan", `"8"`, []string{"100"}, true},
		{"NumericGreaterThanEquals", `"8"`, []string{"7"}, false},
		{"NumericEquals", `"8"`, []string{"eight"}, false},
		{"DateLessThan", `"2026-12-01T00:00:00Z"`, []string{"2026-11-28T00:05:00Z"}, true},
		{"DateGreaterThan", `"2026-12-01T00:00:00+01:00"`, []string{"2026-11-30T23:00:00Z"}, false},
		{"DateGreaterThanEquals", `"2026-12-01T00:00:00+01:00"`, []string{"2026-11-30T23:00:00Z"}, true},
		{"DateLessThanEquals", `"1796083200"`, []string{"2026-12-01T00:00:00Z"}, true},
		{"DateEquals", `"2026-12-01"`, []string{"2026-12-01T00:00:00Z"}, true},
		{"DateNotEquals", `"2026-12-01"`, []string{"2026-12-01T00:00:00Z"}, false},
		{"Bool", `true`, []string{"true"}, true},
		{"Bool", `"false"`, []string{"true"}, false},
		{"BoolIfExists", `"true"`, nil, true},
		{"BinaryEquals", `"QmluYXJ5"`, []string{"QmluYXJ5"}, true},
		{"BinaryEquals", `"QmluYXJ5"`, []string{"QmluYXJ4"}, false},
		{"IpAddress", `["10.0.0.0/8","2001:db8::/32"]`, []string{"10.1.2.3"}, true},
		{"IpAddress", `["10.0.0.0/8","2001:db8::/32"]`, []string{"2001:db8::1"}, true},
		{"IpAddress", `"192.0.2.7"`, []string{"192.0.2.8"}, false},
		{"NotIpAddress", `"127.0.0.0/8"`, []string{"127.0.0.1"}, false},
		{"ArnEquals", `"arn:aws:iam::*:role/ci"`, []string{"arn:aws:iam::1:role/ci"}, true},
		{"ArnLike", `"arn:aws:iam:*:role/ci"`, []string{"arn:aws:iam::1:role/ci"}, false},
		{"ArnNotLike", `"arn:aws:iam::*:role/c*"`, []string{"arn:aws:iam::1:role/ci"}, false},
		{"ArnNotEquals", `"arn:aws:iam::1:role/x"`, []string{"arn:aws:iam::1:role/ci"}, true},
		{"Null", `"true"`, nil, true},
		{"Null", `"true"`, []string{"a"}, false},
		{"Null", `false`, []string{"a"}, true},
	} {
		name := fmt.Sprintf("%s %s of %v", tt.operator, tt.want, tt.have)
		d := policyOf(t, Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"`+tt.operator+`":{"x:Key":`+tt.want+`}}}}`)
		context := contextOf("aws:username", "ann")
		context.Set("x:key", tt.have...)
		c := d.Statements[0].Conditions[0]
		if got := c.holds(d, context); got != tt.holds {
			t.Errorf("%s: got %v", name, got)
		}
		if c.Operator.String() != tt.operator {
			t.Errorf("%s is written as %s", name, c.Operator)
		}
	}
}

func TestTheOlderVersionHasNoVariables(t *testing.T) {
	t.Parallel()
	d := policyOf(t, Key, `{"Version":"2008-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"x":"${aws:username}"}}}}`)
	if d.Statements[0].Conditions[0].holds(d, contextOf("aws:username", "ann", "x", "ann")) {
		t.Error("the variable was expanded")
	}
	if !d.Statements[0].Conditions[0].holds(d, contextOf("aws:username", "ann", "x", "${aws:username}")) {
		t.Error("the text does not stand for itself")
	}
}
