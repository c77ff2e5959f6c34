package cloud

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// fault is what happens to one request instead of an orderly answer.
type fault struct {
	before bool   // do not apply the request
	status int    // answer with this status and body
	body   string // XML or not
	reset  bool   // close the connection hard instead of answering
	hang   bool   // never answer
}

// fakeEC2 is a stateful endpoint with EC2's XML. Unknown actions are errors.
type fakeEC2 struct {
	*httptest.Server
	t      *testing.T
	finish chan struct{}

	mu        sync.Mutex
	calls     []string // actions in order of arrival
	forms     []url.Values
	faults    map[string][]fault // per action, in order; each is used once
	last      map[string]fault   // per action, after faults are used up
	next      int
	keys      map[string]fakeThing // by name
	groups    map[string]fakeThing
	images    map[string]fakeThing
	instances map[string]string // id -> state
	snapshots map[string]bool
	tokens    map[string]string
	busyGroup int // DeleteSecurityGroup answers DependencyViolation so many times
}

type fakeThing struct {
	id, description string
	born            time.Time
	tags            string
	ingress         bool
	snapshots       []string
	protected       bool
}

func newFakeEC2(t *testing.T) *fakeEC2 {
	t.Helper()
	f := &fakeEC2{
		t: t, finish: make(chan struct{}), faults: map[string][]fault{}, last: map[string]fault{},
		keys: map[string]fakeThing{}, groups: map[string]fakeThing{}, images: map[string]fakeThing{},
		instances: map[string]string{}, snapshots: map[string]bool{}, tokens: map[string]string{},
	}
	f.Server = httptest.NewServer(f)
	t.Cleanup(func() { close(f.finish); f.CloseClientConnections(); f.Close() })
	return f
}

// clients gives clients on the fake whose backoff is a millisecond.
func (f *fakeEC2) clients(opts ...Option) *Clients {
	transport := &http.Transport{}
	f.t.Cleanup(transport.CloseIdleConnections)
	cfg := aws.Config{
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", ""),
		BaseEndpoint: aws.String(f.URL),
		HTTPClient:   &http.Client{Transport: transport},
	}
	return New(cfg, append([]Option{func(s *settings) {
		s.backoff = func(int, error) (time.Duration, error) { return time.Millisecond, nil }
	}}, opts...)...)
}

func (f *fakeEC2) fail(action string, fs ...fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults[action] = append(f.faults[action], fs...)
}

func (f *fakeEC2) always(action string, one fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last[action] = one
}

// count tells how often an action arrived.
func (f *fakeEC2) count(action string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		if c == action {
			n++
		}
	}
	return n
}

func (f *fakeEC2) form(action string) url.Values {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := len(f.calls) - 1; i >= 0; i-- {
		if f.calls[i] == action {
			return f.forms[i]
		}
	}
	return nil
}

func (f *fakeEC2) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := r.ParseForm()
	var gone net.Error
	switch {
	case errors.As(err, &gone), errors.Is(err, io.ErrUnexpectedEOF):
		return // the caller gave up while it was still asking
	case err != nil:
		f.t.Errorf("unreadable request: %v", err)
	}
	action := r.Form.Get("Action")
	status, body, now := f.serve(action, r.Form)
	switch {
	case now.hang:
		select {
		case <-f.finish:
		case <-r.Context().Done():
		}
	case now.reset:
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			f.t.Errorf("hijack: %v", err)
			return
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	default:
		if now.status != 0 {
			status, body = now.status, now.body
		}
		w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func (f *fakeEC2) serve(action string, form url.Values) (int, string, fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, action)
	f.forms = append(f.forms, form)
	now := f.last[action]
	if waiting := f.faults[action]; len(waiting) > 0 {
		now, f.faults[action] = waiting[0], waiting[1:]
	}
	if now.before || now.status != 0 {
		return 0, "", now
	}
	status, body := f.apply(action, form)
	return status, body, now
}

func answer(action, inner string) string {
	return fmt.Sprintf(`<%sResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>req-1</requestId>%s</%sResponse>`, action, inner, action)
}

func refusal(code, message string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(message))
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>req-err</RequestID></Response>`, code, b.String())
}

// tagsOf gives the tags of a request as a tagSet.
func tagsOf(form url.Values) string {
	var b strings.Builder
	for i := 1; ; i++ {
		key := form.Get(fmt.Sprintf("TagSpecification.1.Tag.%d.Key", i))
		if key == "" {
			return "<tagSet>" + b.String() + "</tagSet>"
		}
		fmt.Fprintf(&b, "<item><key>%s</key><value>%s</value></item>", key, form.Get(fmt.Sprintf("TagSpecification.1.Tag.%d.Value", i)))
	}
}

func (f *fakeEC2) id(prefix string) string {
	f.next++
	return fmt.Sprintf("%s-%017x", prefix, f.next)
}

// recorded is a strict recorder: Created without Intend is an error of the test.
type recorded struct {
	mu       sync.Mutex
	intended []Call
	created  []Resource
	deleted  []Resource
	refused  []Call
	fail     error
	failMade error
}

func (r *recorded) Intend(_ context.Context, c Call) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return r.fail
	}
	r.intended = append(r.intended, c)
	return nil
}

func (r *recorded) Created(ctx context.Context, res Resource) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	call, ok := CallFrom(ctx)
	if !ok || len(r.intended) == 0 {
		return fmt.Errorf("%s was made with no intent", res)
	}
	for _, c := range r.intended {
		if c.ID == call.ID {
			r.created = append(r.created, res)
			return r.failMade
		}
	}
	return fmt.Errorf("%s belongs to call %s, which was not intended", res, call.ID)
}

func (r *recorded) Deleted(_ context.Context, res Resource) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deleted = append(r.deleted, res)
	return nil
}

func (r *recorded) Refused(_ context.Context, c Call, _ error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused = append(r.refused, c)
	return nil
}
