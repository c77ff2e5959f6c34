package control

import (
	"net/http"
	"strconv"
)

func (a *API) callRoutes() []route {
	return []route{
		{http.MethodGet, "calls", "the log of calls; ?from=N begins at the call with index N", a.calls},
		{http.MethodDelete, "calls", "forget the log and count calls from 1 again, for the fault rules too", a.forgetCalls},
	}
}

func (a *API) calls(r *http.Request) (any, error) {
	from := int64(1)
	if text := r.URL.Query().Get("from"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 {
			return nil, refuse(http.StatusBadRequest, "from=%q: want the index of a call, a whole number from 1", text)
		}
		from = n
	}
	return a.sources.Calls(from), nil
}

func (a *API) forgetCalls(*http.Request) (any, error) {
	a.sources.ForgetCalls()
	return struct{}{}, nil
}
