package ssm

import (
	"maps"
	"sort"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "AddTagsToResource", addTags)
	action.Add(Actions, "RemoveTagsFromResource", removeTags)
	action.Add(Actions, "ListTagsForResource", listTags)
}

type tag struct {
	Key   string `json:"Key"`
	Value string `json:"Value"`
}

// mostTags is how many tags a parameter has at most.
const mostTags = 50

// tagsWith gives the tags that a parameter has after more are added.
func tagsWith(have map[string]string, more []tag) (map[string]string, error) {
	all := maps.Clone(have)
	if all == nil {
		all = map[string]string{}
	}
	for _, t := range more {
		if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return nil, invalid("Tag key cannot start with aws: %s", t.Key) // unverified: text
		}
		all[t.Key] = t.Value
	}
	if len(all) > mostTags {
		return nil, wire.Errorf("TooManyTagsError", "")
	}
	return all, nil
}

type resource struct {
	ResourceType string
	ResourceID   string `json:"ResourceId"`
}

func (in *resource) find(c *action.Call) (*world.Parameter, error) {
	if in.ResourceType != "Parameter" {
		return nil, wire.Errorf("InvalidResourceType", "%s is not a valid resource type here: Parameter is", in.ResourceType)
	}
	p := c.Mine().Parameters[in.ResourceID]
	if p == nil {
		return nil, wire.Errorf("InvalidResourceId", "")
	}
	return p, nil
}

type addTagsInput struct {
	resource
	Tags []tag
}

func addTags(c *action.Call, in *addTagsInput) (*nothing, error) {
	p, err := in.find(c)
	if err != nil {
		return nil, err
	}
	all, err := tagsWith(p.Tags, in.Tags)
	if err != nil {
		return nil, err
	}
	p.Tags = all
	return &nothing{}, nil
}

type removeTagsInput struct {
	resource
	TagKeys []string
}

func removeTags(c *action.Call, in *removeTagsInput) (*nothing, error) {
	p, err := in.find(c)
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(p.Tags, k)
	}
	return &nothing{}, nil
}

type tagList struct {
	Tags []tag `json:"TagList"`
}

func listTags(c *action.Call, in *resource) (*tagList, error) {
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
