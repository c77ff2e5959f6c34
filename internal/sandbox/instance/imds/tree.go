package imds

import (
	"encoding/json"
	"slices"
	"strings"
)

// tree maps the paths of leaves, below a version, to their content.
type tree map[string]string

func (t tree) set(path, value string) {
	if value != "" {
		t[path] = value
	}
}

// treeOf is what the service shows of an instance, without user data and credentials.
func treeOf(m Metadata) tree {
	t := tree{}
	const top = "meta-data/"
	for name, value := range map[string]string{
		"ami-id": m.ImageID, "ami-launch-index": "0", "ami-manifest-path": "(unknown)", // unverified: the path
		"hostname": m.Hostname, "local-hostname": m.Hostname, "public-hostname": m.PublicHostname,
		"instance-action": "none", "instance-id": m.InstanceID, "instance-life-cycle": m.LifeCycle, "instance-type": m.Type,
		"local-ipv4": m.PrivateIP, "public-ipv4": m.PublicIP, "mac": m.Interface.MAC,
		"placement/availability-zone": m.Zone, "placement/availability-zone-id": m.ZoneID, "placement/region": m.Region,
		"profile": "default-hvm", "reservation-id": m.ReservationID, "security-groups": m.Interface.names(),
		"services/domain": "amazonaws.com", "services/partition": "aws", "system": "nitro", // unverified: profile and system
		"events/maintenance/history": "[]", "events/maintenance/scheduled": "[]",
	} {
		t.set(top+name, value)
	}
	if m.PublicKey != "" {
		t.set(top+"public-keys/0/openssh-key", m.PublicKey+"\n")
	}
	for name, device := range m.Devices {
		t.set(top+"block-device-mapping/"+name, device)
	}
	if m.Profile != "" {
		t.set(top+"iam/info", document(struct {
			Code, LastUpdated string
			ARN               string `json:"InstanceProfileArn"`
			ID                string `json:"InstanceProfileId"`
		}{"Success", stamp(m.Launched), m.Profile, m.ProfileID}))
	}
	if m.Options.Tags == "enabled" {
		for key, value := range m.Tags {
			t[top+"tags/instance/"+key] = value
		}
	}
	m.network(t, top)
	t.set("dynamic/instance-identity/document", m.identity())
	return t
}

// network adds the categories of the one interface.
func (m Metadata) network(t tree, top string) {
	i := m.Interface
	if i.MAC == "" {
		return
	}
	at := top + "network/interfaces/macs/" + i.MAC + "/"
	for name, value := range map[string]string{
		"device-number": "0", "interface-id": i.ID, "local-hostname": m.Hostname, "local-ipv4s": m.PrivateIP, "mac": i.MAC,
		"owner-id": m.AccountID, "public-hostname": m.PublicHostname, "public-ipv4s": m.PublicIP,
		"security-group-ids": i.ids(), "security-groups": i.names(), "subnet-id": i.SubnetID,
		"subnet-ipv4-cidr-block": i.SubnetCIDR, "vpc-id": i.VPCID, "vpc-ipv4-cidr-block": i.VPCCIDR, "vpc-ipv4-cidr-blocks": i.VPCCIDR,
	} {
		t.set(at+name, value)
	}
	if m.PublicIP != "" {
		t.set(at+"ipv4-associations/"+m.PublicIP, m.PrivateIP)
	}
}

func (i Interface) names() string {
	all := make([]string, 0, len(i.Groups))
	for _, g := range i.Groups {
		all = append(all, g.Name)
	}
	return strings.Join(all, "\n")
}

func (i Interface) ids() string {
	all := make([]string, 0, len(i.Groups))
	for _, g := range i.Groups {
		all = append(all, g.ID)
	}
	return strings.Join(all, "\n")
}

// identity is the instance identity document (EC2 User Guide, "Instance identity documents").
func (m Metadata) identity() string {
	return document(struct {
		AccountID    string   `json:"accountId"`
		Architecture string   `json:"architecture"`
		Zone         string   `json:"availabilityZone"`
		Billing      []string `json:"billingProducts"`
		DevPay       []string `json:"devpayProductCodes"`
		Marketplace  []string `json:"marketplaceProductCodes"`
		ImageID      string   `json:"imageId"`
		InstanceID   string   `json:"instanceId"`
		Type         string   `json:"instanceType"`
		KernelID     *string  `json:"kernelId"`
		Pending      string   `json:"pendingTime"`
		PrivateIP    string   `json:"privateIp"`
		RamdiskID    *string  `json:"ramdiskId"`
		Region       string   `json:"region"`
		Version      string   `json:"version"`
	}{
		AccountID: m.AccountID, Architecture: m.Architecture, Zone: m.Zone, ImageID: m.ImageID, InstanceID: m.InstanceID,
		Type: m.Type, Pending: stamp(m.Launched), PrivateIP: m.PrivateIP, Region: m.Region, Version: "2017-09-30",
	})
}

func document(v any) string {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return "" // strings and slices of them always encode
	}
	return string(text)
}

// list is what a directory, a path that ends in a slash, shows: its entries in order, those that are
// directories with a slash. There is none where nothing lies below it.
func (t tree) list(dir string) (string, bool) {
	seen := map[string]bool{}
	for path := range t {
		rest, ok := strings.CutPrefix(path, dir)
		if !ok || rest == "" {
			continue
		}
		name, _, deeper := strings.Cut(rest, "/")
		if deeper {
			name += "/"
		}
		seen[name] = true
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, "\n"), len(names) > 0
}
