package policy

import (
	"testing"
)

const account = "123456789012"

var (
	user    = Principal{ARN: "arn:aws:iam::123456789012:user/builder", Account: account}
	session = Principal{ARN: "arn:aws:sts::123456789012:assumed-role/ci/run", Role: "arn:aws:iam::123456789012:role/ci", Account: account}
)

// policyOf reads a document and fails the test when it is refused.
func policyOf(t interface {
	Helper()
	Fatalf(string, ...any)
}, kind Kind, text string,
) *Document {
	t.Helper()
	d, err := Parse(kind, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

func inline(t *testing.T, statement string) []Source {
	t.Helper()
	return []Source{{Document: policyOf(t, Identity, `{"Version":"2012-10-17","Statement":`+statement+`}`)}}
}

func contextOf(pairs ...string) Context {
	var c Context
	for i := 0; i < len(pairs); i += 2 {
		c.Set(pairs[i], append(c.Values(pairs[i]), pairs[i+1])...)
	}
	return c
}

func TestStatementsMatch(t *testing.T) {
	t.Parallel()
	const image = "arn:aws:ec2:us-east-1::image/ami-1"
	for _, tt := range []struct {
		name, statement, action, resource string
		context                           Context
		want                              bool
	}{
		{"exact", `{"Effect":"Allow","Action":"ec2:CopyImage","Resource":"` + image + `"}`, "ec2:CopyImage", image, Context{}, true},
		{"action in another case", `{"Effect":"Allow","Action":"EC2:copyimage","Resource":"*"}`, "ec2:CopyImage", image, Context{}, true},
		{"action with wildcards", `{"Effect":"Allow","Action":"ec2:C?py*","Resource":"*"}`, "ec2:CopyImage", image, Context{}, true},
		{"another action", `{"Effect":"Allow","Action":["ec2:CopySnapshot","ec2:Copy"],"Resource":"*"}`, "ec2:CopyImage", image, Context{}, false},
		{"NotAction without it", `{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, "ec2:CopyImage", image, Context{}, true},
		{"NotAction with it", `{"Effect":"Allow","NotAction":"ec2:*","Resource":"*"}`, "ec2:CopyImage", image, Context{}, false},
		{"resource in another case", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:ec2:us-east-1::Image/ami-1"}`, "ec2:CopyImage", image, Context{}, false},
		{"star inside the resource", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:ec2:*::image/*"}`, "ec2:CopyImage", image, Context{}, true},
		{"star ends a part and reaches on", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:ec2:*"}`, "ec2:CopyImage", image, Context{}, true},
		{"star inside a part stays there", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:ec2:us*e/ami-1"}`, "ec2:CopyImage", image, Context{}, false},
		{"question mark is no colon", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:ec2:us-east-1?:image/ami-1"}`, "ec2:CopyImage", image, Context{}, false},
		{"NotResource without it", `{"Effect":"Allow","Action":"*","NotResource":"arn:aws:ec2:*::snapshot/*"}`, "ec2:CopyImage", image, Context{}, true},
		{"NotResource with it", `{"Effect":"Allow","Action":"*","NotResource":"arn:aws:ec2:*::image/*"}`, "ec2:CopyImage", image, Context{}, false},
		{"variable", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:ssm:*:*:parameter/${aws:username}/*"}`, "ssm:GetParameter", "arn:aws:ssm:us-east-1:1:parameter/ann/x", contextOf("aws:UserName", "ann"), true},
		{"variable of another", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:ssm:*:*:parameter/${aws:username}/*"}`, "ssm:GetParameter", "arn:aws:ssm:us-east-1:1:parameter/ann/x", contextOf("aws:username", "*"), false},
		{"variable without value", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:ssm:*:*:parameter/${aws:username}"}`, "ssm:GetParameter", "arn:aws:ssm:us-east-1:1:parameter/", Context{}, false},
		{"variable with default", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:ssm:*:*:parameter/${aws:PrincipalTag/team, 'all'}"}`, "ssm:GetParameter", "arn:aws:ssm:us-east-1:1:parameter/all", Context{}, true},
		{"literal star", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:ec2:*::snapshot/${*}"}`, "ec2:CopySnapshot", "arn:aws:ec2:us-east-1::snapshot/*", Context{}, true},
		{"literal star is none", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:ec2:*::snapshot/${*}"}`, "ec2:CopySnapshot", "arn:aws:ec2:us-east-1::snapshot/snap-1", Context{}, false},
		{"condition", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/Team":"img"}}}`, "ec2:CreateTags", image, contextOf("aws:RequestTag/team", "img"), true},
		{"all conditions", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/Team":"img"},"Bool":{"aws:SecureTransport":true}}}`, "ec2:CreateTags", image, contextOf("aws:RequestTag/Team", "img", "aws:SecureTransport", "false"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Evaluate(Request{Principal: user, Action: tt.action, Resource: tt.resource, Context: tt.context}, Policies{Identity: inline(t, tt.statement)})
			if got.Allowed != tt.want {
				t.Errorf("got %+v", got)
			}
		})
	}
}

const (
	allowAll = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	denyAll  = `{"Effect":"Deny","Action":"*","Resource":"*"}`
	onlyEC2  = `{"Effect":"Allow","Action":"ec2:*","Resource":"*"}`
)

func TestLayersLimitEachOther(t *testing.T) {
	t.Parallel()
	all, ec2, deny := inline(t, allowAll), inline(t, onlyEC2), inline(t, denyAll)
	for name, tt := range map[string]struct {
		policies Policies
		allowed  bool
		by       Layer
		explicit bool
	}{
		"nothing allows":             {Policies{}, false, IdentityLayer, false},
		"open":                       {Policies{Open: true}, true, "", false},
		"open, but denied":           {Policies{Open: true, Identity: deny}, false, IdentityLayer, true},
		"open within a boundary":     {Policies{Open: true, Bounded: true, Boundary: ec2}, false, BoundaryLayer, false},
		"empty boundary":             {Policies{Identity: all, Bounded: true}, false, BoundaryLayer, false},
		"boundary denies":            {Policies{Identity: all, Bounded: true, Boundary: deny}, false, BoundaryLayer, true},
		"session without it":         {Policies{Identity: all, InSession: true, Session: ec2}, false, SessionLayer, false},
		"session denies":             {Policies{Identity: all, InSession: true, Session: deny}, false, SessionLayer, true},
		"all three allow":            {Policies{Identity: all, Bounded: true, Boundary: all, InSession: true, Session: all}, true, "", false},
		"boundary alone gives none":  {Policies{Bounded: true, Boundary: all}, false, IdentityLayer, false},
		"identity denies before all": {Policies{Identity: deny, Bounded: true, Boundary: deny}, false, IdentityLayer, true},
	} {
		got := Evaluate(Request{Principal: session, Action: "kms:Decrypt", Resource: "*"}, tt.policies)
		if got.Allowed != tt.allowed || got.By != tt.by || got.Explicit != tt.explicit {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestResourcePoliciesOfOneAccountAndTwo(t *testing.T) {
	t.Parallel()
	key := func(principal string) *Document {
		return policyOf(t, Key, `{"Statement":{"Effect":"Allow","Principal":`+principal+`,"Action":"kms:*","Resource":"*"}}`)
	}
	const (
		root   = `{"AWS":"arn:aws:iam::123456789012:root"}`
		byUser = `{"AWS":["arn:aws:iam::123456789012:user/builder"]}`
		asRole = `{"AWS":"arn:aws:iam::123456789012:role/ci"}`
		asRun  = `{"AWS":"arn:aws:sts::123456789012:assumed-role/ci/run"}`
		other  = `{"AWS":"111122223333"}`
	)
	all := inline(t, allowAll)
	for name, tt := range map[string]struct {
		caller   Principal
		owner    string
		policies Policies
		allowed  bool
		by       Layer
	}{
		"root leaves it to identity, which is silent": {user, account, Policies{Resource: key(root), Required: true}, false, IdentityLayer},
		"root leaves it to identity, which allows":    {user, account, Policies{Identity: all, Resource: key(root), Required: true}, true, ""},
		"identity alone is not enough for a key":      {user, account, Policies{Identity: all, Resource: key(other), Required: true}, false, ResourceLayer},
		"named user needs nothing more":               {user, account, Policies{Resource: key(byUser), Required: true, Bounded: true}, true, ""},
		"named role needs nothing more":               {session, account, Policies{Resource: key(asRole), Required: true}, true, ""},
		"named role stays in its boundary":            {session, account, Policies{Resource: key(asRole), Required: true, Bounded: true}, false, BoundaryLayer},
		"named session is above its boundary":         {session, account, Policies{Resource: key(asRun), Required: true, Bounded: true, InSession: true}, true, ""},
		"everyone names a role at most":               {session, account, Policies{Resource: key(`"*"`), Required: true, InSession: true}, false, SessionLayer},
		"a grant is enough":                           {session, account, Policies{Resource: key(other), Required: true, Granted: true}, true, ""},
		"abroad, the other account is silent":         {user, "111122223333", Policies{Identity: all, Resource: key(other), Required: true}, false, ResourceLayer},
		"abroad, identity is silent":                  {user, "111122223333", Policies{Resource: key(byUser), Required: true}, false, IdentityLayer},
		"abroad, both allow":                          {user, "111122223333", Policies{Identity: all, Resource: key(root), Required: true}, true, ""},
		"not required, identity is enough":            {user, account, Policies{Identity: all, Resource: key(other)}, true, ""},
	} {
		got := Evaluate(Request{Principal: tt.caller, Action: "kms:Decrypt", Resource: "*", Owner: tt.owner}, tt.policies)
		if got.Allowed != tt.allowed || got.By != tt.by {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestNotPrincipalDeniesTheOthers(t *testing.T) {
	t.Parallel()
	d := policyOf(t, Key, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"},
		{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::123456789012:user/builder"},"Action":"kms:*","Resource":"*"}]}`)
	decide := func(p Principal) Decision {
		return Evaluate(Request{Principal: p, Action: "kms:Decrypt", Resource: "*"}, Policies{Resource: d, Required: true})
	}
	if got := decide(user); !got.Allowed {
		t.Errorf("the named one: %+v", got)
	}
	if got := decide(session); got.Allowed || !got.Explicit || got.By != ResourceLayer || len(got.Matched) != 1 {
		t.Errorf("another one: %+v", got)
	}
}
