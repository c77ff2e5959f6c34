package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sort"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/fault"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// Prefix is the path below which the control API is.
const Prefix = "/_sandbox/v1/"

// Sources are what the control API shows and changes.
type Sources struct {
	World *world.World
	// Calls gives the records of the calls that arrived as from or later, as JSON
	// can write them.
	Calls func(from int64) any
	// ForgetCalls empties the log; the next call is number 1 again.
	ForgetCalls func()
	// Faults is the plan that goes on, Vocabulary what its rules can name.
	Faults     *fault.Plan
	Vocabulary fault.Vocabulary
}

// route is one thing that can be asked. Serve gives what JSON can write, or an
// error: one made by [refuse] has a status of its own, others are 500.
type route struct {
	method, path, about string
	serve               func(r *http.Request) (any, error)
}

// API is the handler of everything below [Prefix].
type API struct {
	sources Sources
	mux     *http.ServeMux
	routes  []route
}

// New makes the control API. A new subject adds its routes here.
func New(s Sources) *API {
	a := &API{sources: s, mux: http.NewServeMux()}
	a.add(a.callRoutes())
	a.add(a.resourceRoutes())
	a.add(a.clockRoutes())
	a.add(a.faultRoutes())
	a.add(a.subscriptionRoutes())
	a.add(a.scanRoutes())
	a.add([]route{{http.MethodGet, "{$}", "this list", a.list}})
	return a
}

func (a *API) add(routes []route) {
	for _, r := range routes {
		a.routes = append(a.routes, r)
		a.mux.HandleFunc(r.method+" "+Prefix+r.path, func(w http.ResponseWriter, request *http.Request) {
			answer, err := r.serve(request)
			write(w, answer, err)
		})
	}
}

// ServeHTTP answers those who may ask.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := mayAsk(r); err != nil {
		write(w, nil, err)
		return
	}
	a.mux.ServeHTTP(w, r)
}

type listed struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	About  string `json:"about"`
}

func (a *API) list(*http.Request) (any, error) {
	all := make([]listed, 0, len(a.routes))
	for _, r := range a.routes {
		if r.path != "{$}" {
			all = append(all, listed{r.method, Prefix + r.path, r.about})
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Path+all[i].Method < all[j].Path+all[j].Method })
	return all, nil
}

// refusal is an error with an HTTP status.
type refusal struct {
	status int
	err    error
}

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

func refuse(status int, format string, args ...any) error {
	return &refusal{status: status, err: fmt.Errorf(format, args...)}
}

type failure struct {
	Error string `json:"error"`
}

func write(w http.ResponseWriter, answer any, err error) {
	status := http.StatusOK
	if err != nil {
		status = http.StatusInternalServerError
		var refused *refusal
		if errors.As(err, &refused) {
			status = refused.status
		}
		answer = failure{Error: err.Error()}
	}
	text, err := json.MarshalIndent(answer, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // the caller is gone: nothing to tell it
}

// maxBody is more than any request here needs.
const maxBody = 1 << 20

// body reads a request's document.
func body(r *http.Request) ([]byte, error) {
	text, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return nil, refuse(http.StatusRequestEntityTooLarge, "read the request: %w", err)
	}
	return text, nil
}

// decode reads a request's document into order, which must have nothing else.
func decode(r *http.Request, order any) error {
	text, err := body(r)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(order); err != nil {
		return refuse(http.StatusBadRequest, "the body of %s %s: %w", r.Method, r.URL.Path, err)
	}
	return nil
}
