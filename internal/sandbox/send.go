package sandbox

import (
	"net/http"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
)

// send writes an answer with the headers of its service.
func send(w http.ResponseWriter, call *action.Call, set *action.Set, answer action.Answer) {
	headers(w, call, set, answer, call.Now)
	_, _ = w.Write(answer.Body) // the caller is gone: the call happened all the same
}

// headers writes the status and the headers: EC2 names itself and sends in chunks;
// the date is the endpoint's time, from which clients learn by how much their own
// clock is off.
//
// The chunks are asked for by their header and not by a flush, so that a small
// answer goes out in one piece. The SDK for Go closes a request once the headers of
// its answer are there; an endpoint so near answers while the request is still
// being written, and the connection is then closed. What of the answer has not come
// by then is lost, and the SDK makes the call again.
func headers(w http.ResponseWriter, call *action.Call, set *action.Set, answer action.Answer, date time.Time) {
	h := w.Header()
	h.Set("Content-Type", answer.ContentType)
	h.Set("x-amzn-RequestId", call.RequestID)
	h.Set("Date", date.Format(http.TimeFormat))
	if set.Protocol == action.EC2Query {
		h.Set("Server", "AmazonEC2")
		h.Set("Transfer-Encoding", "chunked")
	}
	w.WriteHeader(answer.Status)
}
