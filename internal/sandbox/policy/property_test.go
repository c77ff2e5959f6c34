package policy

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawn is a statement as a policy writes it.
type drawn struct {
	Effect    string
	Action    []string                       `json:",omitempty"`
	NotAction []string                       `json:",omitempty"`
	Resource  []string                       `json:",omitempty"`
	Condition map[string]map[string][]string `json:",omitempty"`
}

var (
	actions   = rapid.SampledFrom([]string{"*", "ec2:*", "ec2:CopyImage", "ec2:Copy*", "EC2:COPYIMAGE", "kms:Decrypt", "ec2:?opyImage"})
	resources = rapid.SampledFrom([]string{"*", "arn:aws:ec2:us-east-1::image/ami-1", "arn:aws:ec2:*::image/*", "arn:aws:ec2:*::snapshot/*", "arn:aws:ec2:*"})
	operatorS = rapid.SampledFrom([]string{"StringEquals", "StringNotEquals", "StringLike", "ForAllValues:StringEquals", "ForAnyValue:StringLike", "StringEqualsIfExists", "Null"})
)

func drawStatement(t *rapid.T) drawn {
	s := drawn{Effect: rapid.SampledFrom([]string{"Allow", "Deny"}).Draw(t, "effect")}
	list := rapid.SliceOfN(actions, 1, 3).Draw(t, "actions")
	if rapid.Bool().Draw(t, "not") {
		s.NotAction = list
	} else {
		s.Action = list
	}
	s.Resource = rapid.SliceOfN(resources, 1, 3).Draw(t, "resources")
	if rapid.Bool().Draw(t, "conditional") {
		values := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "*", "true"}), 1, 2).Draw(t, "values")
		s.Condition = map[string]map[string][]string{operatorS.Draw(t, "operator"): {"x:Key": values}}
	}
	return s
}

func drawRequest(t *rapid.T) Request {
	var c Context
	c.Set("x:key", rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 2).Draw(t, "key")...)
	return Request{
		Principal: user, Context: c,
		Action:   rapid.SampledFrom([]string{"ec2:CopyImage", "ec2:CopySnapshot", "kms:Decrypt"}).Draw(t, "action"),
		Resource: rapid.SampledFrom([]string{"*", "arn:aws:ec2:us-east-1::image/ami-1", "arn:aws:ec2:eu-west-1::snapshot/snap-1"}).Draw(t, "resource"),
	}
}

func sourcesOf(t *rapid.T, statements ...drawn) []Source {
	all := make([]Source, 0, 1)
	text, err := json.Marshal(map[string]any{"Version": versionNew, "Statement": statements})
	if err != nil {
		t.Fatal(err)
	}
	return append(all, Source{Document: policyOf(t, Identity, string(text))})
}

func TestPropertyADenyAlwaysWins(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t)
		statements := rapid.SliceOfN(rapid.Custom(drawStatement), 0, 5).Draw(t, "statements")
		at := rapid.IntRange(0, len(statements)).Draw(t, "at")
		deny := drawn{Effect: "Deny", Action: []string{r.Action}, Resource: []string{r.Resource}}
		with := append(append(append([]drawn{}, statements[:at]...), deny), statements[at:]...)
		layer := rapid.SampledFrom([]Layer{IdentityLayer, BoundaryLayer, SessionLayer, ResourceLayer}).Draw(t, "layer")
		p := Policies{Open: rapid.Bool().Draw(t, "open"), Granted: rapid.Bool().Draw(t, "granted")}
		switch sources := sourcesOf(t, with...); layer {
		case IdentityLayer:
			p.Identity = sources
		case BoundaryLayer:
			p.Bounded, p.Boundary = true, sources
		case SessionLayer:
			p.InSession, p.Session = true, sources
		case ResourceLayer:
			p.Resource = sources[0].Document
		}
		if got := Evaluate(r, p); got.Allowed || !got.Explicit || got.By != layer || len(got.Matched) == 0 {
			t.Fatalf("got %+v", got)
		}
	})
}

func TestPropertyTheOrderOfStatementsNeverMatters(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t)
		statements := rapid.SliceOfN(rapid.Custom(drawStatement), 1, 6).Draw(t, "statements")
		first := Evaluate(r, Policies{Identity: sourcesOf(t, statements...)})
		second := Evaluate(r, Policies{Identity: sourcesOf(t, rapid.Permutation(statements).Draw(t, "permuted")...)})
		var apart []Source
		for _, s := range statements {
			apart = append(apart, sourcesOf(t, s)...)
		}
		third := Evaluate(r, Policies{Identity: apart})
		if first.Allowed != second.Allowed || first.Explicit != second.Explicit || first.Allowed != third.Allowed || first.Explicit != third.Explicit {
			t.Fatalf("%+v, %+v and %+v", first, second, third)
		}
	})
}

func TestPropertyALimitNeverAllowsMore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t)
		p := Policies{Identity: sourcesOf(t, rapid.SliceOfN(rapid.Custom(drawStatement), 1, 4).Draw(t, "identity")...)}
		limit := sourcesOf(t, rapid.SliceOfN(rapid.Custom(drawStatement), 1, 4).Draw(t, "limit")...)
		bounded, inSession := p, p
		bounded.Bounded, bounded.Boundary = true, limit
		inSession.InSession, inSession.Session = true, limit
		alone, limitAlone := Evaluate(r, p), Evaluate(r, Policies{Identity: limit})
		want := alone.Allowed && limitAlone.Allowed
		if a, b := Evaluate(r, bounded), Evaluate(r, inSession); a.Allowed != want || b.Allowed != want {
			t.Fatalf("want %v, got %+v and %+v", want, a, b)
		}
	})
}

func TestPropertyWildcardsMatchAsARegularExpressionDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringOfN(rapid.RuneFrom([]rune("ab:*?")), 0, 12, -1).Draw(t, "pattern")
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab:")), 0, 16, -1).Draw(t, "text")
		quoted := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
		if got, want := match(wildcards(pattern), text), regexp.MustCompile(`^`+quoted+`$`).MatchString(text); got != want {
			t.Fatalf("got %v", got)
		}
	})
}

// TestPropertyARNWildcardsMatchAsARegularExpressionDoes builds the expression by
// the documented rules, part by part.
func TestPropertyARNWildcardsMatchAsARegularExpressionDoes(t *testing.T) {
	t.Parallel()
	part := rapid.StringOfN(rapid.RuneFrom([]rune("a*?")), 0, 3, -1)
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(part, 1, 7).Draw(t, "parts")
		text := strings.Join(rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 0, 3, -1), 1, 7).Draw(t, "text"), ":")
		written := make([]string, len(parts))
		for i, p := range parts {
			q := regexp.QuoteMeta(p)
			if i >= arnParts-1 {
				written[i] = strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(q)
				continue
			}
			body, ends := strings.CutSuffix(q, `\*`)
			written[i] = strings.NewReplacer(`\*`, `[^:]*`, `\?`, `[^:]`).Replace(body)
			if ends {
				written[i] += `.*`
			}
		}
		expression := regexp.MustCompile(`^` + strings.Join(written, ":") + `$`)
		if got, want := match(arnPattern(wildcards(strings.Join(parts, ":"))), text), expression.MatchString(text); got != want {
			t.Fatalf("pattern %v: got %v, want %v by %s", parts, got, want, expression)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Action":"ec2:*","Resource":"arn:aws:ec2:*::image/${aws:username}"}]}`)
	f.Add(`{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":["*"]},"NotAction":["a:b"],"NotResource":"*","Condition":{"ForAnyValue:StringLikeIfExists":{"k":[1,true,"x"]}}}}`)
	f.Add(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws"}}`)
	f.Add(`{"":0}`)
	f.Add(`{"Statement":}`)
	f.Fuzz(func(t *testing.T, document string) {
		for _, kind := range []Kind{Identity, Session, Trust, Key} {
			d, err := Parse(kind, document)
			if (d == nil) == (err == nil) {
				t.Fatalf("a document or an error, got %v and %v", d, err)
			}
			if d == nil {
				continue
			}
			// What was accepted can be evaluated, and never both allows and denies.
			got := Evaluate(Request{Principal: user, Action: "ec2:CopyImage", Resource: "*"}, Policies{Identity: []Source{{Document: d}}})
			if got.Allowed && got.Explicit {
				t.Fatalf("%+v", got)
			}
		}
	})
}
