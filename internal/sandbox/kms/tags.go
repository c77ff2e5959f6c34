package kms

import (
	"maps"
	"sort"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

func init() {
	action.Add(Actions, "TagResource", tagResource)
	action.Add(Actions, "UntagResource", untagResource)
	action.Add(Actions, "ListResourceTags", listResourceTags)
}

type tag struct {
	TagKey   string `json:"TagKey"`
	TagValue string `json:"TagValue"`
}

// tagLimit is how many tags a key has at most.
const tagLimit = 50

// checkTags refuses tags that a key with the tags have cannot get.
func checkTags(have map[string]string, tags []tag) error {
	all := maps.Clone(have)
	if all == nil {
		all = map[string]string{}
	}
	for _, t := range tags {
		switch {
		case strings.HasPrefix(strings.ToLower(t.TagKey), "aws:"):
			return wire.Errorf("TagException", "Tags beginning with aws: are reserved")
		case t.TagKey == "" || len(t.TagKey) > 128 || len(t.TagValue) > 256:
			return wire.Errorf("TagException", "The tag %s has a key or a value of a length that is not allowed.", t.TagKey) // unverified: text
		}
		all[t.TagKey] = t.TagValue
	}
	if len(all) > tagLimit {
		return wire.Errorf("TagException", "Too many tags")
	}
	return nil
}

type tagResourceInput struct {
	keyInput
	Tags []tag
}

func tagResource(c *action.Call, in *tagResourceInput) (*none, error) {
	key, err := alive(c, in.KeyID, "TagResource")
	if err != nil {
		return nil, err
	}
	if err := checkTags(key.Tags, in.Tags); err != nil {
		return nil, err
	}
	if key.Tags == nil {
		key.Tags = map[string]string{}
	}
	for _, t := range in.Tags {
		key.Tags[t.TagKey] = t.TagValue
	}
	return &none{}, nil
}

type untagResourceInput struct {
	keyInput
	TagKeys []string
}

func untagResource(c *action.Call, in *untagResourceInput) (*none, error) {
	key, err := alive(c, in.KeyID, "UntagResource")
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(key.Tags, k)
	}
	return &none{}, nil
}

type listTagsInput struct {
	keyInput
	paged
}

type listTagsOutput struct {
	Tags      []tag  `json:"Tags"`
	Truncated bool   `json:"Truncated"`
	Marker    string `json:"NextMarker,omitempty"`
}

func tagList(tags map[string]string) []tag {
	all := make([]tag, 0, len(tags))
	for k, v := range tags {
		all = append(all, tag{TagKey: k, TagValue: v})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].TagKey < all[j].TagKey })
	return all
}

func listResourceTags(c *action.Call, in *listTagsInput) (*listTagsOutput, error) {
	key, err := managed(c, in.KeyID, "ListResourceTags")
	if err != nil {
		return nil, err
	}
	part, next, err := cut(tagList(key.Tags), &in.paged, 50, func(t tag) string { return t.TagKey })
	return &listTagsOutput{Tags: part, Truncated: next != "", Marker: next}, err
}
