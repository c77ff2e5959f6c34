package imds

import "time"

// Metadata is what the service tells of an instance. Empty values are left out of the tree.
type Metadata struct {
	InstanceID, Hostname string // Hostname is the whole name, with its domain
	ImageID, Type        string
	Architecture         string // as in EC2's API, such as x86_64
	AccountID, Region    string
	Zone, ZoneID         string
	ReservationID        string
	LifeCycle            string // spot or on-demand
	Profile              string // ARN of the instance profile
	ProfileID            string
	Role                 string // the role in the profile
	Launched             time.Time
	PrivateIP, PublicIP  string
	PublicHostname       string
	KeyName, PublicKey   string // the launch key pair; PublicKey is its OpenSSH line
	UserData             []byte // as given at launch, after base64
	Interface            Interface
	// Devices are the block devices by their virtual name, such as ami, root and ebs2.
	Devices map[string]string
	Tags    map[string]string
	Options Options
	// Credentials makes credentials of the role; nil where there is none.
	Credentials func() (Credentials, error)
}

// Interface is the one network interface of an instance.
type Interface struct {
	ID, MAC              string // MAC is lower-case with colons
	SubnetID, SubnetCIDR string
	VPCID, VPCCIDR       string
	Groups               []Group
}

// Group is a security group.
type Group struct{ ID, Name string }

// Options are the instance metadata options, in the words of EC2's API. The zero value is EC2's default of
// an instance that says nothing: enabled, tokens optional, one hop, no tags.
type Options struct {
	Endpoint string // enabled or disabled
	Tokens   string // optional or required
	HopLimit int    // 1 to 64
	Tags     string // enabled or disabled
}

// Credentials are temporary ones of a role.
type Credentials struct {
	AccessKeyID, Secret, Token string
	Updated, Expires           time.Time
}
