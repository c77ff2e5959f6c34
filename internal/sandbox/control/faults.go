package control

import (
	"net/http"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/fault"
)

func (a *API) faultRoutes() []route {
	return []route{
		{http.MethodGet, "faults", "the plan of faults, with the calls that each rule matched and those that it befell", a.faults},
		{http.MethodGet, "faults/kinds", "the kinds of faults and the fields of their rules", func(*http.Request) (any, error) { return fault.Describe(), nil }},
		{http.MethodPut, "faults", "take the plan in the body instead of the present one", a.replaceFaults},
		{http.MethodPost, "faults", "put the rules of the plan in the body behind the present ones", a.addFaults},
		{http.MethodDelete, "faults", "end all faults", a.clearFaults},
		{http.MethodDelete, "faults/{name}", "end the rule of a name", a.removeFault},
	}
}

func (a *API) faults(*http.Request) (any, error) { return a.sources.Faults.Report(), nil }

// plan reads the plan in a request.
func (a *API) plan(r *http.Request) (fault.Spec, error) {
	text, err := body(r)
	if err != nil {
		return fault.Spec{}, err
	}
	spec, err := fault.Parse(text)
	if err == nil {
		err = spec.Check(a.sources.Vocabulary)
	}
	if err != nil {
		return fault.Spec{}, refuse(http.StatusBadRequest, "%w", err)
	}
	return spec, nil
}

func (a *API) replaceFaults(r *http.Request) (any, error) {
	spec, err := a.plan(r)
	if err != nil {
		return nil, err
	}
	a.sources.Faults.Replace(spec)
	return a.faults(r)
}

func (a *API) addFaults(r *http.Request) (any, error) {
	spec, err := a.plan(r)
	if err != nil {
		return nil, err
	}
	if err := a.sources.Faults.Add(spec); err != nil {
		return nil, refuse(http.StatusConflict, "%w", err)
	}
	return a.faults(r)
}

func (a *API) clearFaults(r *http.Request) (any, error) {
	a.sources.Faults.Replace(fault.Spec{})
	return a.faults(r)
}

func (a *API) removeFault(r *http.Request) (any, error) {
	if name := r.PathValue("name"); !a.sources.Faults.Remove(name) {
		return nil, refuse(http.StatusNotFound, "the plan has no rule %q", name)
	}
	return a.faults(r)
}
