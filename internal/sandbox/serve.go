package sandbox

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/control"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// maxBody is more than any request of these services may have.
const maxBody = 2 << 20

// ServeHTTP answers one call of any service, or of the control API.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, control.Prefix) {
		e.control.ServeHTTP(w, r)
		return
	}
	start := time.Now()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
		return
	}
	e.world.Tick()
	call := &action.Call{
		Context: r.Context(), World: e.world, RequestID: e.world.NewRequestID(), Now: e.world.Now(),
		Endpoint: "http://" + r.Host, Body: body, UserAgent: r.UserAgent(),
	}
	set, name := e.route(r, call)
	if set == nil {
		http.Error(w, "no service of this endpoint: it serves EC2, STS, IAM, KMS, SSM, Service Quotas and the Price List", http.StatusNotFound)
		return
	}
	call.Service, call.Action, call.Index = set.Service, name, e.log.arrive()
	refusal := e.authenticate(r, call, set)
	f := e.decide(r, call, set, refusal, e.befalls(call, refusal))
	e.log.add(record(call, f, time.Since(start)))
	time.Sleep(e.latency - time.Since(start))
	e.deliver(w, r, call, set, f)
}

// answer is the way of a call: who calls, the gates in their order, the action.
func (e *Endpoint) answer(call *action.Call, set *action.Set, refusal *wire.Error) action.Answer {
	if refusal != nil {
		return set.Refuse(call, refusal)
	}
	for _, gate := range e.gates {
		if refusal := gate(call, set); refusal != nil {
			return set.Refuse(call, refusal)
		}
	}
	return set.Serve(call, call.Action)
}

// authenticate finds the account by the access key and the Region by the
// signature's scope.
func (e *Endpoint) authenticate(r *http.Request, call *action.Call, set *action.Set) *wire.Error {
	scope, ok := parseScope(r)
	if !ok {
		return errCredentials(set)
	}
	known, expired, status := false, false, ""
	e.world.View(func() {
		var account *world.Account
		var key *world.AccessKey
		if account, key, known = e.world.Authenticate(scope.accessKey); known {
			call.Account, call.Principal, call.AccessKeyID = account.ID, key.Principal, key.ID
			status = account.OptInStatus(scope.region)
			known = !key.Inactive && (status != world.OptedIn || !key.DefaultRegionsOnly)
			expired = !key.Expires.IsZero() && !call.Now.Before(key.Expires)
		}
	})
	call.Region = scope.region
	call.SourceIP, _, _ = net.SplitHostPort(r.RemoteAddr)
	switch {
	case !known, status == world.NotOptedIn:
		return errCredentials(set)
	case expired:
		return errExpired(set)
	case status == "" && set.Service != "iam" && set.Service != "sts":
		return errCredentials(set)
	}
	return nil
}

// errCredentials is what a caller gets that is not known, or not known in this
// Region: EC2 words both alike.
func errCredentials(set *action.Set) *wire.Error {
	switch set.Protocol {
	case action.EC2Query:
		return wire.Errorf("AuthFailure", "AWS was not able to validate the provided access credentials").WithStatus(http.StatusUnauthorized)
	case action.Query:
		return wire.Errorf("InvalidClientTokenId", "The security token included in the request is invalid.").WithStatus(http.StatusForbidden)
	default:
		return wire.Errorf("UnrecognizedClientException", "The security token included in the request is invalid.")
	}
}

// errExpired is what a caller gets whose session has ended.
func errExpired(s *action.Set) *wire.Error {
	const text = "The security token included in the request is expired"
	switch s.Protocol {
	case action.EC2Query:
		return wire.Errorf("RequestExpired", "Request has expired.")
	case action.Query:
		return wire.Errorf("ExpiredToken", text).WithStatus(http.StatusForbidden)
	default:
		return wire.Errorf("ExpiredTokenException", text)
	}
}

// route finds the service and the action, by target for JSON and by the
// signature's scope for the others, which share Action and Version.
func (e *Endpoint) route(r *http.Request, call *action.Call) (*action.Set, string) {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		prefix, name, _ := strings.Cut(target, ".")
		return e.targets[prefix], name
	}
	scope, _ := parseScope(r)
	if set := e.services[scope.service]; set != nil && set.Protocol == action.REST {
		name, document := set.Match(r.Method, r.URL, call.Body)
		call.Body = document
		return set, name
	}
	form, err := url.ParseQuery(string(call.Body))
	if err != nil {
		form = url.Values{}
	}
	for k, v := range r.URL.Query() {
		if !strings.HasPrefix(k, "X-Amz-") {
			form[k] = v
		}
	}
	call.Form = form
	return e.services[scope.service], form.Get("Action")
}

type scope struct{ accessKey, region, service string }

// parseScope reads Credential=AKID/date/region/service/aws4_request, from the
// header or from a presigned URL.
func parseScope(r *http.Request) (scope, bool) {
	credential := r.URL.Query().Get("X-Amz-Credential")
	if _, rest, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		credential, _, _ = strings.Cut(rest, ",")
	}
	parts := strings.Split(strings.TrimSpace(credential), "/")
	if len(parts) != 5 || parts[4] != "aws4_request" {
		return scope{}, false
	}
	return scope{accessKey: parts[0], region: parts[2], service: parts[3]}, true
}
