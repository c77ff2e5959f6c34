package world

import (
	"net/netip"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
)

// The states of an instance, in EC2's words.
const (
	StatePending      = "pending"
	StateRunning      = "running"
	StateShuttingDown = "shutting-down"
	StateTerminated   = "terminated"
	StateStopping     = "stopping"
	StateStopped      = "stopped"
)

// Instance is an EC2 instance. Layers are the disks below its own, bottom first.
type Instance struct {
	ID, ImageID, Type, State, AvailabilityZone   string
	Reason                                       Reason
	KeyName, SubnetID, VPCID                     string
	PrivateIP, PublicIP                          string
	SecurityGroups                               []string
	InterfaceID                                  string
	Architecture, Platform, PlatformDetails      string
	UsageOperation, VirtualizationType, BootMode string
	RootDeviceName                               string
	EnaSupport                                   bool
	SriovSupport                                 string
	Launched, Ended                              time.Time
	// Devices map a device name to its volume's id.
	Devices          map[string]string
	Layers           []string
	DefaultUser      string
	UserData         []byte
	Profile          string
	Lifecycle        string
	SpotRequestID    string
	ShutdownBehavior string
	Tenancy          string
	EbsOptimized     bool
	MonitoringState  string
	MetadataOptions  MetadataOptions
	// Credits are standard or unlimited on burstable types, else empty.
	Credits string
	Enclave bool
	// CapacityPreference is open, none or capacity-reservations-only.
	CapacityPreference string
	// Ephemeral map device names to instance stores, such as ephemeral0.
	Ephemeral map[string]string
	Licenses  []string
	// KeepRunning and KeepAlive refuse to stop and to terminate the instance:
	// disableApiStop and disableApiTermination.
	KeepRunning, KeepAlive bool
	ClientToken            string
	ReservationID          string
	ConsoleText            []byte
	PasswordData           string
}

// MetadataOptions are the instance metadata options.
type MetadataOptions struct {
	HTTPTokens, HTTPEndpoint, InstanceMetadataTags string
	HopLimit                                       int64
}

// KeyPair is a key pair; EC2 keeps only the public half.
type KeyPair struct {
	ID, Name, Type, Fingerprint string
	// PublicKey is the line for authorized_keys.
	PublicKey string
	Created   time.Time
}

// SecurityGroup is a security group of a VPC.
type SecurityGroup struct {
	ID, Name, Description, VPCID string
	Ingress, Egress              []Rule
}

// Rule is one permission of a security group.
type Rule struct {
	ID, Protocol, CIDR, CIDR6, GroupID, PrefixListID, Description string
	FromPort, ToPort                                              int64
}

// VPC is a virtual private cloud.
type VPC struct {
	ID, CIDR  string
	IsDefault bool
}

// Subnet is a subnet of a VPC.
type Subnet struct {
	ID, VPCID, CIDR, AvailabilityZone string
	Default, MapPublicIP              bool
	FreeAddresses                     int64
}

// LaunchTemplate is a launch template; Versions[0] is version 1.
type LaunchTemplate struct {
	ID, Name, CreatedBy string
	Created             time.Time
	DefaultVersion      int64
	Versions            []LaunchTemplateVersion
}

// LaunchTemplateVersion is one version: the request's own data, as sent.
type LaunchTemplateVersion struct {
	Number      int64
	Description string
	Created     time.Time
	Deleted     bool
	// Data are the parameters below LaunchTemplateData, by their Query names.
	Data map[string]string
}

// Fleet is an EC2 fleet of type instant.
type Fleet struct {
	ID, Type, State string
	Created         time.Time
	Instances       []string
}

// SpotRequest is a Spot Instance request, which here is fulfilled at once. Its
// state follows from its instance, unless the caller cancelled it.
type SpotRequest struct {
	ID, InstanceID, Type, MaxPrice, Interruption string
	Created, Cancelled                           time.Time
	// Interrupted is when EC2 took the instance back, or zero.
	Interrupted time.Time
}

// Windows is the platform of Windows; that of Linux is "".
const Windows = "windows"

// BackendOf is what runs an instance: Windows has no guest behind it.
func (w *World) BackendOf(i *Instance) instance.Backend {
	if i.Platform == Windows {
		return w.unattended
	}
	return w.Backend
}

// NextAddress gives a loopback address that no instance of this world had before.
// Worlds start at places of their own, so that endpoints side by side on one
// machine do not meet.
func (w *World) NextAddress() netip.Addr {
	addr := instance.DefaultAddr(w.firstAddress + w.state.NextAddress)
	w.state.NextAddress++
	return addr
}

// powerOff is what the end of the endpoint means for the instances: those that
// ran are stopped, as by a scheduled stop of EC2.
func (w *World) powerOff() {
	for _, a := range w.state.Accounts {
		for _, r := range a.Regions {
			for _, i := range r.Instances {
				i.settle(w.Now())
			}
		}
	}
}

func (i *Instance) settle(now time.Time) {
	switch i.State {
	case StatePending, StateRunning, StateStopping:
		i.State = StateStopped
		i.Reason = Reason{Code: "Server.ScheduledStop", Message: "Server.ScheduledStop: Stopped due to a scheduled retirement"}
	case StateShuttingDown:
		i.State = StateTerminated
		i.Ended = now
	}
}
