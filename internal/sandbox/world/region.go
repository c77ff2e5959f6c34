package world

import "slices"

// regionNames are the Regions of the aws partition that this endpoint has, with
// their opt-in status (docs.aws.amazon.com, "AWS Regions").
var regionNames = map[string]string{
	"us-east-1": "opt-in-not-required", "us-east-2": "opt-in-not-required",
	"us-west-1": "opt-in-not-required", "us-west-2": "opt-in-not-required",
	"ca-central-1": "opt-in-not-required", "sa-east-1": "opt-in-not-required",
	"eu-west-1": "opt-in-not-required", "eu-west-2": "opt-in-not-required", "eu-west-3": "opt-in-not-required",
	"eu-central-1": "opt-in-not-required", "eu-north-1": "opt-in-not-required",
	"ap-south-1": "opt-in-not-required", "ap-southeast-1": "opt-in-not-required", "ap-southeast-2": "opt-in-not-required",
	"ap-northeast-1": "opt-in-not-required", "ap-northeast-2": "opt-in-not-required", "ap-northeast-3": "opt-in-not-required",
	"af-south-1": "not-opted-in", "ap-east-1": "not-opted-in", "eu-south-1": "not-opted-in", "me-south-1": "not-opted-in",
}

// RegionNames are the Regions by name, in order.
func RegionNames() []string {
	names := make([]string, 0, len(regionNames))
	for name := range regionNames {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// OptInStatus is a Region's status as DescribeRegions words it; "" means that
// there is no such Region.
func OptInStatus(region string) string { return regionNames[region] }

// Region is what one account has in one Region.
type Region struct {
	Name    string
	Account string

	Images          Table[Image]
	Snapshots       Table[Snapshot]
	Volumes         map[string]*Volume
	Instances       map[string]*Instance
	KeyPairs        map[string]*KeyPair
	SecurityGroups  map[string]*SecurityGroup
	VPCs            map[string]*VPC
	Subnets         map[string]*Subnet
	LaunchTemplates map[string]*LaunchTemplate
	Fleets          map[string]*Fleet
	SpotRequests    map[string]*SpotRequest
	Keys            map[string]*Key
	// Aliases map alias/name to a key's id.
	Aliases    map[string]string
	Parameters map[string]*Parameter
	// Tags are the tags of every taggable resource by its id: see [Region.TagsOf].
	Tags Table[TagSet]
	// Tokens are the client tokens seen, by action and token.
	Tokens map[string]Token

	// EncryptByDefault makes every new volume and snapshot copy encrypted.
	EncryptByDefault bool
	// DefaultKey is the key used where none is named: a key id, or "" for aws/ebs.
	DefaultKey string
	// ImagesBlocked is Block Public Access for AMIs.
	ImagesBlocked bool
}

// Token remembers the call of a client token, so that the same call gives the
// same result and another call with the token is refused.
type Token struct {
	Fingerprint string
	ResourceID  string
}

// Region gives what the account has in the Region, with a default VPC and a
// default security group as every account has. Call it inside [World.Do].
func (w *World) Region(accountID, name string) *Region {
	a := w.Account(accountID)
	r := a.Regions[name]
	if r == nil {
		r = &Region{Name: name, Account: accountID}
		a.Regions[name] = r
		r.makeMaps()
		w.addDefaultNetwork(r)
	}
	return r
}

// makeMaps makes every map that is missing, as after reading an older state.
func (r *Region) makeMaps() {
	r.Volumes = orNew(r.Volumes)
	r.Instances = orNew(r.Instances)
	r.KeyPairs = orNew(r.KeyPairs)
	r.SecurityGroups = orNew(r.SecurityGroups)
	r.VPCs = orNew(r.VPCs)
	r.Subnets = orNew(r.Subnets)
	r.LaunchTemplates = orNew(r.LaunchTemplates)
	r.Fleets = orNew(r.Fleets)
	r.SpotRequests = orNew(r.SpotRequests)
	r.Keys = orNew(r.Keys)
	r.Aliases = orNew(r.Aliases)
	r.Parameters = orNew(r.Parameters)
	r.Tokens = orNew(r.Tokens)
}

func orNew[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return m
}
