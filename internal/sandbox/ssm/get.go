package ssm

import (
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

// lookUp finds name, name:version or name:label, or the same after an ARN. Names
// below /aws/service/ are public and the same for everyone.
func lookUp(c *action.Call, ref string) (*parameter, error) {
	if rest, ok := strings.CutPrefix(ref, "arn:aws:ssm:"+c.Region+":"+c.Account+":parameter"); ok {
		ref = rest
		if c.Mine().Parameters[strings.TrimPrefix(rest, "/")] != nil {
			ref = strings.TrimPrefix(rest, "/")
		}
	}
	name, selector, selected := strings.Cut(ref, ":")
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
		return shown(p, p.Versions[len(p.Versions)-1], ""), nil
	}
	at := slices.IndexFunc(p.Versions, func(v world.ParameterVersion) bool {
		return strconv.FormatInt(v.Version, 10) == selector || slices.Contains(v.Labels, selector)
	})
	if at >= 0 {
		return shown(p, p.Versions[at], ":"+selector), nil
	}
	if _, err := strconv.Atoi(selector); err != nil {
		return nil, wire.Errorf("ParameterVersionNotFound", "Systems Manager could not find label %s of %s. Verify the label and try again.", selector, name) // unverified text
	}
	return nil, wire.Errorf("ParameterVersionNotFound", "Systems Manager could not find version %s of %s. Verify the version and try again.", selector, name)
}

func shown(p *world.Parameter, v world.ParameterVersion, selector string) *parameter {
	return &parameter{
		Name: p.Name, Type: p.Type, Value: v.Value, Version: v.Version, Selector: selector, Modified: float64(v.Modified.UnixMilli()) / 1000,
		ARN: p.ARN, DataType: p.DataType,
	}
}

type getParameterInput struct {
	nameInput
	WithDecryption bool
}

type getParameterOutput struct {
	Parameter parameter `json:"Parameter"`
}

func getParameter(c *action.Call, in *getParameterInput) (*getParameterOutput, error) {
	p, err := lookUp(c, in.Name)
	if err != nil {
		return nil, err
	}
	out := &getParameterOutput{Parameter: in.hide(*p)}
	return out, nil
}

// hide is what a SecureString shows without decryption: not its value.
func (in *getParameterInput) hide(p parameter) parameter {
	if p.Type == "SecureString" && !in.WithDecryption {
		p.Value = "AQICAHi(encrypted)"
	}
	return p
}

type getParametersOutput struct {
	Parameters []parameter `json:"Parameters"`
	Invalid    []string    `json:"InvalidParameters"`
}

func getParameters(c *action.Call, in *namesInput) (*getParametersOutput, error) {
	const most = 10
	if len(in.Names) == 0 || len(in.Names) > most {
		return nil, wire.Errorf("ValidationException", "1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length between 1 and %d", most)
	}
	out := &getParametersOutput{Parameters: []parameter{}, Invalid: []string{}}
	get := getParameterInput{WithDecryption: in.WithDecryption}
	for _, name := range in.Names {
		p, err := lookUp(c, name)
		if err != nil {
			out.Invalid = append(out.Invalid, name)
			continue
		}
		out.Parameters = append(out.Parameters, get.hide(*p))
	}
	return out, nil
}

type byPathInput struct {
	Path           string
	Recursive      bool
	WithDecryption bool
	MaxResults     int
	NextToken      string
}

type byPathOutput struct {
	Parameters []parameter `json:"Parameters"`
	NextToken  string      `json:"NextToken,omitempty"`
}

// getParametersByPath lists what is below a path, a level or all levels.
func getParametersByPath(c *action.Call, in *byPathInput) (*byPathOutput, error) {
	if !strings.HasPrefix(in.Path, "/") {
		return nil, wire.Errorf("ValidationException", "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\".")
	}
	below := strings.TrimSuffix(in.Path, "/") + "/"
	get := getParameterInput{WithDecryption: in.WithDecryption}
	all := []parameter{}
	keep := func(p *parameter) {
		rest, ok := strings.CutPrefix(p.Name, below)
		if ok && (in.Recursive || !strings.Contains(rest, "/")) {
			all = append(all, get.hide(*p))
		}
	}
	for _, p := range c.Mine().Parameters {
		keep(shown(p, p.Versions[len(p.Versions)-1], ""))
	}
	for _, name := range publicNames() {
		if p := public(c, name); p != nil {
			keep(p)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	part, next, err := cut(all, in.MaxResults, in.NextToken, 10)
	return &byPathOutput{Parameters: part, NextToken: next}, err
}

// cut gives a page of a list and the token of the next one: the position.
func cut[T any](list []T, size int, token string, most int) ([]T, string, error) {
	from := 0
	if token != "" {
		n, err := strconv.Atoi(token)
		if err != nil || n < 0 || n > len(list) {
			return nil, "", wire.Errorf("InvalidNextToken", "The specified token isn't valid.")
		}
		from = n
	}
	if size <= 0 || size > most {
		size = most
	}
	end := min(from+size, len(list))
	part := append(make([]T, 0, end-from), list[from:end]...) // never null in JSON
	if end == len(list) {
		return part, "", nil
	}
	return part, strconv.Itoa(end), nil
}

type historyInput struct {
	nameInput
	WithDecryption bool
	MaxResults     int
	NextToken      string
}

type historyOutput struct {
	Parameters []pastVersion `json:"Parameters"`
	NextToken  string        `json:"NextToken,omitempty"`
}

type pastVersion struct {
	parameter
	Labels []string `json:"Labels"`
}

func getParameterHistory(c *action.Call, in *historyInput) (*historyOutput, error) {
	p := c.Mine().Parameters[in.Name]
	if p == nil {
		return nil, wire.Errorf("ParameterNotFound", "")
	}
	get := getParameterInput{WithDecryption: in.WithDecryption}
	var all []pastVersion
	for _, v := range p.Versions {
		all = append(all, pastVersion{parameter: get.hide(*shown(p, v, "")), Labels: append([]string{}, v.Labels...)})
	}
	part, next, err := cut(all, in.MaxResults, in.NextToken, 50)
	return &historyOutput{Parameters: part, NextToken: next}, err
}
