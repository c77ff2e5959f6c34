package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/account"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/authorize"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/clock"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/control"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/ec2"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/fault"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/iam"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/kms"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/pricing"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/rbin"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/servicequotas"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/ssm"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sts"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/throttle"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// Options say how an endpoint behaves. The zero value is an endpoint without
// guests and without delays that forgets everything when it closes.
type Options struct {
	// Dir keeps the state between runs; empty keeps nothing.
	Dir string
	// Delays are how long EC2's transitions take.
	Delays world.Delays
	// Backend runs the instances; nil is [instance.NewNone].
	Backend instance.Backend
	// Log gets a JSON line per call; nil writes none.
	Log io.Writer
	// Clock is the endpoint's time; nil is the machine's.
	Clock clock.Clock
	// Seed makes ids, secrets and chances repeat; 0 draws them anew.
	Seed uint64
	// Latency is the least time from a call to its answer, as a network has it. A
	// client of AWS for Go can lose an answer that comes before it has seen the end of
	// its own request (smithy-go 1.28.8), which no answer over a network does.
	Latency time.Duration
	// Throttle applies EC2's request and resource limits.
	Throttle bool
	// Faults is the plan of what goes wrong; the zero value lets all go well.
	Faults fault.Spec
}

// Services are the services of the endpoint, with their actions.
func Services() []*action.Set {
	return []*action.Set{ec2.Actions, sts.Actions, iam.Actions, kms.Actions, ssm.Actions, servicequotas.Actions, pricing.Actions, rbin.Actions, account.Actions}
}

// Endpoint is the HTTP handler of all services.
type Endpoint struct {
	world    *world.World
	services map[string]*action.Set
	targets  map[string]*action.Set
	latency  time.Duration
	// gates are asked in this order before an action runs.
	gates []action.Gate
	log   *callLog
	// control is the control API, beside the services.
	control http.Handler

	faults *fault.Plan
	// letGo is closed when calls that hang are to end.
	letGo   chan struct{}
	release sync.Once

	saver sync.WaitGroup
	done  chan struct{}
}

// New makes an endpoint. Close it to stop its guests and to save its state.
func New(o Options) (*Endpoint, error) {
	if o.Backend == nil {
		o.Backend = instance.NewNone()
	}
	words := vocabulary()
	if err := o.Faults.Check(words); err != nil {
		return nil, fmt.Errorf("the plan of faults: %w", err)
	}
	w, err := world.New(world.Options{Dir: o.Dir, Delays: o.Delays, Backend: o.Backend, Clock: o.Clock, Seed: o.Seed})
	if err != nil {
		return nil, err
	}
	e := &Endpoint{
		latency: o.Latency,
		world:   w, services: map[string]*action.Set{}, targets: map[string]*action.Set{},
		log: &callLog{to: o.Log}, done: make(chan struct{}), letGo: make(chan struct{}),
		faults: fault.New(o.Faults),
	}
	if o.Throttle {
		e.gates = append(e.gates, throttled(throttle.New()))
	}
	e.gates = append(e.gates, pricing.Served, authorize.Gate, ec2.Unseen)
	for _, set := range Services() {
		e.services[set.Service] = set
		if set.Protocol == action.JSON {
			e.targets[set.Namespace] = set
		}
	}
	e.control = control.New(control.Sources{
		World: w, Calls: func(from int64) any { return e.log.since(from) }, ForgetCalls: e.forgetCalls,
		Faults: e.faults, Vocabulary: words,
	})
	e.saver.Add(1)
	go e.saveOften()
	return e, nil
}

// vocabulary is what a plan of faults can name.
func vocabulary() fault.Vocabulary {
	v := fault.Vocabulary{Actions: map[string][]string{}, Regions: world.RegionNames()}
	for _, set := range Services() {
		v.Actions[set.Service] = set.Names()
	}
	return v
}

// World is the state behind the endpoint, for tests that look at it directly.
func (e *Endpoint) World() *world.World { return e.world }

// Calls are the calls since the start, in the order in which they ended.
func (e *Endpoint) Calls() []CallRecord { return e.log.all() }

// Close stops the instances and saves the state.
func (e *Endpoint) Close() error {
	e.LetGo()
	close(e.done)
	e.saver.Wait()
	return e.world.Close()
}

// LetGo ends the calls that a fault lets hang, now and later: a server that is shut
// down waits for every call.
func (e *Endpoint) LetGo() { e.release.Do(func() { close(e.letGo) }) }

// forgetCalls lets log and plan begin anew.
func (e *Endpoint) forgetCalls() {
	e.log.forget()
	e.faults.Reset()
}

// saveOften keeps the loss small when the endpoint is killed.
func (e *Endpoint) saveOften() {
	defer e.saver.Done()
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-e.done:
			return
		case <-tick.C:
			_ = e.world.Save() // Close saves again and reports
		}
	}
}

var _ http.Handler = (*Endpoint)(nil)

// Env are the variables with which an AWS client of an account and Region
// reaches the endpoint at url.
func (e *Endpoint) Env(url, accountID, region string) []string {
	key := e.world.Credentials(accountID)
	return []string{
		"AWS_ENDPOINT_URL=" + url,
		"AWS_ACCESS_KEY_ID=" + key.ID,
		"AWS_SECRET_ACCESS_KEY=" + key.Secret,
		"AWS_REGION=" + region,
		"AWS_DEFAULT_REGION=" + region,
		"AWS_EC2_METADATA_DISABLED=true",
	}
}
