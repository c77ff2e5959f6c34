package authorize

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
)

// ssmInput are the parameters of SSM that decide about permissions.
type ssmInput struct {
	Name, Path           string
	Names                []string
	ResourceID           string `json:"ResourceId"`
	Overwrite, Recursive bool
	Tags                 []struct{ Key, Value string }
	TagKeys              []string
}

// ssmNeeds are the needs of a call of SSM: each parameter that it names, or all
// (Service Authorization Reference, "AWS Systems Manager").
func ssmNeeds(c *action.Call) []Need {
	var in ssmInput
	_ = json.Unmarshal(c.Body, &in) // the action refuses what is no JSON
	names := slices.Clone(in.Names)
	switch c.Action {
	case "DescribeParameters":
	case "GetParametersByPath":
		names = append(names, in.Path)
	default:
		names = append(names, first(in.Name, in.ResourceID))
	}
	var needs []Need
	for _, name := range names {
		if name == "" {
			continue
		}
		needs = append(needs, in.need(c, name))
	}
	if len(needs) == 0 {
		return []Need{need("ssm:"+c.Action, parameterARN(c, "*"))}
	}
	return needs
}

func (in *ssmInput) need(c *action.Call, name string) Need {
	n := need("ssm:"+c.Action, parameterARN(c, name))
	keys := slices.Clone(in.TagKeys)
	for _, t := range in.Tags {
		keys = append(keys, t.Key)
		n.Context.Set("aws:RequestTag/"+t.Key, t.Value)
	}
	n.Context.Set("aws:TagKeys", keys...)
	switch c.Action {
	case "PutParameter":
		n.Context.Set("ssm:Overwrite", strconv.FormatBool(in.Overwrite))
	case "GetParametersByPath":
		n.Context.Set("ssm:Recursive", strconv.FormatBool(in.Recursive))
	}
	bare, _, _ := strings.Cut(name, ":")
	if p := c.Mine().Parameters[bare]; p != nil {
		setTags(&n, "ssm:", p.Tags)
	}
	return n
}

// parameterARN is the ARN of a parameter: a path's slash is not doubled, a version
// or label does not count, and a public parameter has no account. // unverified: that public parameters' ARNs have no account in denials
func parameterARN(c *action.Call, name string) string {
	if strings.HasPrefix(name, "arn:") {
		parts := strings.SplitN(name, ":", 7)
		return strings.Join(parts[:min(6, len(parts))], ":")
	}
	name, _, _ = strings.Cut(name, ":")
	account := c.Account
	if strings.HasPrefix(name, "/aws/service/") {
		account = ""
	}
	return "arn:aws:ssm:" + c.Region + ":" + account + ":parameter/" + strings.TrimPrefix(name, "/")
}
