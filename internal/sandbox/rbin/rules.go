package rbin

import (
	"maps"
	"net/http"
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "CreateRule", createRule)
	action.Add(Actions, "GetRule", getRule)
	action.Add(Actions, "ListRules", listRules)
	action.Add(Actions, "DeleteRule", deleteRule)
	Actions.Routes["CreateRule"] = action.Route{Method: http.MethodPost, Path: "/rules", Status: http.StatusCreated}
	Actions.Routes["GetRule"] = action.Route{Method: http.MethodGet, Path: "/rules/{Identifier}"}
	Actions.Routes["ListRules"] = action.Route{Method: http.MethodPost, Path: "/list-rules"}
	Actions.Routes["DeleteRule"] = action.Route{Method: http.MethodDelete, Path: "/rules/{Identifier}", Status: http.StatusNoContent}
}

// maxDays and maxTags are the limits of a rule (Recycle Bin API reference).
const (
	maxDays = 3650
	maxTags = 50
)

type resourceTag struct {
	ResourceTagKey   string
	ResourceTagValue *string `json:",omitempty"`
}

type period struct {
	RetentionPeriodValue int64
	RetentionPeriodUnit  string
}

type createRuleInput struct {
	ResourceType        string
	Description         string
	RetentionPeriod     *period
	ResourceTags        []resourceTag
	ExcludeResourceTags []resourceTag
}

type rule struct {
	Identifier          string
	ResourceType        string
	Description         string
	RetentionPeriod     period
	ResourceTags        []resourceTag
	ExcludeResourceTags []resourceTag
	Status              string
	LockState           string
	RuleArn             string
}

func createRule(c *action.Call, in *createRuleInput) (*rule, error) {
	days := in.RetentionPeriod
	switch {
	case in.ResourceType != world.BinImages && in.ResourceType != world.BinSnapshots:
		return nil, wire.Errorf("ValidationException", "Invalid value '%s' for ResourceType. This endpoint keeps EC2_IMAGE and EBS_SNAPSHOT.", in.ResourceType)
	case days == nil || days.RetentionPeriodUnit != "DAYS" || days.RetentionPeriodValue < 1 || days.RetentionPeriodValue > maxDays:
		return nil, wire.Errorf("ValidationException", "The retention period must be 1 to %d DAYS", maxDays) // unverified: text
	case len(in.ResourceTags) > 0 && len(in.ExcludeResourceTags) > 0:
		return nil, wire.Errorf("ValidationException", "Exclusion tags can be specified for Region-level retention rules only") // unverified: text
	case len(in.ResourceTags) > maxTags || len(in.ExcludeResourceTags) > maxTags:
		return nil, wire.Errorf("ValidationException", "At most %d resource tags can be specified", maxTags) // unverified: text
	}
	r := &world.RetentionRule{
		ID: identifier(c.World), ResourceType: in.ResourceType, Description: in.Description, Days: days.RetentionPeriodValue,
		Tags: kept(in.ResourceTags), Exclude: kept(in.ExcludeResourceTags), Created: c.Now,
	}
	c.Mine().Rules[r.ID] = r
	return shown(c, r), nil
}

// identifier is 11 letters and digits.
func identifier(w *world.World) string {
	const length, alphabet = 11, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	b := make([]byte, length)
	_, _ = w.Read(b)
	for n := range b {
		b[n] = alphabet[int(b[n])%len(alphabet)]
	}
	return string(b)
}

func kept(list []resourceTag) []world.RuleTag {
	tags := make([]world.RuleTag, 0, len(list))
	for _, t := range list {
		tags = append(tags, world.RuleTag{Key: t.ResourceTagKey, Value: t.ResourceTagValue})
	}
	return tags
}

func shownTags(list []world.RuleTag) []resourceTag {
	tags := make([]resourceTag, 0, len(list))
	for _, t := range list {
		tags = append(tags, resourceTag{ResourceTagKey: t.Key, ResourceTagValue: t.Value})
	}
	return tags
}

func shown(c *action.Call, r *world.RetentionRule) *rule {
	return &rule{
		Identifier: r.ID, ResourceType: r.ResourceType, Description: r.Description, RetentionPeriod: period{r.Days, "DAYS"},
		ResourceTags: shownTags(r.Tags), ExcludeResourceTags: shownTags(r.Exclude), Status: "available", LockState: "unlocked",
		RuleArn: "arn:aws:rbin:" + c.Region + ":" + c.Account + ":rule/" + r.ID,
	}
}

type ruleInput struct{ Identifier string }

func find(c *action.Call, id string) (*world.RetentionRule, error) {
	if r := c.Mine().Rules[id]; r != nil {
		return r, nil
	}
	return nil, wire.Errorf("ResourceNotFoundException", "The retention rule %s does not exist", id).WithStatus(http.StatusNotFound) // unverified: text
}

func getRule(c *action.Call, in *ruleInput) (*rule, error) {
	r, err := find(c, in.Identifier)
	if err != nil {
		return nil, err
	}
	return shown(c, r), nil
}

type nothing struct{}

func deleteRule(c *action.Call, in *ruleInput) (*nothing, error) {
	if _, err := find(c, in.Identifier); err != nil {
		return nil, err
	}
	delete(c.Mine().Rules, in.Identifier)
	return &nothing{}, nil
}

type listRulesInput struct {
	ResourceType        string
	ResourceTags        []resourceTag
	ExcludeResourceTags []resourceTag
	action.Paged
}

type listRulesOutput struct {
	Rules     []summary
	NextToken string `json:",omitempty"`
}

// maxRules is the largest page of ListRules (Recycle Bin API reference).
const maxRules = 1000

type summary struct {
	Identifier      string
	Description     string
	RetentionPeriod period
	LockState       string
	RuleArn         string
}

// listRules lists the rules for a type of resource, those with one of the tags
// where tags are given.
func listRules(c *action.Call, in *listRulesInput) (*listRulesOutput, error) {
	out := &listRulesOutput{Rules: []summary{}}
	for _, id := range slices.Sorted(maps.Keys(c.Mine().Rules)) {
		r := c.Mine().Rules[id]
		if r.ResourceType != in.ResourceType || !overlap(in.ResourceTags, r.Tags) || !overlap(in.ExcludeResourceTags, r.Exclude) {
			continue
		}
		s := shown(c, r)
		out.Rules = append(out.Rules, summary{Identifier: s.Identifier, Description: s.Description, RetentionPeriod: s.RetentionPeriod, LockState: s.LockState, RuleArn: s.RuleArn})
	}
	var err error
	out.Rules, out.NextToken, err = action.Page(out.Rules, in.Paged, maxRules)
	return out, err
}

func overlap(wanted []resourceTag, have []world.RuleTag) bool {
	return len(wanted) == 0 || slices.ContainsFunc(wanted, func(w resourceTag) bool {
		return slices.ContainsFunc(have, func(t world.RuleTag) bool {
			return t.Key == w.ResourceTagKey && (w.ResourceTagValue == nil || t.Value != nil && *t.Value == *w.ResourceTagValue)
		})
	})
}
