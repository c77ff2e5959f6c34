package ec2

import (
	"iter"
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("CreateTags", createTags)
	add("DeleteTags", deleteTags)
	read("DescribeTags", describeTags)
}

// maxTags is how many tags a resource may have; those of AWS do not count.
const maxTags = 50

// tagged is a kind of resource that has tags: how its ids begin, what EC2 calls
// it, whether one exists, and the refusal when it does not.
type tagged struct {
	prefix, kind  string
	exists        func(r *world.Region, id string) bool
	code, message string
}

func within[V any](m func(*world.Region) map[string]V) func(*world.Region, string) bool {
	return func(r *world.Region, id string) bool {
		_, found := m(r)[id]
		return found
	}
}

var taggable = []tagged{
	{
		"ami", "image", func(r *world.Region, id string) bool {
			return r.Images.Get(id) != nil && !r.Images.Get(id).Deregistered
		},
		"InvalidAMIID.NotFound", "The image id '[%s]' does not exist",
	},
	{
		"amiur", "image-usage-report", within(func(r *world.Region) map[string]*world.UsageReport { return r.UsageReports }),
		"InvalidImageUsageReportId.NotFound", "The image usage report ID '%s' does not exist", // unverified: code and text
	},
	{
		"snap", "snapshot", func(r *world.Region, id string) bool { return r.Snapshots.Get(id) != nil },
		"InvalidSnapshot.NotFound", "The snapshot '%s' does not exist.",
	},
	{
		"i", "instance", within(func(r *world.Region) map[string]*world.Instance { return r.Instances }),
		"InvalidInstanceID.NotFound", "The instance ID '%s' does not exist",
	},
	{
		"vol", "volume", within(func(r *world.Region) map[string]*world.Volume { return r.Volumes }),
		"InvalidVolume.NotFound", "The volume '%s' does not exist.",
	},
	{
		"sg", "security-group", within(func(r *world.Region) map[string]*world.SecurityGroup { return r.SecurityGroups }),
		"InvalidGroup.NotFound", "The security group '%s' does not exist",
	},
	{
		"vpc", "vpc", within(func(r *world.Region) map[string]*world.VPC { return r.VPCs }),
		"InvalidVpcID.NotFound", "The vpc ID '%s' does not exist",
	},
	{
		"subnet", "subnet", within(func(r *world.Region) map[string]*world.Subnet { return r.Subnets }),
		"InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist",
	},
	{"key", "key-pair", func(r *world.Region, id string) bool {
		for _, k := range r.KeyPairs {
			if k.ID == id {
				return true
			}
		}
		return false
	}, "InvalidKeyPair.NotFound", "The key pair ID '%s' does not exist"},
	{"lt", "launch-template", func(r *world.Region, id string) bool {
		for _, t := range r.LaunchTemplates {
			if t.ID == id {
				return true
			}
		}
		return false
	}, "InvalidLaunchTemplateId.NotFound", "The launch template ID '%s' does not exist"},
	{
		"fleet", "fleet", within(func(r *world.Region) map[string]*world.Fleet { return r.Fleets }),
		"InvalidFleetId.NotFound", "The fleet ID '%s' does not exist",
	},
	{
		"sir", "spot-instances-request", within(func(r *world.Region) map[string]*world.SpotRequest { return r.SpotRequests }),
		"InvalidSpotInstanceRequestID.NotFound", "The spot instance request ID '%s' does not exist",
	},
	{"eni", "network-interface", func(r *world.Region, id string) bool {
		for _, i := range r.Instances {
			if i.InterfaceID == id && i.State != world.StateTerminated {
				return true
			}
		}
		return false
	}, "InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '%s' does not exist"},
	{"sgr", "security-group-rule", func(r *world.Region, id string) bool {
		for _, g := range r.SecurityGroups {
			if slices.ContainsFunc(append(slices.Clone(g.Ingress), g.Egress...), func(rule world.Rule) bool { return rule.ID == id }) {
				return true
			}
		}
		return false
	}, "InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist"},
}

// kindOf is the kind of resource that an id is of; false for an id of no kind.
func kindOf(id string) (tagged, bool) {
	prefix, _, _ := strings.Cut(id, "-")
	for _, t := range taggable {
		if t.prefix == prefix {
			return t, true
		}
	}
	return tagged{}, false
}

type changeTagsInput struct {
	IDs  []string    `q:"ResourceId,required"`
	Tags []tagChange `q:"Tag"`
}

// tagChange tells a value that is not given from an empty one: DeleteTags deletes
// a tag whatever its value in the first case, and only an empty one in the second.
type tagChange struct {
	Key   string  `q:"Key"`
	Value *string `q:"Value"`
}

func (in *changeTagsInput) find(c *action.Call) error {
	for _, id := range in.IDs {
		kind, known := kindOf(id)
		if !known {
			return wire.Errorf("InvalidID", "The ID '%s' is not valid", id)
		}
		if !kind.exists(c.Mine(), id) {
			return wire.Errorf(kind.code, kind.message, id)
		}
	}
	return nil
}

// createTags adds or overwrites tags on own resources, all or none.
func createTags(c *action.Call, in *changeTagsInput) (*done, error) {
	if len(in.Tags) == 0 {
		return nil, wire.ErrMissing("Tag")
	}
	if err := in.find(c); err != nil {
		return nil, err
	}
	tags := map[string]string{}
	for _, t := range in.Tags {
		value := ""
		if t.Value != nil {
			value = *t.Value
		}
		if err := checkTag(tag{Key: t.Key, Value: value}); err != nil {
			return nil, err
		}
		tags[t.Key] = value
	}
	for _, id := range in.IDs {
		count := len(c.Mine().TagsOf(id))
		for k := range tags {
			if _, has := c.Mine().TagsOf(id)[k]; !has {
				count++
			}
		}
		if count > maxTags {
			return nil, wire.Errorf("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
		}
	}
	for _, id := range in.IDs {
		c.Mine().SetTags(id, tags)
	}
	return ok, nil
}

// deleteTags deletes the tags named, or all where none is named. A tag that the
// resource does not have is no mistake.
func deleteTags(c *action.Call, in *changeTagsInput) (*done, error) {
	if err := in.find(c); err != nil {
		return nil, err
	}
	for _, id := range in.IDs {
		if len(in.Tags) == 0 {
			c.Mine().DropTags(id)
		}
		for _, t := range in.Tags {
			if t.Value == nil || *t.Value == c.Mine().TagsOf(id)[t.Key] {
				c.Mine().DeleteTag(id, t.Key)
			}
		}
	}
	return ok, nil
}

type describeTagsOutput struct {
	Tags      wire.Set[tagItem] `xml:"tagSet"`
	NextToken string            `xml:"nextToken,omitempty"`
}

type tagItem struct {
	ID    string `xml:"resourceId"`
	Kind  string `xml:"resourceType"`
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

func describeTags(c *action.Call, in *described) (*describeTagsOutput, error) {
	var all []tagItem
	for id, tags := range tagsAsked(c, in.Filters) {
		kind, known := kindOf(id)
		if !known || !kind.exists(c.Mine(), id) {
			continue
		}
		for _, t := range tagSet(seenTags(c, id, tags)) {
			item := tagItem{ID: id, Kind: kind.kind, Key: t.Key, Value: t.Value}
			match, err := matchAll(in.Filters, func(name string) ([]string, bool) {
				switch name {
				case "key":
					return one(item.Key)
				case "value":
					return one(item.Value)
				case "resource-id":
					return one(item.ID)
				case "resource-type":
					return one(item.Kind)
				}
				return tagValues(map[string]string{item.Key: item.Value}, name)
			})
			if err != nil {
				return nil, err
			}
			if match {
				all = append(all, item)
			}
		}
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, 1000)
	return &describeTagsOutput{Tags: part, NextToken: next}, err
}

// tagsAsked are the resources with tags that the filters can let through: those
// that resource-id names, or all.
func tagsAsked(c *action.Call, filters []filter) iter.Seq2[string, world.TagSet] {
	for _, f := range filters {
		if f.Name != "resource-id" || slices.ContainsFunc(f.Values, func(v string) bool { return strings.ContainsAny(v, `*?\`) }) {
			continue
		}
		return func(yield func(string, world.TagSet) bool) {
			for _, id := range slices.Compact(slices.Sorted(slices.Values(f.Values))) {
				if tags := c.Mine().TagsOf(id); tags != nil && !yield(id, tags) {
					return
				}
			}
		}
	}
	return c.Mine().AllTags()
}
