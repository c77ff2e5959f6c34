package ec2

import (
	"encoding/base64"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("ModifyInstanceAttribute", modifyInstanceAttribute)
	add("GetConsoleOutput", getConsoleOutput)
}

type modifyInstanceAttributeInput struct {
	ID         string        `q:"InstanceId,required"`
	EnaSupport *boolValue    `q:"EnaSupport"`
	Sriov      *stringValue  `q:"SriovNetSupport"`
	UserData   *stringValue  `q:"UserData"`
	Shutdown   *stringValue  `q:"InstanceInitiatedShutdownBehavior"`
	Type       *stringValue  `q:"InstanceType"`
	Attribute  string        `q:"Attribute"`
	Value      string        `q:"Value"`
	Mappings   []deleteOnEnd `q:"BlockDeviceMapping"`
	KeepAlive  *boolValue    `q:"DisableApiTermination"`
	KeepOn     *boolValue    `q:"DisableApiStop"`
}

type boolValue struct {
	Value bool `q:"Value"`
}

type stringValue struct {
	Value string `q:"Value"`
}

type deleteOnEnd struct {
	Device string `q:"DeviceName"`
	EBS    struct {
		DeleteOnTermination bool `q:"DeleteOnTermination"`
	} `q:"Ebs"`
}

// modifyInstanceAttribute changes one attribute; networking, type and user data
// of a running instance cannot change.
func modifyInstanceAttribute(c *action.Call, in *modifyInstanceAttributeInput) (*done, error) {
	found, err := findInstances(c, []string{in.ID})
	if err != nil {
		return nil, err
	}
	i := found[0]
	if in.EnaSupport != nil || in.Sriov != nil || in.Type != nil || in.UserData != nil {
		if i.State != world.StateStopped {
			return nil, wire.Errorf("IncorrectInstanceState", "The instance '%s' is not in the 'stopped' state.", i.ID)
		}
	}
	switch {
	case in.EnaSupport != nil:
		i.EnaSupport = in.EnaSupport.Value
	case in.Sriov != nil:
		i.SriovSupport = in.Sriov.Value
	case in.UserData != nil:
		raw, err := base64.StdEncoding.DecodeString(in.UserData.Value)
		if err != nil {
			return nil, wire.Errorf("InvalidParameterValue", "Invalid BASE64 encoding of user data.")
		}
		i.UserData = raw
	case in.KeepAlive != nil:
		i.KeepAlive = in.KeepAlive.Value
	case in.KeepOn != nil:
		i.KeepRunning = in.KeepOn.Value
	case in.Shutdown != nil:
		i.ShutdownBehavior = in.Shutdown.Value
	case in.Type != nil:
		if _, known := typeArchitecture(in.Type.Value); !known {
			return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for InstanceType.", in.Type.Value)
		}
		i.Type = in.Type.Value
	case len(in.Mappings) > 0:
		return ok, setDeleteOnEnd(c, i, in.Mappings)
	default:
		return nil, wire.Errorf("InvalidParameterCombination", "No attributes specified.")
	}
	return ok, nil
}

func setDeleteOnEnd(c *action.Call, i *world.Instance, mappings []deleteOnEnd) error {
	for _, m := range mappings {
		v := c.Mine().Volumes[i.Devices[m.Device]]
		if v == nil {
			return wire.Errorf("InvalidInstanceAttributeValue", "No device is currently mapped at %s", m.Device)
		}
		v.DeleteOnTermination = m.EBS.DeleteOnTermination
	}
	return nil
}

type instanceIDInput struct {
	ID     string `q:"InstanceId,required"`
	Latest bool   `q:"Latest"`
}

type consoleOutput struct {
	ID        string    `xml:"instanceId"`
	Timestamp wire.Time `xml:"timestamp"`
	Output    string    `xml:"output,omitempty"`
}

// getConsoleOutput gives the last 64 KiB of what the guest's init wrote, in base64.
func getConsoleOutput(c *action.Call, in *instanceIDInput) (*consoleOutput, error) {
	found, err := findInstances(c, []string{in.ID})
	if err != nil {
		return nil, err
	}
	text := append(c.World.BackendOf(found[0]).Console(in.ID), found[0].ConsoleText...)
	const most = 64 << 10
	text = text[max(0, len(text)-most):]
	return &consoleOutput{ID: in.ID, Timestamp: wire.Time(c.Now), Output: base64.StdEncoding.EncodeToString(text)}, nil
}
