package ec2

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("ModifyInstanceMetadataOptions", modifyInstanceMetadataOptions) }

type modifyInstanceMetadataOptionsInput struct {
	ID       string `q:"InstanceId,required"`
	Endpoint string `q:"HttpEndpoint" simplified:"a running guest follows at its next start"`
	Tokens   string `q:"HttpTokens" simplified:"a running guest follows at its next start"`
	HopLimit *int64 `q:"HttpPutResponseHopLimit" simplified:"a running guest follows at its next start"`
	Tags     string `q:"InstanceMetadataTags" simplified:"a running guest follows at its next start"`
}

type modifyInstanceMetadataOptionsOutput struct {
	ID      string       `xml:"instanceId"`
	Options metadataItem `xml:"instanceMetadataOptions"`
}

// modifyInstanceMetadataOptions changes those options that the call names. The
// answer says that they are pending; they are applied when the next call looks.
func modifyInstanceMetadataOptions(c *action.Call, in *modifyInstanceMetadataOptionsInput) (*modifyInstanceMetadataOptionsOutput, error) {
	found, err := findInstances(c, []string{in.ID})
	if err != nil {
		return nil, err
	}
	i := found[0]
	if err := in.check(); err != nil {
		return nil, err
	}
	if i.State != world.StateRunning && i.State != world.StateStopped {
		return nil, wire.Errorf("IncorrectInstanceState", "The instance '%s' is not in a valid state for this operation.", i.ID) // unverified: text
	}
	o := &i.MetadataOptions
	o.HTTPEndpoint, o.HTTPTokens = first(in.Endpoint, o.HTTPEndpoint), first(in.Tokens, o.HTTPTokens)
	o.InstanceMetadataTags = first(in.Tags, o.InstanceMetadataTags)
	if in.HopLimit != nil {
		o.HopLimit = *in.HopLimit
	}
	out := &modifyInstanceMetadataOptionsOutput{ID: i.ID, Options: metadataItemOf(i)}
	out.Options.State = "pending"
	return out, nil
}

func (in *modifyInstanceMetadataOptionsInput) check() error {
	switch {
	case in.Endpoint == "" && in.Tokens == "" && in.Tags == "" && in.HopLimit == nil:
		return wire.Errorf("InvalidParameterCombination", "No metadata options were specified.") // unverified: code and text
	case !among(in.Endpoint, "", "enabled", "disabled"):
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for HttpEndpoint.", in.Endpoint) // unverified: text
	case !among(in.Tokens, "", "optional", "required"):
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for HttpTokens.", in.Tokens) // unverified: text
	case !among(in.Tags, "", "enabled", "disabled"):
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for InstanceMetadataTags.", in.Tags) // unverified: text
	case in.HopLimit != nil && (*in.HopLimit < 1 || *in.HopLimit > mostHops):
		return wire.Errorf("InvalidParameterValue", "Invalid value '%d' for HttpPutResponseHopLimit. It must be between 1 and %d.", *in.HopLimit, mostHops) // unverified: text
	}
	return nil
}

// metadataItemOf are the metadata options of an instance as EC2 shows them.
func metadataItemOf(i *world.Instance) metadataItem {
	o := i.MetadataOptions
	return metadataItem{State: "applied", Tokens: o.HTTPTokens, HopLimit: o.HopLimit, Endpoint: o.HTTPEndpoint, Tags: o.InstanceMetadataTags}
}
