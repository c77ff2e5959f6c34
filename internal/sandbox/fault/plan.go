package fault

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
)

// Plan selects what befalls calls. It is safe for use by many at once; its zero
// value has no rules.
type Plan struct {
	mu    sync.Mutex
	seed  uint64
	rules []*entry
}

// entry is a rule with its counters: the calls that all but When.Nth selects,
// those that When selects, and those that the fault befell.
type entry struct {
	Rule

	seen, matched, fired int64
}

// Call is what the plan looks at.
type Call struct {
	// Index numbers the calls as they arrive, from 1.
	Index                            int64
	Service, Action, Region, Account string
	// Values are the values of the call's parameters.
	Values []string
	// Unknown tells that the caller is not authenticated.
	Unknown bool
}

// Hits are the rules that befall a call.
type Hits struct {
	// Answer decides what the caller is told; nil is the true answer.
	Answer *Rule
	// Made befall what the call makes, in the order of the plan.
	Made []*Rule
}

// CarriesOut tells whether the call takes place.
func (h Hits) CarriesOut() bool { return h.Answer == nil || h.Answer.CarriesOut() }

// New makes a plan of a spec.
func New(s Spec) *Plan {
	p := &Plan{}
	p.Replace(s)
	return p
}

// Replace takes the rules of a spec instead of the plan's; all counters are zero.
func (p *Plan) Replace(s Spec) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seed, p.rules = s.Seed, nil
	p.append(s.Rules)
}

func (p *Plan) append(rules []Rule) {
	for _, r := range rules {
		p.rules = append(p.rules, &entry{Rule: r})
	}
}

// Add puts the rules of a spec behind those of the plan, and keeps its seed. It
// refuses a name that the plan has.
func (p *Plan) Add(s Spec) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range s.Rules {
		name := &s.Rules[i].Name
		if s.Rules[i].unnamed {
			*name = fmt.Sprintf("rule %d", len(p.rules)+i+1)
		}
		if p.find(*name) >= 0 {
			return fmt.Errorf("rules[%d].name: the plan has a rule %q already", i, *name)
		}
	}
	p.append(s.Rules)
	return nil
}

func (p *Plan) find(name string) int {
	return slices.IndexFunc(p.rules, func(e *entry) bool { return e.Name == name })
}

// Remove takes a rule out and tells whether there was one of that name.
func (p *Plan) Remove(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.find(name)
	if i >= 0 {
		p.rules = slices.Delete(p.rules, i, i+1)
	}
	return i >= 0
}

// Reset sets all counters to zero, so that the plan begins anew.
func (p *Plan) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.rules {
		e.seen, e.matched, e.fired = 0, 0, 0
	}
}

// Match gives what befalls a call, and counts it. The first rule that decides the
// answer wins; rules for what the call makes take place only if it is carried out.
func (p *Plan) Match(c Call) Hits {
	p.mu.Lock()
	defer p.mu.Unlock()
	var h Hits
	var selected []*entry
	for _, e := range p.rules {
		if e.selects(c) && e.lucky(p.seed) {
			selected = append(selected, e)
		}
	}
	for _, e := range selected {
		if h.Answer == nil && !e.Kind.BefallsMade() && e.left() && (!c.Unknown || shapes[e.Kind].unknown) {
			e.fired++
			h.Answer = &e.Rule
		}
	}
	if !h.CarriesOut() || c.Unknown {
		return h
	}
	for _, e := range selected {
		if e.Kind.BefallsMade() && e.left() {
			e.fired++
			h.Made = append(h.Made, &e.Rule)
		}
	}
	return h
}

// Unfire takes back that a rule befell a call: there was nothing for it to befall.
func (p *Plan) Unfire(r *Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.rules {
		if &e.Rule == r && e.fired > 0 {
			e.fired--
		}
	}
}

func (e *entry) left() bool { return e.Times == 0 || e.fired < e.Times }

func (e *entry) selects(c Call) bool {
	w := e.When
	if !w.Calls.Has(c.Index) || !Fits(w.Service, c.Service) || !Fits(w.Action, c.Action) || !Fits(w.Region, c.Region) || !Fits(w.Account, c.Account) {
		return false
	}
	if w.Resource != "" && !slices.ContainsFunc(c.Values, func(v string) bool { return Fits(w.Resource, v) }) {
		return false
	}
	e.seen++
	if !w.Nth.Has(e.seen) {
		return false
	}
	e.matched++
	return true
}

// lucky draws the rule's chance. The draw follows from seed, rule and how many
// calls the rule has matched, so that other rules and other calls do not change it.
func (e *entry) lucky(seed uint64) bool {
	if e.Probability == nil {
		return true
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(e.Name))                                   // a hash takes every write
	draw := rand.New(rand.NewPCG(seed^h.Sum64(), uint64(e.matched))) //nolint:gosec // chances, not secrets
	return draw.Float64() < *e.Probability
}

// Status is a rule with its counters.
type Status struct {
	Rule

	// Matched are the calls that the rule selected, Fired those that it befell.
	Matched int64 `json:"matched"`
	Fired   int64 `json:"fired"`
}

// Report is the plan with its counters.
type Report struct {
	Seed  uint64   `json:"seed"`
	Rules []Status `json:"rules"`
}

// Report gives the plan as it is now.
func (p *Plan) Report() Report {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := Report{Seed: p.seed, Rules: make([]Status, 0, len(p.rules))}
	for _, e := range p.rules {
		out.Rules = append(out.Rules, Status{Rule: e.Rule, Matched: e.matched, Fired: e.fired})
	}
	return out
}
