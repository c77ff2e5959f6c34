package fault_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/fault"
)

func TestParseReadsEveryField(t *testing.T) {
	t.Parallel()
	spec, err := fault.Parse([]byte(`{
		"seed": 7,
		"rules": [
			{"name": "slow", "kind": "throttle", "text": "short", "probability": 0.25, "times": 3,
			 "when": {"calls": "2-9", "nth": "every 2", "service": "ec2", "action": "Describe*", "region": "us-*", "account": "123456789012", "resource": "ami-*"}},
			{"kind": "not-visible", "for": "30s"},
			{"kind": "flapping", "visible": "1s", "gone": "2s", "pending": "3s", "cycles": 4},
			{"kind": "error", "code": "C", "message": "M", "status": 409, "applied": true},
			{"kind": "clock-skew", "by": "-10m"},
			{"kind": "truncated-body", "bytes": 0},
			{"kind": "slow-body", "bytes_per_second": 1, "when": {"nth": 3}},
			{"kind": "no-capacity", "type": "m7i.*", "zone": "us-east-1a"},
			{"kind": "spot-loss", "after": "20s"}
		]
	}`))
	if err != nil {
		t.Fatal(err)
	}
	r := spec.Rules[0]
	want := fault.When{
		Calls: fault.Turns{From: 2, To: 9}, Nth: fault.Turns{From: 2, Every: 2}, Service: "ec2", Action: "Describe*", Region: "us-*",
		Account: "123456789012", Resource: "ami-*",
	}
	if spec.Seed != 7 || len(spec.Rules) != 9 || r.Name != "slow" || r.Kind != fault.Throttle || r.Text != "short" || *r.Probability != 0.25 || r.Times != 3 || r.When != want {
		t.Errorf("%+v", r)
	}
	if r := spec.Rules[1]; r.Name != "rule 2" || r.For != fault.Span(30*time.Second) {
		t.Errorf("%+v", r)
	}
	if r := spec.Rules[5]; r.Bytes == nil || *r.Bytes != 0 {
		t.Errorf("%+v", r)
	}
	if r := spec.Rules[6]; r.When.Nth != (fault.Turns{From: 3, To: 3}) || r.BytesPerSecond != 1 {
		t.Errorf("%+v", r)
	}
}

func TestParseNamesLineFieldAndWhatIsAllowed(t *testing.T) {
	t.Parallel()
	rule := func(fields string) string { return "{\n\"rules\": [\n{" + fields + "}]}" }
	for plan, want := range map[string]string{
		`[]`:                            `line 1: want an object`,
		`{`:                             `line 1: want the end of the object`,
		`{"rules": {}}`:                 `line 1: rules: want a list of rules`,
		`{"rule": []}`:                  `line 1: there is no field "rule"; there are rules, seed`,
		`{"seed": -1}`:                  `line 1: seed: want a whole number from 0, got -1`,
		`{"seed": 1, "seed": 2}`:        `the field "seed" occurs twice`,
		`{} {}`:                         `there is more after the end of the plan`,
		rule(``):                        `line 3: rules[0]: the field "kind" is missing; there are bad-gateway, `,
		rule(`"kind":"explode"`):        `line 3: rules[0].kind: there is no kind "explode"; there are bad-gateway, clock-skew, `,
		rule(`"kind":7`):                `line 3: rules[0].kind: want a text, got 7`,
		rule(`"kind":"reset","wen":{}`): `line 3: rules[0]: there is no field "wen"; there are after, applied, `,
		rule("\"kind\":\"reset\",\n\"when\":{\"acton\":\"x\"}"):              `line 4: rules[0].when: there is no field "acton"; there are account, action, calls, nth, region, resource, service`,
		rule(`"kind":"reset","when":{"calls":"often"}`):                      `line 3: rules[0].when.calls: want a number from 1, such as 3; "3-5"; "3-"; or "every 3", got "often"`,
		rule(`"kind":"reset","when":{"calls":"5-3"}`):                        `got "5-3"`,
		rule(`"kind":"reset","when":{"nth":0}`):                              `rules[0].when.nth: want a number from 1`,
		rule(`"kind":"reset","when":{"nth":"every 0"}`):                      `got "every 0"`,
		rule(`"kind":"reset","when":{"action":""}`):                          `rules[0].when.action: want a text, got an empty one`,
		rule(`"kind":"reset","probability":1.5`):                             `rules[0].probability: want a number from 0 to 1, got 1.5`,
		rule(`"kind":"reset","times":0`):                                     `rules[0].times: want a whole number from 1 to`,
		rule(`"kind":"reset","seconds":3`):                                   `there is no field "seconds"`,
		rule(`"kind":"reset","for":"3s"`):                                    `rules[0]: the kind reset takes no field "for"; it takes none of its own`,
		rule(`"kind":"throttle","for":"3s"`):                                 `the kind throttle takes no field "for"; it takes text`,
		rule(`"kind":"throttle","text":"long"`):                              `rules[0].text: want account or short, got "long"`,
		rule(`"kind":"not-visible"`):                                         `rules[0]: the kind not-visible needs the field "for"`,
		rule(`"kind":"not-visible","for":"-3s"`):                             `rules[0].for: want a time such as "90s" or "1m30s", got "-3s"`,
		rule(`"kind":"not-visible","for":30`):                                `rules[0].for: want a time such as "90s" or "1m30s", got 30`,
		rule(`"kind":"error","code":"X","status":200`):                       `rules[0].status: want a whole number from 400 to 599, got 200`,
		rule(`"kind":"hang","applied":"yes"`):                                `rules[0].applied: want true or false, got "yes"`,
		rule(`"kind":"hang","applied":null`):                                 `rules[0].applied: want true or false, got null`,
		`{"rules":[{"name":"a","kind":"reset"},{"name":"a","kind":"hang"}]}`: `rules[1].name: "a" is the name of the rule in line 1 too`,
	} {
		_, err := fault.Parse([]byte(plan))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", plan, err, want)
		}
	}
	if _, err := fault.Parse(make([]byte, 2<<20)); err == nil || !strings.Contains(err.Error(), "bytes") {
		t.Errorf("a plan of 2 MiB: %v", err)
	}
}

func TestCheckRefusesWhatNoCallCanMatch(t *testing.T) {
	t.Parallel()
	words := fault.Vocabulary{Actions: map[string][]string{"ec2": {"CopyImage", "DescribeImages"}, "sts": {"AssumeRole"}}, Regions: []string{"eu-west-1", "us-east-1"}}
	for when, want := range map[string]string{
		`"service":"s3"`:                       `line 1: rules[0].when.service: "s3" is no service of the endpoint; there are ec2, sts`,
		`"action":"CopyImages"`:                `line 1: rules[0].when.action: "CopyImages" matches no action of ec2, sts`,
		`"service":"sts","action":"CopyImage"`: `rules[0].when.action: "CopyImage" matches no action of sts`,
		`"region":"mars-*"`:                    `rules[0].when.region: "mars-*" matches no Region; there are eu-west-1, us-east-1`,
		`"action":"*Image*","region":"*-1"`:    ``,
		``:                                     ``,
	} {
		spec, err := fault.Parse([]byte(`{"rules":[{"kind":"reset","when":{` + when + `}}]}`))
		if err != nil {
			t.Fatal(err)
		}
		err = spec.Check(words)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasSuffix(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", when, err, want)
		}
	}
}

func TestFitsKnowsStars(t *testing.T) {
	t.Parallel()
	for pattern, texts := range map[string]map[string]bool{
		"":      {"": true, "x": true},
		"*":     {"": true, "x": true},
		"ab":    {"ab": true, "abc": false},
		"a*c":   {"ac": true, "abc": true, "ab": false, "a": false},
		"a*b*c": {"abc": true, "axbxc": true, "acb": false, "abxc": true},
		"a*a":   {"a": false, "aa": true},
	} {
		for text, want := range texts {
			if fault.Fits(pattern, text) != want {
				t.Errorf("%q in %q", pattern, text)
			}
		}
	}
}

// FuzzParse looks for plans that make the parser panic, and for accepted plans
// that do not read the same once they are written down.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"seed":1,"rules":[{"kind":"throttle","when":{"calls":"1-","nth":"every 2","action":"D*"},"probability":0.5}]}`,
		`{"rules":[{"kind":"flapping","visible":"1s","cycles":2},{"kind":"clock-skew","by":"-1h"}]}`, `{"rules":[{"name":"\u0000","kind":"hang"}]}`, `[`, `{"rules":[`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		spec, err := fault.Parse(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "line ") && !strings.HasPrefix(err.Error(), "a plan has at most") {
				t.Errorf("an error without a line: %v", err)
			}
			return
		}
		written, err := json.Marshal(spec)
		if err != nil {
			t.Fatal(err)
		}
		again, err := fault.Parse(written)
		if err != nil {
			t.Fatalf("%v in %s", err, written)
		}
		rewritten, err := json.Marshal(again)
		if err != nil || !reflect.DeepEqual(written, rewritten) {
			t.Errorf("%v\n%s\n%s", err, written, rewritten)
		}
		plan := fault.New(spec)
		for n := range int64(5) {
			plan.Match(fault.Call{Index: n + 1, Service: "ec2", Action: "DescribeImages"})
		}
	})
}
