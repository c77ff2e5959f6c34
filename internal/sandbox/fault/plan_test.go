package fault_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/fault"
)

func plan(t *testing.T, rules string) *fault.Plan {
	t.Helper()
	spec, err := fault.Parse([]byte(`{"seed":7,"rules":[` + rules + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return fault.New(spec)
}

// call is an EC2 call of the home account.
func call(index int64, action string, values ...string) fault.Call {
	return fault.Call{Index: index, Service: "ec2", Action: action, Region: "us-east-1", Account: "123456789012", Values: values}
}

// fired are the indexes of those of n calls that a fault decided.
func fired(p *fault.Plan, n int64, action string) []int64 {
	var all []int64
	for i := range n {
		if p.Match(call(i+1, action, "ami-1")).Answer != nil {
			all = append(all, i+1)
		}
	}
	return all
}

func TestRulesSelectCalls(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]string{
		`"when":{}`:                              "[1 2 3 4 5 6 7 8 9]",
		`"when":{"calls":3}`:                     "[3]",
		`"when":{"calls":"3-5"}`:                 "[3 4 5]",
		`"when":{"calls":"8-"}`:                  "[8 9]",
		`"when":{"calls":"every 4"}`:             "[4 8]",
		`"when":{"calls":"3-","nth":"2"}`:        "[4]",
		`"when":{"nth":"every 3"}`:               "[3 6 9]",
		`"times":2`:                              "[1 2]",
		`"when":{"calls":"2-"},"times":2`:        "[2 3]",
		`"when":{"action":"Describe*"}`:          "[1 2 3 4 5 6 7 8 9]",
		`"when":{"action":"Copy*"}`:              "[]",
		`"when":{"service":"sts"}`:               "[]",
		`"when":{"region":"us-*","calls":1}`:     "[1]",
		`"when":{"region":"eu-*"}`:               "[]",
		`"when":{"account":"111122223333"}`:      "[]",
		`"when":{"resource":"ami-1","calls":1}`:  "[1]",
		`"when":{"resource":"ami-2"}`:            "[]",
		`"probability":0`:                        "[]",
		`"probability":1,"when":{"calls":"1-2"}`: "[1 2]",
		`"probability":0.4`:                      fmt.Sprint(fired(plan(t, `{"kind":"reset","probability":0.4}`), 9, "DescribeImages")),
		`"name":"rule 1","probability":0.4`:      fmt.Sprint(fired(plan(t, `{"kind":"reset","probability":0.4}`), 9, "DescribeImages")),
	} {
		if got := fmt.Sprint(fired(plan(t, `{"kind":"reset",`+rule+`}`), 9, "DescribeImages")); got != want {
			t.Errorf("%s: %s, want %s", rule, got, want)
		}
	}
}

func TestChancesFollowFromTheSeed(t *testing.T) {
	t.Parallel()
	of := func(seed string) []int64 {
		spec, err := fault.Parse([]byte(`{"seed":` + seed + `,"rules":[{"kind":"throttle","probability":0.3}]}`))
		if err != nil {
			t.Fatal(err)
		}
		return fired(fault.New(spec), 1000, "CopyImage")
	}
	first := of("1")
	if !slices.Equal(first, of("1")) || slices.Equal(first, of("2")) {
		t.Error("the same seed gives the same chances, another seed others")
	}
	if n := len(first); n < 240 || n > 360 {
		t.Errorf("%d of 1000 calls at 0.3", n)
	}
}

func TestOneRuleDecidesTheAnswerAndAllBefallWhatIsMade(t *testing.T) {
	t.Parallel()
	p := plan(t, `{"kind":"not-visible","for":"1s"},{"kind":"lost-answer","times":1},{"kind":"reset","times":1},{"kind":"image-fails"}`)
	kinds := func(h fault.Hits) string {
		all := []string{"-"}
		if h.Answer != nil {
			all[0] = string(h.Answer.Kind)
		}
		for _, r := range h.Made {
			all = append(all, string(r.Kind))
		}
		return strings.Join(all, " ")
	}
	for n, want := range []string{"lost-answer not-visible image-fails", "reset", "- not-visible image-fails"} {
		if got := kinds(p.Match(call(int64(n+1), "CreateImage"))); got != want {
			t.Errorf("call %d: %q, want %q", n+1, got, want)
		}
	}
	stranger := call(4, "CreateImage")
	stranger.Unknown = true
	if got := kinds(plan(t, `{"kind":"throttle"},{"kind":"not-visible","for":"1s"},{"kind":"hang"}`).Match(stranger)); got != "hang" {
		t.Errorf("a stranger: %q", got)
	}
}

func TestCountersTellWhatMatchedAndFired(t *testing.T) {
	t.Parallel()
	p := plan(t, `{"name":"a","kind":"throttle","times":1,"when":{"nth":"2-"}}`)
	counters := func() string {
		r := p.Report().Rules[0]
		return fmt.Sprint(r.Matched, r.Fired)
	}
	fired(p, 4, "CopyImage")
	if got := counters(); got != "3 1" {
		t.Errorf("matched and fired: %s", got)
	}
	p.Reset()
	if got := counters(); got != "0 0" || len(fired(p, 4, "CopyImage")) != 1 {
		t.Errorf("after a reset: %s", got)
	}
	text, err := json.Marshal(p.Report())
	if err != nil || !strings.Contains(string(text), `{"name":"a","kind":"throttle","when":{"nth":"2-"},"times":1,"matched":3,"fired":1}`) {
		t.Errorf("%v %s", err, text)
	}
}

func TestPlansChangeWhileTheyRun(t *testing.T) {
	t.Parallel()
	p := plan(t, `{"kind":"throttle"}`)
	more, err := fault.Parse([]byte(`{"rules":[{"kind":"hang"},{"name":"x","kind":"reset"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Add(more); err != nil {
		t.Fatal(err)
	}
	names := func() string {
		var all []string
		for _, r := range p.Report().Rules {
			all = append(all, r.Name)
		}
		return strings.Join(all, "; ")
	}
	if names() != "rule 1; rule 2; x" {
		t.Error(names())
	}
	if err := p.Add(more); err == nil || names() != "rule 1; rule 2; x" {
		t.Errorf("a name twice: %v, %s", err, names())
	}
	if !p.Remove("rule 2") || p.Remove("rule 2") || names() != "rule 1; x" {
		t.Error(names())
	}
	h := p.Match(call(1, "CopyImage"))
	p.Unfire(h.Answer)
	if p.Report().Rules[0].Fired != 0 {
		t.Error("unfire")
	}
	p.Replace(fault.Spec{})
	if names() != "" || p.Match(call(1, "CopyImage")).Answer != nil {
		t.Error("replaced by nothing")
	}
}

func TestTimesHoldsForManyAtOnce(t *testing.T) {
	t.Parallel()
	p := plan(t, `{"kind":"throttle","times":10}`)
	var wg sync.WaitGroup
	var mu sync.Mutex
	n := 0
	for i := range 100 {
		wg.Go(func() {
			if p.Match(call(int64(i+1), "CopyImage")).Answer != nil {
				mu.Lock()
				defer mu.Unlock()
				n++
			}
		})
	}
	wg.Wait()
	if n != 10 {
		t.Errorf("fired %d times", n)
	}
}

func TestKindsAreDescribed(t *testing.T) {
	t.Parallel()
	all := fault.Describe()
	if len(all) != 21 || !slices.IsSorted(fault.Kinds()) {
		t.Errorf("%d kinds: %v", len(all), fault.Kinds())
	}
	for _, d := range all {
		if d.About == "" || d.Fields == nil || d.Needs == nil {
			t.Errorf("%+v", d)
		}
		for _, need := range d.Needs {
			if !slices.Contains(d.Fields, need) {
				t.Errorf("%s needs %s and does not take it", d.Kind, need)
			}
		}
	}
}
