package sandbox

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
)

// CallRecord is one line of the log of calls.
type CallRecord struct {
	// Index numbers the calls as they arrive, from 1.
	Index   int64             `json:"index"`
	Time    time.Time         `json:"time"`
	Service string            `json:"service"`
	Action  string            `json:"action"`
	Region  string            `json:"region"`
	Account string            `json:"account"`
	Params  map[string]string `json:"params,omitempty"`
	// Outcome is OK or the code of the refusal. It is NoAnswer where a fault let no
	// answer of the service through; Status is then what was sent instead, or 0.
	Outcome string `json:"outcome"`
	Message string `json:"message,omitempty"`
	Status  int    `json:"status"`
	// Millis is how long the endpoint took.
	Millis float64 `json:"ms"`
	// RequestID is the id that the caller got.
	RequestID string `json:"request_id"`
	// Fault are the kinds of the faults that befell the call, joined by "+".
	Fault string `json:"fault,omitempty"`
	// Applied tells that the call was carried out although a fault decided what the
	// caller was told.
	Applied bool `json:"applied,omitempty"`
}

type callLog struct {
	mu      sync.Mutex
	to      io.Writer
	arrived int64
	// calls are the records as JSON: a third of the memory of the structs.
	calls []string
}

// maxRecords bounds what is held in memory; the file has all.
const maxRecords = 200_000

// arrive numbers a call.
func (l *callLog) arrive() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrived++
	return l.arrived
}

// forget empties what is held in memory and numbers from 1 again.
func (l *callLog) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrived, l.calls = 0, nil
}

func (l *callLog) add(r CallRecord) {
	line, err := json.Marshal(r)
	if err != nil {
		return // no field of a record can fail
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.calls) < maxRecords {
		l.calls = append(l.calls, string(line))
	}
	if l.to != nil {
		_, _ = l.to.Write(append(line, '\n')) // a full disk must not fail the call
	}
}

func (l *callLog) all() []CallRecord {
	l.mu.Lock()
	lines := l.calls[:len(l.calls):len(l.calls)]
	l.mu.Unlock()
	calls := make([]CallRecord, len(lines))
	for n, line := range lines {
		_ = json.Unmarshal([]byte(line), &calls[n]) // it was written by add
	}
	return calls
}

// since are the calls from an index on, in the order of their indexes.
func (l *callLog) since(from int64) []CallRecord {
	calls := slices.DeleteFunc(l.all(), func(r CallRecord) bool { return r.Index < from })
	slices.SortStableFunc(calls, func(a, b CallRecord) int { return cmp.Compare(a.Index, b.Index) })
	return append([]CallRecord{}, calls...)
}

func record(c *action.Call, f fate, took time.Duration) CallRecord {
	r := CallRecord{
		Index: c.Index, Time: c.Now, Service: c.Service, Action: c.Action, Region: c.Region, Account: c.Account, Status: f.sent(),
		Outcome: "OK", Millis: float64(took.Microseconds()) / 1000, RequestID: c.RequestID, Params: params(c),
		Fault: f.names(), Applied: f.applied && f.hits.Answer != nil,
	}
	switch {
	case f.silent:
		r.Outcome = "NoAnswer"
	case f.Err != nil:
		r.Outcome, r.Message = f.Err.Code, f.Err.Message
	}
	return r
}

// hidden are parameters whose value may be a secret: the log tells their length.
var hidden = map[string]bool{
	"UserData": true, "LaunchTemplateData.UserData": true, "Value": true, "Plaintext": true, "CiphertextBlob": true,
	"PolicyDocument": true, "EncodedMessage": true, "ExternalId": true,
}

func params(c *action.Call) map[string]string {
	flat := map[string]string{}
	for k, v := range c.Form {
		if k != "Action" && k != "Version" {
			flat[k] = shown(k, v)
		}
	}
	var body map[string]json.RawMessage
	if c.Form == nil && json.Unmarshal(c.Body, &body) == nil {
		for k, v := range body {
			text := string(v)
			var plain string
			if json.Unmarshal(v, &plain) == nil {
				text = plain
			}
			flat[k] = shown(k, []string{text})
		}
	}
	return flat
}

func shown(name string, values []string) string {
	if len(values) == 0 {
		return ""
	}
	if hidden[name] {
		return "(" + strconv.Itoa(len(values[0])) + " bytes)"
	}
	const most = 300
	if len(values[0]) > most {
		return values[0][:most] + "..."
	}
	return values[0]
}
