package kms

import (
	"encoding/json"
	"sort"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "GetKeyPolicy", getKeyPolicy)
	action.Add(Actions, "PutKeyPolicy", putKeyPolicy)
	action.Add(Actions, "TagResource", tagResource)
	action.Add(Actions, "UntagResource", untagResource)
	action.Add(Actions, "ListResourceTags", listResourceTags)
}

type keyPolicyInput struct {
	keyInput
	PolicyName string
	Policy     string
	// BypassPolicyLockoutSafetyCheck lets a policy shut out its own account, which
	// nothing here would notice: the owner of a key may always use it.
	BypassPolicyLockoutSafetyCheck bool
}

type getKeyPolicyOutput struct {
	Policy     string `json:"Policy"`
	PolicyName string `json:"PolicyName"`
}

func (in *keyPolicyInput) find(c *action.Call, operation string) (*world.Key, error) {
	if in.PolicyName != "" && in.PolicyName != "default" {
		return nil, wire.Errorf("NotFoundException", "No such policy exists")
	}
	key, err := find(c, in.KeyID)
	if err == nil && key.Account != c.Account {
		err = denied(c, key, operation)
	}
	return key, err
}

func getKeyPolicy(c *action.Call, in *keyPolicyInput) (*getKeyPolicyOutput, error) {
	key, err := in.find(c, "GetKeyPolicy")
	if err != nil {
		return nil, err
	}
	return &getKeyPolicyOutput{Policy: key.Policy, PolicyName: "default"}, nil
}

func putKeyPolicy(c *action.Call, in *keyPolicyInput) (*none, error) {
	if _, err := in.find(c, "PutKeyPolicy"); err != nil {
		return nil, err
	}
	key, err := managed(c, in.KeyID, "PutKeyPolicy")
	if err != nil {
		return nil, err
	}
	if err := checkPolicy(in.Policy); err != nil {
		return nil, err
	}
	key.Policy = in.Policy
	return &none{}, nil
}

func checkPolicy(text string) error {
	var doc struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(text), &doc); err != nil || len(doc.Statement) == 0 {
		return wire.Errorf("MalformedPolicyDocumentException", "Policy contains a statement with no principal, or is not valid JSON.") // unverified text
	}
	return nil
}

type tag struct {
	TagKey   string `json:"TagKey"`
	TagValue string `json:"TagValue"`
}

type tagsInput struct {
	keyInput
	paged
	Tags    []tag
	TagKeys []string
}

func tagResource(c *action.Call, in *tagsInput) (*none, error) {
	key, err := managed(c, in.KeyID, "TagResource")
	if err != nil {
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

func untagResource(c *action.Call, in *tagsInput) (*none, error) {
	key, err := managed(c, in.KeyID, "UntagResource")
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(key.Tags, k)
	}
	return &none{}, nil
}

type listTagsOutput struct {
	Tags      []tag  `json:"Tags"`
	Truncated bool   `json:"Truncated"`
	Marker    string `json:"NextMarker,omitempty"`
}

func listResourceTags(c *action.Call, in *tagsInput) (*listTagsOutput, error) {
	key, err := usable(c, in.KeyID, "ListResourceTags")
	if err != nil {
		return nil, err
	}
	var all []tag
	for k, v := range key.Tags {
		all = append(all, tag{TagKey: k, TagValue: v})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].TagKey < all[j].TagKey })
	part, next, err := cut(all, &in.paged)
	return &listTagsOutput{Tags: part, Truncated: next != "", Marker: next}, err
}
