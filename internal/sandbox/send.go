package sandbox

import (
	"net/http"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
)

// send writes an answer with the headers of its service.
func send(w http.ResponseWriter, call *action.Call, set *action.Set, answer action.Answer) {
	headers(w, call, set, answer, call.Now)
	body(w, set, answer.Body)
}

// body writes the whole body of an answer. The flush makes it chunked, as EC2's
// answers are, and comes after the body: the SDK for Go closes a request once the
// headers of its answer are there, and when it is so near that the request is still
// being written, this closes the connection. Headers alone would come so early that
// the SDK then loses the body and sends the request again.
func body(w http.ResponseWriter, set *action.Set, text []byte) {
	_, _ = w.Write(text) // the caller is gone: the call happened all the same
	if set.Protocol == action.EC2Query {
		_ = http.NewResponseController(w).Flush() // a recorder cannot
	}
}

// headers writes the status and the headers: EC2 names itself; the date is the
// endpoint's time, from which clients learn by how much their own clock is off.
func headers(w http.ResponseWriter, call *action.Call, set *action.Set, answer action.Answer, date time.Time) {
	h := w.Header()
	h.Set("Content-Type", answer.ContentType)
	h.Set("x-amzn-RequestId", call.RequestID)
	h.Set("Date", date.Format(http.TimeFormat))
	if set.Protocol == action.EC2Query {
		h.Set("Server", "AmazonEC2")
	}
	w.WriteHeader(answer.Status)
}
