package ssm

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "GetParameter", getParameter)
	action.Add(Actions, "GetParameters", getParameters)
	action.Add(Actions, "GetParametersByPath", getParametersByPath)
	action.Add(Actions, "GetParameterHistory", getParameterHistory)
}

type parameter struct {
	Name     string  `json:"Name"`
	Type     string  `json:"Type"`
	Value    string  `json:"Value"`
	Version  int64   `json:"Version"`
	Selector string  `json:"Selector,omitempty"`
	Modified float64 `json:"LastModifiedDate"`
	ARN      string  `json:"ARN"`
	DataType string  `json:"DataType"`
}

// withDecryption is how the values of SecureStrings are shown.
type withDecryption struct{ WithDecryption bool }

// lookUp finds name, name:version or name:label, or the same after an ARN. Names
// below /aws/service/ are public and the same for everyone.
func (in withDecryption) lookUp(c *action.Call, ref string) (*parameter, error) {
	name, selector, selected := bare(c, ref)
	if strings.HasPrefix(name, publicRoot) {
		p := public(c, name)
		if p == nil || selected && selector != "1" {
			return nil, wire.Errorf("ParameterNotFound", "")
		}
		return p, nil
	}
	p := c.Mine().Parameters[name]
	if p == nil {
		return nil, wire.Errorf("ParameterNotFound", "")
	}
	if !selected {
		return in.shown(c, p, p.Versions[len(p.Versions)-1], "")
	}
	if selector == "" || strings.Contains(selector, ":") {
		return nil, invalid("Invalid parameter name. Please use correct syntax for referencing a version/label  <name>:<version/label>")
	}
	version, err := strconv.ParseUint(selector, 10, 63) // digits alone are a number, whatever zeros they begin with
	at := slices.IndexFunc(p.Versions, func(v world.ParameterVersion) bool {
		return err == nil && v.Version == int64(version) || slices.Contains(v.Labels, selector) //nolint:gosec // of 63 bits
	})
	switch {
	case at >= 0:
		return in.shown(c, p, p.Versions[at], ":"+selector)
	case err != nil:
		return nil, wire.Errorf("ParameterVersionNotFound", "Systems Manager could not find a version of %s that has the specified label, %s. "+
			"Verify the parameter label and try again.", name, selector)
	}
	return nil, errNoVersion(int64(version), name) //nolint:gosec // of 63 bits
}

func seconds(v world.ParameterVersion) float64 { return float64(v.Modified.UnixMilli()) / 1000 }

// shown is a version with its value, decrypted when the caller asks for it.
func (in withDecryption) shown(c *action.Call, p *world.Parameter, v world.ParameterVersion, selector string) (*parameter, error) {
	value := v.Value
	if or(v.Type, p.Type) == secureString && in.WithDecryption {
		var err error
		if value, err = decrypted(c, p.Name, v.Value); err != nil {
			return nil, err
		}
	}
	return &parameter{
		Name: p.Name, Type: or(v.Type, p.Type), Value: value, Version: v.Version, Selector: selector, Modified: seconds(v), ARN: p.ARN, DataType: or(v.DataType, p.DataType),
	}, nil
}

type getParameterInput struct {
	nameInput
	withDecryption
}

type getParameterOutput struct {
	Parameter parameter `json:"Parameter"`
}

func getParameter(c *action.Call, in *getParameterInput) (*getParameterOutput, error) {
	p, err := in.lookUp(c, in.Name)
	if err != nil {
		return nil, err
	}
	return &getParameterOutput{Parameter: *p}, nil
}

type getParametersInput struct {
	namesInput
	withDecryption
}

type getParametersOutput struct {
	Parameters []parameter `json:"Parameters"`
	Invalid    []string    `json:"InvalidParameters"`
}

// getParameters gives each name once, by name, those with a version or label before
// the plain one; what is not there comes by name too.
func getParameters(c *action.Call, in *getParametersInput) (*getParametersOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	out := &getParametersOutput{Parameters: []parameter{}, Invalid: []string{}}
	for n, name := range in.Names {
		if slices.Contains(in.Names[:n], name) {
			continue
		}
		p, err := in.lookUp(c, name)
		if err != nil {
			out.Invalid = append(out.Invalid, name)
			continue
		}
		out.Parameters = append(out.Parameters, *p)
	}
	slices.Sort(out.Invalid)
	slices.SortStableFunc(out.Parameters, func(a, b parameter) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), plainness(a)-plainness(b))
	})
	return out, nil
}

func plainness(p parameter) int {
	if p.Selector == "" {
		return 1
	}
	return 0
}

type byPathInput struct {
	Path             string
	Recursive        bool
	ParameterFilters []parameterFilter
	withDecryption
	paged
}

type byPathOutput struct {
	Parameters []parameter `json:"Parameters"`
	NextToken  string      `json:"NextToken,omitempty"`
}

// getParametersByPath lists what is below a path, a level or all levels.
func getParametersByPath(c *action.Call, in *byPathInput) (*byPathOutput, error) {
	if !strings.HasPrefix(in.Path, "/") || in.Path != "/" && !parameterName.MatchString(in.Path) {
		return nil, invalid("The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\". It can't be prefixed with \\\"aws\\\" or \\\"ssm\\\" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol \"/\". Valid example: /get/parameters2-/by1./path0_.")
	}
	if err := checkFilters(in.ParameterFilters, byPathFilters); err != nil {
		return nil, err
	}
	below := strings.TrimSuffix(in.Path, "/") + "/"
	reached := func(name string) bool {
		rest, ok := strings.CutPrefix(name, below)
		return ok && (in.Recursive || !strings.Contains(rest, "/"))
	}
	var all []parameter
	for _, p := range c.Mine().Parameters {
		v, ok := chosen(p, in.ParameterFilters)
		if !ok || !reached(p.Name) {
			continue
		}
		shown, err := in.shown(c, p, v, "")
		if err != nil {
			return nil, err
		}
		all = append(all, *shown)
	}
	if strings.HasPrefix(below, publicRoot) {
		for _, name := range publicNames() {
			if p := public(c, name); p != nil && reached(name) && publicMatches(p, in.ParameterFilters) {
				all = append(all, *p)
			}
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	part, next, err := cut(all, in.paged, 10, func(p parameter) string { return p.Name })
	return &byPathOutput{Parameters: part, NextToken: next}, err
}

type historyInput struct {
	nameInput
	withDecryption
	paged
}

type historyOutput struct {
	Parameters []pastVersion `json:"Parameters"`
	NextToken  string        `json:"NextToken,omitempty"`
}

type pastVersion struct {
	details
	Value  string   `json:"Value"`
	Labels []string `json:"Labels"`
}

func getParameterHistory(c *action.Call, in *historyInput) (*historyOutput, error) {
	p, err := own(c, in.Name)
	if err != nil {
		return nil, err
	}
	all := make([]pastVersion, 0, len(p.Versions))
	for _, v := range p.Versions {
		shown, err := in.shown(c, p, v, "")
		if err != nil {
			return nil, err
		}
		past := pastVersion{details: detailsOf(p, v), Value: shown.Value, Labels: append([]string{}, v.Labels...)}
		past.ARN = ""
		all = append(all, past)
	}
	part, next, err := cut(all, in.paged, 50, func(v pastVersion) string { return fmt.Sprintf("%020d", v.Version) })
	return &historyOutput{Parameters: part, NextToken: next}, err
}
