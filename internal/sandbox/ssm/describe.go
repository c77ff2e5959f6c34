package ssm

import (
	"sort"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { action.Add(Actions, "DescribeParameters", describeParameters) }

type describeParametersInput struct {
	ParameterFilters []parameterFilter
	// Filters are the older form of ParameterFilters.
	Filters []struct {
		Key    string
		Values []string
	}
	// Shared asks for the parameters of other accounts, of which there are none.
	Shared bool `simplified:"no parameter is shared between accounts"`
	paged
}

type describeParametersOutput struct {
	Parameters []details `json:"Parameters"`
	NextToken  string    `json:"NextToken,omitempty"`
}

// details are a parameter without its value.
type details struct {
	Name           string  `json:"Name"`
	ARN            string  `json:"ARN,omitempty"`
	Type           string  `json:"Type"`
	KeyID          string  `json:"KeyId,omitempty"`
	Modified       float64 `json:"LastModifiedDate"`
	User           string  `json:"LastModifiedUser,omitempty"`
	Description    string  `json:"Description,omitempty"`
	AllowedPattern string  `json:"AllowedPattern,omitempty"`
	Version        int64   `json:"Version"`
	Tier           string  `json:"Tier"`
	Policies       []any   `json:"Policies"`
	DataType       string  `json:"DataType"`
}

func detailsOf(p *world.Parameter, v world.ParameterVersion) details {
	return details{
		Name: p.Name, ARN: p.ARN, Type: or(v.Type, p.Type), KeyID: v.KeyID, Modified: seconds(v), User: v.User, Description: v.Description,
		AllowedPattern: v.AllowedPattern, Version: v.Version, Tier: or(v.Tier, p.Tier), Policies: []any{}, DataType: or(v.DataType, p.DataType),
	}
}

func describeParameters(c *action.Call, in *describeParametersInput) (*describeParametersOutput, error) {
	filters := in.ParameterFilters
	if len(in.Filters) > 0 && len(filters) > 0 {
		return nil, invalid("You can use either Filters or ParameterFilters in a single request.")
	}
	for _, f := range in.Filters {
		option := "Equals"
		if f.Key == "Name" {
			option = "BeginsWith"
		}
		filters = append(filters, parameterFilter{Key: f.Key, Option: option, Values: f.Values})
	}
	if err := checkFilters(filters, describeFilters); err != nil {
		return nil, err
	}
	var all []details
	for _, p := range c.Mine().Parameters {
		if v, ok := chosen(p, filters); ok && !in.Shared {
			all = append(all, detailsOf(p, v))
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	part, next, err := cut(all, in.paged, 50, func(d details) string { return d.Name })
	return &describeParametersOutput{Parameters: part, NextToken: next}, err
}
