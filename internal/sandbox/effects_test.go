package sandbox_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

// last is the record of the newest call, and what of it the log shows.
func last(t *testing.T, s *sandboxtest.Started) (fault, outcome string, status int, applied bool) {
	t.Helper()
	calls := s.Calls()
	if len(calls) == 0 {
		t.Fatal("the call is not in the log")
	}
	r := calls[len(calls)-1]
	if r.Index != int64(len(calls)) {
		t.Errorf("index %d of call %d", r.Index, len(calls))
	}
	return r.Fault, r.Outcome, r.Status, r.Applied
}

func TestFaultsOnTheWire(t *testing.T) {
	t.Parallel()
	isReset := func(err error) bool { return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) }
	unknown := func(err error) bool {
		var api smithy.APIError
		return errors.As(err, &api) && api.ErrorCode() == "UnknownError"
	}
	// The SDK takes an empty answer for one without any field.
	success := func(err error) bool { return err == nil }
	broken := func(err error) bool {
		var syntax *smithy.DeserializationError
		return errors.As(err, &syntax)
	}
	for _, c := range []struct {
		rule    string
		applied bool
		status  int
		outcome string
		err     func(error) bool
	}{
		{`"kind":"reset"`, false, 0, "NoAnswer", isReset},
		{`"kind":"lost-answer"`, true, 0, "NoAnswer", isReset},
		{`"kind":"bad-gateway"`, false, 502, "NoAnswer", unknown},
		{`"kind":"bad-gateway","applied":true`, true, 502, "NoAnswer", unknown},
		{`"kind":"empty-body"`, false, 200, "NoAnswer", success},
		{`"kind":"empty-body","applied":true`, true, 200, "NoAnswer", success},
		{`"kind":"truncated-body"`, true, 200, "OK", broken},
		{`"kind":"truncated-body","bytes":60`, true, 200, "OK", broken},
		{`"kind":"slow-body","bytes_per_second":20000`, true, 200, "OK", success},
	} {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			s := planned(t, `{"rules":[{`+c.rule+`,"when":{"action":"CreateKeyPair"}}]}`)
			if err := keyPair(t.Context(), s, "k"); !c.err(err) {
				t.Errorf("got %v", err)
			}
			if made(s, "k") != c.applied {
				t.Errorf("carried out: %v", made(s, "k"))
			}
			kind, outcome, status, applied := last(t, s)
			if !strings.Contains(c.rule, `"`+kind+`"`) || outcome != c.outcome || status != c.status || applied != c.applied {
				t.Errorf("log: %s %s %d applied %v", kind, outcome, status, applied)
			}
			if _, err := s.EC2(sandboxtest.Home, "us-east-1").DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{}); err != nil {
				t.Errorf("another action fails too: %v", err)
			}
			if kind, _, _, _ := last(t, s); kind != "" {
				t.Errorf("another action has the fault %s", kind)
			}
		})
	}
}

// post sends a call by hand and gives the connection, to see bytes and resets.
func post(t *testing.T, s *sandboxtest.Started) net.Conn {
	t.Helper()
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader("Action=DescribeRegions&Version=2016-11-15"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+s.World().Credentials(sandboxtest.Home).ID+"/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0")
	if err := request.Write(connection); err != nil {
		t.Fatal(err)
	}
	if err := connection.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return connection
}

func TestResetIsAResetOfTCP(t *testing.T) {
	t.Parallel()
	s := planned(t, `{"rules":[{"kind":"reset"}]}`)
	_, err := post(t, s).Read(make([]byte, 1))
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v", err)
	}
}

func TestBadGatewayIsAProxysPage(t *testing.T) {
	t.Parallel()
	s := planned(t, `{"rules":[{"kind":"bad-gateway"}]}`)
	answer, err := http.ReadResponse(bufio.NewReader(post(t, s)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	page, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusBadGateway || answer.Header.Get("Content-Type") != "text/html" || answer.Header.Get("X-Amzn-Requestid") != "" ||
		!strings.Contains(string(page), "<title>502 Bad Gateway</title>") {
		t.Errorf("%v %v %s", err, answer, page)
	}
}

func TestHangEndsWithTheClientOrTheEndpoint(t *testing.T) {
	t.Parallel()
	s := planned(t, `{"rules":[{"kind":"hang"}]}`)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := keyPair(ctx, s, "k"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if kind, outcome, status, applied := last(t, s); kind != "hang" || outcome != "NoAnswer" || status != 0 || applied || made(s, "k") {
		t.Errorf("log: %s %s %d %v", kind, outcome, status, applied)
	}
	waiting := post(t, s)
	s.LetGo()
	if _, err := waiting.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the endpoint lets go: %v", err)
	}
}

func TestSlowBodyTakesItsTime(t *testing.T) {
	t.Parallel()
	s := planned(t, `{"rules":[{"kind":"slow-body","bytes_per_second":1}]}`)
	connection := post(t, s)
	answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.ReadFull(answer.Body, make([]byte, 1)); err != nil {
		t.Fatalf("the first byte: %v", err)
	}
	if err := connection.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	var late net.Error
	if _, err := io.ReadFull(answer.Body, make([]byte, 3)); !errors.As(err, &late) || !late.Timeout() {
		t.Errorf("three bytes came in less than a second: %v", err)
	}
}

func TestTheLogOfFaultedCallsHoldsNoKeys(t *testing.T) {
	t.Parallel()
	s := planned(t, `{"rules":[{"kind":"denied","times":1},{"kind":"lost-answer"}]}`)
	for range 2 {
		if err := keyPair(t.Context(), s, "k"); err == nil {
			t.Fatal("no fault")
		}
	}
	text, err := json.Marshal(s.Calls())
	if err != nil {
		t.Fatal(err)
	}
	key := s.World().Credentials(sandboxtest.Home)
	if strings.Contains(string(text), key.ID) || strings.Contains(string(text), key.Secret) || !strings.Contains(string(text), `"fault":"lost-answer","applied":true`) {
		t.Errorf("log %s", text)
	}
}
