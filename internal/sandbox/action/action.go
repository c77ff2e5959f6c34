package action

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"sort"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/fault"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// Call is one request after who and where are known.
type Call struct {
	//nolint:containedctx // the call is the request's scope, as http.Request is
	Context context.Context
	World   *world.World
	// Index numbers the endpoint's calls as they arrive, from 1.
	Index int64
	// Service and Action are what is called: ec2, CopyImage.
	Service, Action string
	Account         string
	Principal       string
	Region          string
	// AccessKeyID is the key that the call is signed with, SourceIP and UserAgent
	// are whom it comes from.
	AccessKeyID, SourceIP, UserAgent string
	RequestID                        string
	Now                              time.Time
	// Endpoint is this endpoint's own URL.
	Endpoint string
	// Faults befall what the call makes.
	Faults []*Befalling
	// Form are a Query request's parameters, Body a JSON request's document.
	Form url.Values
	Body []byte
}

// Befalling is a fault for what a call makes.
type Befalling struct {
	*fault.Rule

	// Befell is set when there was something for it to befall.
	Befell bool
}

// Mine is what the caller has in the Region of the call.
func (c *Call) Mine() *world.Region { return c.World.Region(c.Account, c.Region) }

// Protocol is how a service speaks.
type Protocol int

// The protocols of the services here.
const (
	EC2Query Protocol = iota
	Query
	JSON
	REST
)

// Set are the actions of one service.
type Set struct {
	Service   string
	Protocol  Protocol
	Namespace string
	Actions   map[string]Action
	// Made is told the ids of what a call has made, before anybody else can see it;
	// nil is not told.
	Made func(c *Call, ids []string)
	// Routes are where the actions of a REST service are, by action.
	Routes map[string]Route
}

// Action is one thing that a service does.
type Action struct {
	Name          string
	Input, Output reflect.Type
	run           func(c *Call) (any, error)
}

// NewSet makes the empty set of a service. Namespace is for Query services, and
// for JSON services the prefix of X-Amz-Target.
func NewSet(service string, p Protocol, namespace string) *Set {
	return &Set{Service: service, Protocol: p, Namespace: namespace, Actions: map[string]Action{}, Routes: map[string]Route{}}
}

// Add registers an action: rule gets the decoded input and runs alone in the
// world. It panics when the name is taken, for two files would then claim it.
func Add[I, O any](s *Set, name string, rule func(c *Call, in *I) (*O, error)) {
	register(s, name, rule, func(c *Call, run func() error) error {
		var err error
		c.World.Do(func() {
			c.World.Made() // what was made in the background before
			err = run()
			if made := c.World.Made(); err == nil && s.Made != nil {
				s.Made(c, made)
			}
		})
		return err
	})
}

// AddRead is [Add] for a rule that changes nothing in the world, not even by making
// what it looks for: it runs beside other reads, in [world.World.View].
func AddRead[I, O any](s *Set, name string, rule func(c *Call, in *I) (*O, error)) {
	register(s, name, rule, func(c *Call, run func() error) error {
		var err error
		found := false
		read := func() {
			if found = c.World.HasRegion(c.Account, c.Region); found {
				err = run()
			}
		}
		c.World.View(read)
		if !found { // the account's first call in this Region
			c.World.Do(func() { c.Mine() })
			c.World.View(read)
		}
		return err
	})
}

func register[I, O any](s *Set, name string, rule func(c *Call, in *I) (*O, error), within func(c *Call, run func() error) error) {
	if _, taken := s.Actions[name]; taken {
		panic("action: " + s.Service + " " + name + " is registered twice")
	}
	s.Actions[name] = Action{
		Name: name, Input: reflect.TypeFor[I](), Output: reflect.TypeFor[O](),
		run: func(c *Call) (any, error) {
			in := new(I)
			if err := s.decode(c, in); err != nil {
				return nil, err
			}
			var out *O
			err := within(c, func() (err error) {
				out, err = rule(c, in)
				return err
			})
			if err != nil {
				return nil, err
			}
			return out, nil
		},
	}
}

// Gate stands between a caller who is known and the action: it gives the refusal
// of a call that may not go on, or nil. It may take the lock of the world itself.
type Gate func(c *Call, s *Set) *wire.Error

// Names are the actions of the set in order.
func (s *Set) Names() []string {
	names := make([]string, 0, len(s.Actions))
	for name := range s.Actions {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Answer is the HTTP answer to a call, with the refusal when it is one.
type Answer struct {
	Status      int
	ContentType string
	Body        []byte
	Err         *wire.Error
}

// Serve runs an action and encodes what came of it.
func (s *Set) Serve(c *Call, name string) Answer {
	a, ok := s.Actions[name]
	if !ok {
		return s.Refuse(c, s.unknown(name, c.Form.Get("Version")))
	}
	out, err := a.run(c)
	if err != nil {
		var refusal *wire.Error
		if !errors.As(err, &refusal) {
			refusal = wire.Errorf("InternalError", "An internal error has occurred").WithStatus(http.StatusInternalServerError)
		}
		return s.Refuse(c, refusal)
	}
	body, err := s.encode(c, name, out)
	if err != nil {
		return s.Refuse(c, wire.Errorf("InternalError", "An internal error has occurred").WithStatus(http.StatusInternalServerError))
	}
	status, body := s.success(name, body)
	return Answer{Status: status, ContentType: s.contentType(), Body: body}
}

// Refuse encodes a refusal in the service's protocol.
func (s *Set) Refuse(c *Call, e *wire.Error) Answer {
	a := Answer{Status: e.Status, ContentType: s.contentType(), Err: e}
	switch s.Protocol {
	case EC2Query:
		a.Body = wire.EC2Error(e, c.RequestID)
	case Query:
		a.Body = wire.QueryError(s.Namespace, e, c.RequestID)
	case JSON, REST:
		a.Body = wire.JSONError(e)
	}
	return a
}

func (s *Set) unknown(name, version string) *wire.Error {
	switch s.Protocol {
	case EC2Query:
		return wire.ErrUnknownAction(name, version)
	case Query:
		return wire.Errorf("InvalidAction", "Could not find operation %s for version %s", name, version)
	default:
		return wire.Errorf("UnknownOperationException", "")
	}
}

func (s *Set) decode(c *Call, in any) error {
	if s.Protocol != JSON && s.Protocol != REST {
		dry := c.Form.Get("DryRun") == "true" && s.Protocol == EC2Query
		form := url.Values{}
		for k, v := range c.Form {
			if k != "DryRun" {
				form[k] = v
			}
		}
		if err := wire.Decode(form, in); err != nil {
			return err
		}
		if dry {
			return dryRun(c, in)
		}
		return nil
	}
	return wire.DecodeJSON(c.Body, in)
}

// dryChecker is an input whose action looks at more under DryRun than whether its
// parameters can be read.
type dryChecker interface{ CheckDry(c *Call) error }

// dryRun is the answer to a call with DryRun that may be made.
func dryRun(c *Call, in any) error {
	if check, looks := in.(dryChecker); looks {
		var err error
		c.World.Do(func() { err = check.CheckDry(c) })
		if err != nil {
			return err
		}
	}
	return wire.ErrDryRun()
}

func (s *Set) encode(c *Call, name string, out any) ([]byte, error) {
	switch s.Protocol {
	case EC2Query:
		return wire.EC2Response(name, c.RequestID, out)
	case Query:
		return wire.QueryResponse(s.Namespace, name, c.RequestID, out)
	case JSON, REST:
		return json.Marshal(out)
	}
	return nil, fmt.Errorf("protocol %d", s.Protocol)
}

func (s *Set) contentType() string {
	switch s.Protocol {
	case REST:
		return "application/json"
	case JSON:
		return "application/x-amz-json-1.1"
	case EC2Query, Query:
	}
	return "text/xml;charset=UTF-8"
}
