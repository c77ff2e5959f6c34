package kms

import (
	"maps"
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { action.Add(Actions, "ReplicateKey", replicateKey) }

type multiRegion struct {
	Type     string        `json:"MultiRegionKeyType"`
	Primary  keyOfRegion   `json:"PrimaryKey"`
	Replicas []keyOfRegion `json:"ReplicaKeys"`
}

type keyOfRegion struct {
	Arn    string `json:"Arn"`
	Region string `json:"Region"`
}

func inRegion(k *world.Key, region string) keyOfRegion {
	return keyOfRegion{Arn: "arn:aws:kms:" + region + ":" + k.Account + ":key/" + k.ID, Region: region}
}

func primaryRegion(k *world.Key) string {
	if k.Primary != "" {
		return k.Primary
	}
	return k.Region
}

// replicas are the Regions of a multi-Region key's replicas, in order.
func replicas(c *action.Call, k *world.Key) []string {
	if !k.MultiRegion || k.Primary != "" {
		return nil
	}
	return replicasOf(c, k)
}

func replicasOf(c *action.Call, k *world.Key) []string {
	var regions []string
	for name, r := range c.World.Account(k.Account).Regions {
		other := r.Keys[k.ID]
		deleted := other != nil && other.State == world.KeyPendingDeletion && !c.Now.Before(other.DeletionAt)
		if other != nil && other.Primary != "" && !deleted {
			regions = append(regions, name)
		}
	}
	slices.Sort(regions)
	return regions
}

func regionsOf(c *action.Call, k *world.Key) *multiRegion {
	m := &multiRegion{Type: "PRIMARY", Primary: inRegion(k, primaryRegion(k)), Replicas: []keyOfRegion{}}
	if k.Primary != "" {
		m.Type = "REPLICA"
	}
	for _, region := range replicasOf(c, k) {
		m.Replicas = append(m.Replicas, inRegion(k, region))
	}
	return m
}

// usableRegion tells whether the account can use a Region.
func usableRegion(c *action.Call, region string) bool {
	status := c.World.Account(c.Account).OptInStatus(region)
	return status != "" && status != world.NotOptedIn
}

type replicateKeyInput struct {
	keyInput
	ReplicaRegion                  string
	Description, Policy            string
	BypassPolicyLockoutSafetyCheck bool
	Tags                           []tag
}

type replicateKeyOutput struct {
	Metadata keyMetadata `json:"ReplicaKeyMetadata"`
	Policy   string      `json:"ReplicaPolicy"`
	Tags     []tag       `json:"ReplicaTags"`
}

// replicateKey makes a key of the same id and material in another Region. The
// answer shows it as it is made; the next call finds it enabled.
func replicateKey(c *action.Call, in *replicateKeyInput) (*replicateKeyOutput, error) {
	k, err := alive(c, in.KeyID, "ReplicateKey")
	if err != nil {
		return nil, err
	}
	switch {
	case !k.MultiRegion || k.Primary != "":
		return nil, wire.Errorf("UnsupportedOperationException", "%s is not a multi-region primary key.", k.ARN) // unverified: text
	case k.State == world.KeyDisabled:
		return nil, wire.Errorf("DisabledException", "%s is disabled.", k.ARN)
	case !usableRegion(c, in.ReplicaRegion) || in.ReplicaRegion == c.Region:
		return nil, wire.Errorf("ValidationException", "The replica Region %s is not valid for this key.", in.ReplicaRegion) // unverified: text
	case c.World.FindKey(c.Account, in.ReplicaRegion, k.ID) != nil:
		return nil, wire.Errorf("AlreadyExistsException", "The key %s already exists in region %s.", k.ID, in.ReplicaRegion) // unverified: text
	}
	if err := checkTags(nil, in.Tags); err != nil {
		return nil, err
	}
	if in.Policy != "" {
		if err := checkPolicy(c, in.Policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
			return nil, err
		}
	}
	there := c.World.Region(c.Account, in.ReplicaRegion)
	material(c, k)
	replica := c.World.NewKey(there)
	delete(there.Keys, replica.ID)
	replica.ID, replica.ARN, replica.MultiRegion, replica.Primary = k.ID, inRegion(k, in.ReplicaRegion).Arn, true, k.Region
	replica.Spec, replica.Usage, replica.Material, replica.Description = k.Spec, k.Usage, k.Material, in.Description
	if in.Policy != "" {
		replica.Policy = in.Policy
	}
	for _, t := range in.Tags {
		replica.Tags[t.TagKey] = t.TagValue
	}
	there.Keys[replica.ID] = replica
	out := &replicateKeyOutput{Metadata: metadataOf(c, replica), Policy: replica.Policy, Tags: tagList(maps.Clone(replica.Tags))}
	out.Metadata.KeyState, out.Metadata.Enabled = "Creating", false
	return out, nil
}
