package ssm

import (
	"slices"
	"sort"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "DescribeParameters", describeParameters)
	action.Add(Actions, "LabelParameterVersion", labelParameterVersion)
	action.Add(Actions, "AddTagsToResource", addTags)
	action.Add(Actions, "ListTagsForResource", listTags)
}

type parameterFilter struct {
	Key, Option string
	Values      []string
}

type describeParametersInput struct {
	ParameterFilters []parameterFilter
	MaxResults       int
	NextToken        string
}

type describeParametersOutput struct {
	Parameters []metadata `json:"Parameters"`
	NextToken  string     `json:"NextToken,omitempty"`
}

type metadata struct {
	Name        string  `json:"Name"`
	ARN         string  `json:"ARN"`
	Type        string  `json:"Type"`
	KeyID       string  `json:"KeyId,omitempty"`
	Modified    float64 `json:"LastModifiedDate"`
	Description string  `json:"Description,omitempty"`
	Version     int64   `json:"Version"`
	Tier        string  `json:"Tier"`
	DataType    string  `json:"DataType"`
}

func describeParameters(c *action.Call, in *describeParametersInput) (*describeParametersOutput, error) {
	var all []metadata
	for _, p := range c.Mine().Parameters {
		match := true
		for _, f := range in.ParameterFilters {
			m, err := f.matches(p)
			if err != nil {
				return nil, err
			}
			match = match && m
		}
		if !match {
			continue
		}
		last := p.Versions[len(p.Versions)-1]
		all = append(all, metadata{
			Name: p.Name, ARN: p.ARN, Type: p.Type, KeyID: p.KeyID, Modified: float64(last.Modified.UnixMilli()) / 1000,
			Description: p.Description, Version: last.Version, Tier: p.Tier, DataType: p.DataType,
		})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	part, next, err := cut(all, in.MaxResults, in.NextToken, 50)
	return &describeParametersOutput{Parameters: part, NextToken: next}, err
}

// matches applies a filter: Equals unless it says BeginsWith, Contains, or for
// paths Recursive or OneLevel.
func (f parameterFilter) matches(p *world.Parameter) (bool, error) {
	var have string
	switch {
	case f.Key == "Name":
		have = p.Name
	case f.Key == "Type":
		have = p.Type
	case f.Key == "DataType":
		have = p.DataType
	case f.Key == "Tier":
		have = p.Tier
	case f.Key == "Path":
		return f.below(p.Name), nil
	case strings.HasPrefix(f.Key, "tag:"):
		value, has := p.Tags[strings.TrimPrefix(f.Key, "tag:")]
		return has && (len(f.Values) == 0 || slices.Contains(f.Values, value)), nil
	default:
		return false, wire.Errorf("InvalidFilterKey", "The following filter key is not valid: %s.", f.Key)
	}
	return slices.ContainsFunc(f.Values, func(want string) bool {
		switch f.Option {
		case "BeginsWith":
			return strings.HasPrefix(have, want)
		case "Contains":
			return strings.Contains(have, want)
		default:
			return have == want
		}
	}), nil
}

func (f parameterFilter) below(name string) bool {
	return slices.ContainsFunc(f.Values, func(path string) bool {
		rest, ok := strings.CutPrefix(name, strings.TrimSuffix(path, "/")+"/")
		return ok && (f.Option == "Recursive" || !strings.Contains(rest, "/"))
	})
}

type labelInput struct {
	nameInput
	ParameterVersion *int64
	Labels           []string
}

type labelOutput struct {
	Invalid []string `json:"InvalidLabels"`
	Version int64    `json:"ParameterVersion"`
}

// labelParameterVersion gives a version names; a label moves from the version that
// had it. A version has at most ten. Labels that begin with a digit, aws or ssm
// are reported and not set.
func labelParameterVersion(c *action.Call, in *labelInput) (*labelOutput, error) {
	p := c.Mine().Parameters[in.Name]
	if p == nil {
		return nil, wire.Errorf("ParameterNotFound", "")
	}
	at := len(p.Versions) - 1
	if in.ParameterVersion != nil {
		at = slices.IndexFunc(p.Versions, func(v world.ParameterVersion) bool { return v.Version == *in.ParameterVersion })
	}
	if at < 0 {
		return nil, wire.Errorf("ParameterVersionNotFound", "Systems Manager could not find version %d of %s. Verify the version and try again.", *in.ParameterVersion, in.Name)
	}
	out := &labelOutput{Version: p.Versions[at].Version, Invalid: []string{}}
	var valid []string
	for _, l := range in.Labels {
		lower := strings.ToLower(l)
		if l == "" || len(l) > 100 || l[0] >= '0' && l[0] <= '9' || strings.HasPrefix(lower, "aws") || strings.HasPrefix(lower, "ssm") {
			out.Invalid = append(out.Invalid, l)
		} else if !slices.Contains(p.Versions[at].Labels, l) {
			valid = append(valid, l)
		}
	}
	if len(p.Versions[at].Labels)+len(valid) > 10 {
		return nil, wire.Errorf("ParameterVersionLabelLimitExceeded", "A parameter version can have maximum 10 labels.")
	}
	for n := range p.Versions {
		p.Versions[n].Labels = slices.DeleteFunc(p.Versions[n].Labels, func(l string) bool { return slices.Contains(valid, l) })
	}
	p.Versions[at].Labels = append(p.Versions[at].Labels, valid...)
	return out, nil
}

type resourceInput struct {
	ResourceType string
	ResourceID   string `json:"ResourceId"`
	Tags         []tag
}

func (in *resourceInput) find(c *action.Call) (*world.Parameter, error) {
	if in.ResourceType != "Parameter" {
		return nil, wire.Errorf("InvalidResourceType", "%s is not a valid resource type here: Parameter is", in.ResourceType)
	}
	p := c.Mine().Parameters[in.ResourceID]
	if p == nil {
		return nil, wire.Errorf("InvalidResourceId", "The resource ID \"%s\" is not valid. Verify the ID and try again.", in.ResourceID)
	}
	return p, nil
}

func addTags(c *action.Call, in *resourceInput) (*nothing, error) {
	p, err := in.find(c)
	if err != nil {
		return nil, err
	}
	for _, t := range in.Tags {
		p.Tags[t.Key] = t.Value
	}
	return &nothing{}, nil
}

type tagList struct {
	Tags []tag `json:"TagList"`
}

func listTags(c *action.Call, in *resourceInput) (*tagList, error) {
	p, err := in.find(c)
	if err != nil {
		return nil, err
	}
	out := &tagList{Tags: []tag{}}
	for k, v := range p.Tags {
		out.Tags = append(out.Tags, tag{Key: k, Value: v})
	}
	sort.Slice(out.Tags, func(i, j int) bool { return out.Tags[i].Key < out.Tags[j].Key })
	return out, nil
}
