package behaviour_test

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/behaviour"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

const (
	home = "us-east-1"
	away = "eu-west-1"
)

// rig is an endpoint, its clock, and clients whose answers are kept as they came.
type rig struct {
	*sandboxtest.Started
	t     *testing.T
	clock *sandboxtest.Clock

	ownDisk string
	// extra is added to the body of every request, as a client of another make might.
	extra string

	mu   sync.Mutex
	last kept
}

// kept is the newest answer on the wire.
type kept struct {
	status int
	header http.Header
	body   string
}

func start(t *testing.T, o sandbox.Options) *rig {
	t.Helper()
	r := &rig{t: t, clock: sandboxtest.NewClock()}
	o.Seed = 1
	if o.Clock == nil {
		o.Clock = r.clock
	}
	r.Started = sandboxtest.Start(t, o)
	return r
}

// RoundTrip keeps what comes back.
func (r *rig) RoundTrip(request *http.Request) (*http.Response, error) {
	if r.extra != "" {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		body = append(body, r.extra...)
		request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, broken := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	r.mu.Lock()
	r.last = kept{answer.StatusCode, answer.Header, string(body)}
	r.mu.Unlock()
	answer.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), iotest.ErrReader(cmp.Or(broken, io.EOF))))
	return answer, nil
}

func (r *rig) kept() kept {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// config is a client's configuration, without retries, through the rig.
func (r *rig) config(account, region string) aws.Config {
	c := r.Config(account, region)
	c.HTTPClient = &http.Client{Transport: r}
	return c
}

func (r *rig) ec2(account, region string) *ec2.Client {
	return ec2.NewFromConfig(r.config(account, region))
}

func (r *rig) own() *ec2.Client { return r.ec2(sandboxtest.Home, home) }

func (r *rig) partner() *ec2.Client { return r.ec2(sandboxtest.Partner, home) }

// The shapes of refusals: of EC2, of the other Query services, of JSON services.
var shapes = []*regexp.Regexp{
	regexp.MustCompile(`^<\?xml version="1\.0" encoding="UTF-8"\?>\s*<Response><Errors><Error><Code>[^<]+</Code><Message>[^<]*</Message></Error></Errors><RequestID>[0-9a-f-]{36}</RequestID></Response>$`),
	regexp.MustCompile(`^<ErrorResponse xmlns="[^"]+">\s*<Error>\s*<Type>Sender</Type>\s*<Code>[^<]+</Code>\s*<Message>[^<]*</Message>\s*</Error>\s*<RequestId>[0-9a-f-]{36}</RequestId>\s*</ErrorResponse>\s*$`),
	regexp.MustCompile(`^\{"__type":"[^"]+"(,"message":".*")?\}$`),
}

// refused compares an error with answer n (from 0) of a behaviour. Values fill the
// names in braces of its message, in pairs; what is not given may be anything.
func (r *rig) refused(number, n int, err error, values ...string) {
	r.t.Helper()
	want := behaviour.Of(number).Answers[n]
	var api smithy.APIError
	if !errors.As(err, &api) {
		r.t.Errorf("behaviour %d: want %s, got %v", number, want.Code, err)
		return
	}
	var response *awshttp.ResponseError
	if !errors.As(err, &response) || response.HTTPStatusCode() != want.Status {
		r.t.Errorf("behaviour %d: want status %d, got %v", number, want.Status, err)
	}
	if api.ErrorCode() != want.Code || !messageForm(want.Message, values).MatchString(api.ErrorMessage()) {
		r.t.Errorf("behaviour %d: want %s: %s\n got %s: %s", number, want.Code, want.Message, api.ErrorCode(), api.ErrorMessage())
	}
	last := r.kept()
	shape := shapes[0]
	switch {
	case strings.Contains(last.header.Get("Content-Type"), "json"):
		shape = shapes[2]
	case strings.HasPrefix(last.body, "<ErrorResponse"):
		shape = shapes[1]
	}
	if !shape.MatchString(last.body) {
		r.t.Errorf("behaviour %d: the answer has another shape: %s", number, last.body)
	}
}

var hole = regexp.MustCompile(`\\\{[a-z]+\\\}`)

// messageForm is the pattern of a message in the list.
func messageForm(message string, values []string) *regexp.Regexp {
	pattern := regexp.QuoteMeta(message)
	for n := 0; n+1 < len(values); n += 2 {
		pattern = strings.ReplaceAll(pattern, `\{`+values[n]+`\}`, regexp.QuoteMeta(values[n+1]))
	}
	return regexp.MustCompile("^" + hole.ReplaceAllString(pattern, "(?s:.+)") + "$")
}

func must[T any](t *testing.T, out T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return out
}
