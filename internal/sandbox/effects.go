package sandbox

import (
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/fault"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

// befalls gives what the plan of faults has for a call. refusal is what an
// unauthenticated caller gets.
func (e *Endpoint) befalls(call *action.Call, refusal *wire.Error) fault.Hits {
	seen := fault.Call{
		Index: call.Index, Service: call.Service, Action: call.Action, Region: call.Region, Account: call.Account,
		Unknown: refusal != nil,
	}
	for name, value := range params(call) {
		if !hidden[name] {
			seen.Values = append(seen.Values, value)
		}
	}
	return e.faults.Match(seen)
}

// fate is a call's answer, and what became of it on the way.
type fate struct {
	action.Answer
	hits fault.Hits
	// applied tells that the call was carried out.
	applied bool
	// silent tells that no answer of a service reaches the caller.
	silent bool
}

// decide carries the call out, unless its fault stands in the way, and gives the
// answer.
func (e *Endpoint) decide(r *http.Request, call *action.Call, set *action.Set, refusal *wire.Error, hits fault.Hits) fate {
	f := fate{hits: hits}
	var told *wire.Error
	if hits.Answer != nil {
		told = faultRefusal(r, call, set, hits.Answer)
		switch hits.Answer.Kind {
		case fault.BadGateway, fault.EmptyBody, fault.Reset, fault.LostAnswer, fault.Hang:
			f.silent = true
		default:
		}
	}
	if told != nil && !hits.Answer.Applied || hits.Answer != nil && !hits.CarriesOut() {
		for _, rule := range hits.Made {
			e.faults.Unfire(rule)
		}
		f.hits.Made = nil
		if told != nil {
			f.Answer = set.Refuse(call, told)
		}
		return f
	}
	for _, rule := range hits.Made {
		call.Faults = append(call.Faults, &action.Befalling{Rule: rule})
	}
	f.Answer = e.answer(call, set, refusal)
	f.hits.Made = e.befell(call)
	f.applied = f.Err == nil
	if told != nil {
		f.Answer = set.Refuse(call, told)
	}
	return f
}

// befell are the faults of what a call made that had something to befall; the
// others have not fired.
func (e *Endpoint) befell(call *action.Call) []*fault.Rule {
	var fired []*fault.Rule
	for _, b := range call.Faults {
		if b.Befell {
			fired = append(fired, b.Rule)
		} else {
			e.faults.Unfire(b.Rule)
		}
	}
	return fired
}

// deliver sends the answer as the fault lets it through. What a client waits for
// on the wire takes the machine's time, as its own timeouts do.
func (e *Endpoint) deliver(w http.ResponseWriter, r *http.Request, call *action.Call, set *action.Set, f fate) {
	rule := f.hits.Answer
	if rule == nil {
		send(w, call, set, f.Answer)
		return
	}
	switch rule.Kind {
	case fault.BadGateway:
		proxyPage(w)
	case fault.EmptyBody:
		f.Status, f.Body = http.StatusOK, nil
		send(w, call, set, f.Answer)
	case fault.TruncatedBody:
		f.Body = f.Body[:truncated(rule, len(f.Body))]
		send(w, call, set, f.Answer)
	case fault.SlowBody:
		headers(w, call, set, f.Answer, call.Now)
		e.trickle(w, r, f.Body, rule.BytesPerSecond)
	case fault.Reset, fault.LostAnswer:
		reset(w)
	case fault.Hang:
		select {
		case <-r.Context().Done():
		case <-e.letGo:
		}
		reset(w)
	case fault.ClockSkew:
		headers(w, call, set, f.Answer, skewedTime(rule))
		_, _ = w.Write(f.Body) // the caller is gone
	default:
		send(w, call, set, f.Answer)
	}
}

// page502 is what load balancers answer for a service that they do not reach.
const page502 = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"

func proxyPage(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Server", "awselb/2.0")
	w.WriteHeader(http.StatusBadGateway)
	_, _ = w.Write([]byte(page502)) // the caller is gone
}

func truncated(rule *fault.Rule, all int) int {
	if rule.Bytes == nil {
		return all / 2
	}
	return int(min(*rule.Bytes, int64(all)))
}

// trickle sends the body in ten portions a second, or a byte at a time if it is
// slower than that, until the caller goes away or the endpoint lets go.
func (e *Endpoint) trickle(w http.ResponseWriter, r *http.Request, rest []byte, rate int64) {
	out := http.NewResponseController(w)
	portion := max(1, rate/10)
	pause := time.NewTicker(time.Duration(portion) * time.Second / time.Duration(rate))
	defer pause.Stop()
	for len(rest) > 0 {
		n := min(portion, int64(len(rest)))
		if _, err := w.Write(rest[:n]); err != nil || out.Flush() != nil {
			return
		}
		rest = rest[n:]
		select {
		case <-pause.C:
		case <-r.Context().Done():
			return
		case <-e.letGo:
			reset(w)
			return
		}
	}
}

// reset ends the connection without an answer: the peer sees a TCP reset.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the server's way to end a connection
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // what is not sent is dropped, and the peer is told by RST
	}
	_ = connection.Close() // it is gone either way
}

// sent is the status that the caller gets, or 0.
func (f fate) sent() int {
	if !f.silent {
		return f.Status
	}
	switch f.hits.Answer.Kind {
	case fault.BadGateway:
		return http.StatusBadGateway
	case fault.EmptyBody:
		return http.StatusOK
	default:
		return 0
	}
}

// names are the kinds of the faults that befell a call, for the log.
func (f fate) names() string {
	var all []string
	if f.hits.Answer != nil {
		all = append(all, string(f.hits.Answer.Kind))
	}
	for _, r := range f.hits.Made {
		all = append(all, string(r.Kind))
	}
	return strings.Join(all, "+")
}
