package world

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
	// Watermarks are the marks of those images that have any, by image id.
	Watermarks map[string][]Watermark
	// Scans are what Amazon Inspector found of those images that it scanned, by image id.
	Scans map[string]Scan
	// TypeSpecs are the instance types of those images that name any, by image id.
	TypeSpecs    map[string]TypeSpec
	UsageReports map[string]*UsageReport
	// Rules say what goes to the recycle bin, Bin is what is there, both by id.
	Rules map[string]*RetentionRule
	Bin   map[string]*Binned

	// EncryptByDefault makes every new volume and snapshot copy encrypted.
	EncryptByDefault bool
	// DefaultKey is the key used where none is named: a key id, or "" for aws/ebs.
	DefaultKey string
	// ImagesBlocked is Block Public Access for AMIs.
	ImagesBlocked bool
	// SnapshotsBlocked is Block Public Access for snapshots: block-all-sharing,
	// block-new-sharing, or "" for unblocked.
	SnapshotsBlocked string
	// Allowed is which images of other accounts may be found and used.
	Allowed Allowed
}

// Token remembers the call of a client token, so that the same call gives the
// same result and another call with the token is refused.
type Token struct {
	Fingerprint string
	ResourceID  string
}

// Region gives what the account has in the Region, with a default VPC and a
// default security group as every account has. Inside [World.View] a Region that
// nothing has made yet is empty and is forgotten again.
func (w *World) Region(accountID, name string) *Region {
	if a := w.state.Accounts[accountID]; a != nil && a.Regions[name] != nil {
		return a.Regions[name]
	}
	r := &Region{Name: name, Account: accountID}
	r.makeMaps()
	if !w.mode.changing {
		return r
	}
	w.Account(accountID).Regions[name] = r
	w.hold(r)
	w.addDefaultNetwork(r)
	return r
}

// HasRegion tells whether the account has anything in the Region yet.
func (w *World) HasRegion(accountID, name string) bool {
	a := w.state.Accounts[accountID]
	return a != nil && a.Regions[name] != nil
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
	r.Watermarks = orNew(r.Watermarks)
	r.Scans = orNew(r.Scans)
	r.TypeSpecs = orNew(r.TypeSpecs)
	r.UsageReports = orNew(r.UsageReports)
	r.Rules = orNew(r.Rules)
	r.Bin = orNew(r.Bin)
}

func orNew[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return m
}
