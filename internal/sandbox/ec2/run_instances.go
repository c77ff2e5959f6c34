package ec2

import (
	"encoding/base64"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("RunInstances", runInstances) }

// launchData is what a launch can say, by RunInstances, a launch template or a
// fleet: the three share these parameters and their names.
type launchData struct {
	ImageID          string               `q:"ImageId"`
	Type             string               `q:"InstanceType"`
	KeyName          string               `q:"KeyName"`
	UserData         string               `q:"UserData"`
	SubnetID         string               `q:"SubnetId"`
	GroupIDs         []string             `q:"SecurityGroupId"`
	Groups           []string             `q:"SecurityGroup"`
	Mappings         []blockDeviceMapping `q:"BlockDeviceMapping"`
	Tags             []tagSpecification   `q:"TagSpecification"`
	EbsOptimized     bool                 `q:"EbsOptimized"`
	ShutdownBehavior string               `q:"InstanceInitiatedShutdownBehavior"`
	DisableAPIEnd    bool                 `q:"DisableApiTermination"`
	DisableAPIStop   bool                 `q:"DisableApiStop"`
	KernelID         string               `q:"KernelId"`
	RamdiskID        string               `q:"RamDiskId"`
	Profile          struct {
		Name string `q:"Name"`
		ARN  string `q:"Arn"`
	} `q:"IamInstanceProfile"`
	Placement struct {
		Zone                 string `q:"AvailabilityZone"`
		Tenancy              string `q:"Tenancy"`
		HostID               string `q:"HostId"`
		HostResourceGroupARN string `q:"HostResourceGroupArn"`
		GroupName            string `q:"GroupName"`
		Affinity             string `q:"Affinity"`
	} `q:"Placement"`
	Interfaces []networkInterface `q:"NetworkInterface"`
	Monitoring struct {
		Enabled bool `q:"Enabled"`
	} `q:"Monitoring"`
	Metadata struct {
		Endpoint string `q:"HttpEndpoint"`
		Tokens   string `q:"HttpTokens"`
		HopLimit *int64 `q:"HttpPutResponseHopLimit"`
		Tags     string `q:"InstanceMetadataTags"`
		IPv6     string `q:"HttpProtocolIpv6"`
	} `q:"MetadataOptions"`
	Credits struct {
		CPU string `q:"CpuCredits"`
	} `q:"CreditSpecification"`
	Enclave struct {
		Enabled bool `q:"Enabled"`
	} `q:"EnclaveOptions"`
	Licenses []struct {
		ARN string `q:"LicenseConfigurationArn"`
	} `q:"LicenseSpecification"`
	Capacity struct {
		Preference string `q:"CapacityReservationPreference"`
		Target     struct {
			ID       string `q:"CapacityReservationId"`
			GroupARN string `q:"CapacityReservationResourceGroupArn"`
		} `q:"CapacityReservationTarget"`
	} `q:"CapacityReservationSpecification"`
	Market market `q:"InstanceMarketOptions"`
}

type blockDeviceMapping struct {
	Device      string  `q:"DeviceName"`
	VirtualName string  `q:"VirtualName"`
	NoDevice    *string `q:"NoDevice"`
	EBS         *struct {
		SnapshotID          string `q:"SnapshotId"`
		Size                int64  `q:"VolumeSize"`
		Type                string `q:"VolumeType"`
		IOPS                int64  `q:"Iops"`
		Throughput          int64  `q:"Throughput"`
		Encrypted           *bool  `q:"Encrypted"`
		KMSKeyID            string `q:"KmsKeyId"`
		DeleteOnTermination *bool  `q:"DeleteOnTermination"`
		InitializationRate  int64  `q:"VolumeInitializationRate"`
	} `q:"Ebs"`
}

type networkInterface struct {
	DeviceIndex         int64    `q:"DeviceIndex"`
	SubnetID            string   `q:"SubnetId"`
	AssociatePublicIP   *bool    `q:"AssociatePublicIpAddress"`
	DeleteOnTermination *bool    `q:"DeleteOnTermination"`
	Description         string   `q:"Description"`
	GroupIDs            []string `q:"SecurityGroupId"`
	Type                string   `q:"InterfaceType"`
	IPv6Count           int64    `q:"Ipv6AddressCount"`
}

type runInstancesInput struct {
	launchData
	MinCount int64  `q:"MinCount,required"`
	MaxCount int64  `q:"MaxCount,required"`
	Token    string `q:"ClientToken"`
	Info     string `q:"AdditionalInfo"`
	Template struct {
		ID      string `q:"LaunchTemplateId"`
		Name    string `q:"LaunchTemplateName"`
		Version string `q:"Version"`
	} `q:"LaunchTemplate"`
}

// runInstances launches one instance or more. With a client token the same call
// gives the same instances again, and another call is refused.
func runInstances(c *action.Call, in *runInstancesInput) (*reservation, error) {
	mine := c.Mine()
	if earlier, err := tokenResult(c, "RunInstances", in.Token); err != nil || earlier != "" {
		return reservationOf(c, earlier), err
	}
	plan, err := in.plan(c)
	if err != nil {
		return nil, err
	}
	id := c.World.NewID("r")
	for range in.MaxCount {
		i, err := plan.launch(c, id)
		if err != nil {
			return nil, err
		}
		i.ClientToken = in.Token
	}
	rememberToken(c, mine, "RunInstances", in.Token, id)
	return reservationOf(c, id), nil
}

// plan checks all that a launch says, before anything is made.
func (in *runInstancesInput) plan(c *action.Call) (*launchPlan, error) {
	if in.MinCount < 1 || in.MaxCount < in.MinCount {
		return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%d' for maxCount. Must not be smaller than minCount.", in.MaxCount)
	}
	data := in.launchData
	if in.Template.ID != "" || in.Template.Name != "" {
		if err := applyTemplate(c, &data, in.Template.ID, in.Template.Name, in.Template.Version); err != nil {
			return nil, err
		}
	}
	return planLaunch(c, data)
}

// CheckDry refuses under DryRun what RunInstances would refuse: amazon-ebs tries a
// new instance profile in this way, and meets the architecture of its type
// (hashicorp/packer-plugin-amazon#675).
func (in *runInstancesInput) CheckDry(c *action.Call) error {
	_, err := in.plan(c)
	return err
}

func (d *launchData) userData() ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(d.UserData)
	if err != nil {
		return nil, wire.Errorf("InvalidParameterValue", "Invalid BASE64 encoding of user data.")
	}
	const most = 16 * 1024
	if len(raw) > most {
		return nil, wire.Errorf("InvalidParameterValue", "User data is limited to 16384 bytes")
	}
	return raw, nil
}

// tokenResult is what an earlier call with this client token made; the same
// token with other parameters is refused.
func tokenResult(c *action.Call, name, token string) (string, error) {
	if token == "" {
		return "", nil
	}
	if len(token) > 64 {
		return "", wire.Errorf("InvalidParameterValue", "Value (%s) for parameter clientToken is invalid. Length exceeds maximum of 64.", token)
	}
	earlier, known := c.Mine().Tokens[name+"\x00"+token]
	if !known {
		return "", nil
	}
	if earlier.Fingerprint != fingerprint(c) {
		return "", wire.Errorf("IdempotentParameterMismatch", "The client token '%s' was used with other parameters before", token)
	}
	return earlier.ResourceID, nil
}

func rememberToken(c *action.Call, r *world.Region, name, token, id string) {
	if token != "" {
		r.Tokens[name+"\x00"+token] = world.Token{Fingerprint: fingerprint(c), ResourceID: id}
	}
}

// fingerprint stands for all parameters of a call.
func fingerprint(c *action.Call) string { return c.Form.Encode() }
