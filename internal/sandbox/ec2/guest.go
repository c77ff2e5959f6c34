package ec2

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/imds"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// guestSpec is what the backend needs to boot the instance's guest.
func guestSpec(c *action.Call, i *world.Instance) instance.Spec {
	addr, err := netip.ParseAddr(i.PrivateIP)
	if err != nil {
		addr = netip.IPv4Unspecified() // a kept state that was edited: the backend refuses it
	}
	hostname, _, _ := strings.Cut(privateName(c.Region, i.PrivateIP), ".")
	spec := instance.Spec{
		ID: i.ID, Hostname: hostname, Layers: i.Layers, Addr: addr, User: i.DefaultUser, UserData: i.UserData,
		Endpoint: c.Endpoint,
	}
	if key := c.Mine().KeyPairs[i.KeyName]; key != nil {
		spec.AuthorizedKey = key.PublicKey
	}
	session := &roleSession{}
	spec.Metadata = func() (m imds.Metadata) {
		c.World.Do(func() { m = metadataOf(c, i, session) })
		return m
	}
	spec.PoweredOff = func() { c.World.Do(func() { poweredOff(c, i) }) }
	return spec
}

// poweredOff is what EC2 does with an instance that shut itself down: what its shutdown behavior says (EC2 User
// Guide, "Change the instance initiated shutdown behavior"). Call it inside [world.World.Do].
func poweredOff(c *action.Call, i *world.Instance) {
	if i.State != world.StatePending && i.State != world.StateRunning {
		return
	}
	i.Reason = world.Reason{Code: "Client.InstanceInitiatedShutdown", Message: "Client.InstanceInitiatedShutdown: Instance initiated shutdown"} // unverified: the message
	if i.ShutdownBehavior == "terminate" {
		i.State = world.StateShuttingDown
		end(c, i)
		return
	}
	i.State = world.StateStopping
	halt(c, i)
}

// metadataOf is what the instance metadata service tells of the instance now. Call it inside [world.World.Do].
func metadataOf(c *action.Call, i *world.Instance, session *roleSession) imds.Metadata {
	mine := c.Mine()
	m := imds.Metadata{
		Hostname: privateName(c.Region, i.PrivateIP),
		ImageID:  i.ImageID, Type: i.Type, Architecture: i.Architecture, AccountID: c.Account, Region: c.Region,
		Zone: i.AvailabilityZone, ZoneID: world.ZoneID(c.Region, i.AvailabilityZone), ReservationID: i.ReservationID,
		LifeCycle: first(i.Lifecycle, "on-demand"), Launched: i.Launched, PrivateIP: i.PrivateIP, PublicIP: i.PublicIP, KeyName: i.KeyName,
		Interface: imds.Interface{ID: i.InterfaceID, MAC: macOf(i.InterfaceID), SubnetID: i.SubnetID, VPCID: i.VPCID},
		Devices:   virtualNames(i), Tags: map[string]string{},
		Options: imds.Options{
			Endpoint: i.MetadataOptions.HTTPEndpoint, Tokens: i.MetadataOptions.HTTPTokens,
			HopLimit: int(i.MetadataOptions.HopLimit), Tags: i.MetadataOptions.InstanceMetadataTags,
		},
	}
	if s := mine.Subnets[i.SubnetID]; s != nil {
		m.Interface.SubnetCIDR = s.CIDR
	}
	if v := mine.VPCs[i.VPCID]; v != nil {
		m.Interface.VPCCIDR = v.CIDR
	}
	for _, id := range i.SecurityGroups {
		if g := mine.SecurityGroups[id]; g != nil {
			m.Interface.Groups = append(m.Interface.Groups, imds.Group{ID: id, Name: g.Name})
		}
	}
	for key, value := range mine.TagsOf(i.ID) {
		m.Tags[key] = value
	}
	for _, p := range c.World.Account(c.Account).Profiles {
		if p.ARN == i.Profile {
			m.Profile, m.ProfileID, m.Role = p.ARN, p.ID, first(p.Roles...)
		}
	}
	if m.Role != "" {
		role := m.Role
		m.Credentials = func() (imds.Credentials, error) { return session.get(c, i.ID, role), nil }
	}
	return m
}

// privateName is the private DNS name of an address (Amazon VPC User Guide, "DNS attributes for your VPC").
func privateName(region, addr string) string {
	name := "ip-" + strings.ReplaceAll(addr, ".", "-")
	if region == "us-east-1" {
		return name + ".ec2.internal"
	}
	return name + "." + region + ".compute.internal"
}

// macOf is the address of an interface. It begins with 02, as those of EC2 do: the bit of addresses that no
// manufacturer gives out.
func macOf(interfaceID string) string {
	sum := sha256.Sum256([]byte(interfaceID))
	return fmt.Sprintf("02:%02x:%02x:%02x:%02x:%02x", sum[0], sum[1], sum[2], sum[3], sum[4])
}

// virtualNames are the block devices as the metadata service names them: ami and root for the root device,
// ebs1 and so on for the others.
func virtualNames(i *world.Instance) map[string]string {
	names := map[string]string{"ami": i.RootDeviceName, "root": i.RootDeviceName}
	n := 0
	for _, device := range sortedKeys(i.Devices) {
		if device != i.RootDeviceName {
			n++
			names["ebs"+strconv.Itoa(n)] = device // unverified: whether EC2 cuts off /dev/
		}
	}
	return names
}

// roleSession keeps the credentials that an instance was given until they are due, as EC2 does.
type roleSession struct{ given imds.Credentials }

// get gives credentials that hold for six hours, and new ones when less than one is left.
func (s *roleSession) get(c *action.Call, instanceID, role string) (given imds.Credentials) {
	const lifetime, least = 6 * time.Hour, time.Hour
	c.World.Do(func() {
		now := c.World.Now()
		if s.given.Expires.Sub(now) < least {
			arn := "arn:aws:sts::" + c.Account + ":assumed-role/" + role + "/" + instanceID
			key := c.World.NewSession(c.Account, arn, now.Add(lifetime))
			s.given = imds.Credentials{AccessKeyID: key.ID, Secret: key.Secret, Token: key.Session, Updated: now, Expires: key.Expires}
		}
		given = s.given
	})
	return given
}
