package capture_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func attribute(r *rig, client *ec2.Client, id, name string) error {
	return done(client.DescribeImageAttribute(r.t.Context(), &ec2.DescribeImageAttributeInput{
		ImageId: aws.String(id), Attribute: types.ImageAttributeName(name),
	}))
}

// unset is the observation that an attribute of a plain image is an empty element.
func unset(name, element string) observation {
	return observation{
		did: "attribute " + name, do: func(r *rig) error { return attribute(r, r.own(), r.image(), name) }, status: success,
		has: []string{"<imageId>{image}</imageId>", "<" + element + "/>"},
	}
}

func modified(change func(*ec2.ModifyImageAttributeInput)) func(r *rig) error {
	return func(r *rig) error {
		in := &ec2.ModifyImageAttributeInput{ImageId: aws.String(r.image())}
		change(in)
		return done(r.own().ModifyImageAttribute(r.t.Context(), in))
	}
}

func value(text string) *types.AttributeValue { return &types.AttributeValue{Value: aws.String(text)} }

// imageAttributes are observations of reading, changing and resetting them.
var imageAttributes = []observation{
	unset("description", "description"),
	unset("launchPermission", "launchPermission"),
	unset("bootMode", "bootMode"),
	unset("imdsSupport", "imdsSupport"),
	unset("kernel", "kernel"),
	unset("ramdisk", "ramdisk"),
	unset("sriovNetSupport", "sriovNetSupport"),
	unset("tpmSupport", "tpmSupport"),
	unset("uefiData", "uefiData"),
	unset("productCodes", "productCodes"),
	unset("lastLaunchedTime", "lastLaunchedTime"),
	{
		did: "attribute deregistrationProtection", do: func(r *rig) error { return attribute(r, r.own(), r.image(), "deregistrationProtection") },
		status: success, has: []string{"<deregistrationProtection><value>disabled</value></deregistrationProtection>"},
	},
	{
		did: "attribute blockDeviceMapping", do: func(r *rig) error { return attribute(r, r.own(), r.image(), "blockDeviceMapping") },
		status: refusal, code: "AuthFailure", message: "Unauthorized attempt to access restricted resource",
	},
	{
		did: "change the description", do: modified(func(in *ec2.ModifyImageAttributeInput) { in.Description = value("new") }), status: success,
		has: []string{"<return>true</return>"},
	},
	{
		did: "empty the description", do: modified(func(in *ec2.ModifyImageAttributeInput) {
			in.Attribute, in.Value = aws.String("description"), aws.String("")
		}), status: refusal, code: "MissingParameter", message: "The request must contain the parameter description",
	},
	{
		did: "require IMDSv2", do: func(r *rig) error {
			must(r, 0, modified(func(in *ec2.ModifyImageAttributeInput) { in.ImdsSupport = value("v2.0") })(r))
			return describeImage(r, r.own(), r.fill("{image}"))
		}, status: success, has: []string{"<imdsSupport>v2.0</imdsSupport>"},
	},
	{
		did: "take IMDSv2 back", do: modified(func(in *ec2.ModifyImageAttributeInput) { in.ImdsSupport = value("") }), status: refusal,
		code: "MissingParameter", message: "The request must contain the parameter imdsSupport with value v2.0",
	},
	{
		did: "change nothing", do: modified(func(*ec2.ModifyImageAttributeInput) {}), status: refusal,
		code: "InvalidParameterCombination", message: "No attributes specified.",
	},
	{
		did: "change no permission", do: modified(func(in *ec2.ModifyImageAttributeInput) {
			in.LaunchPermission = &types.LaunchPermissionModifications{}
		}), status: refusal, code: "InvalidParameterCombination", message: "No attributes specified.",
	},
	{
		did: "change two attributes", do: modified(func(in *ec2.ModifyImageAttributeInput) {
			in.Description, in.ImdsSupport = value("must not apply"), value("v2.0")
		}), status: refusal, code: "InvalidParameterCombination", message: "Fields for multiple attribute types specified: description, imdsSupport",
	},
	{
		did: "reset the launch permissions", do: func(r *rig) error { return reset(r, r.image(), "launchPermission") }, status: success,
		has: []string{"<return>true</return>"},
	},
	{
		did: "reset the description", do: func(r *rig) error { return reset(r, r.image(), "description") }, status: refusal,
		code: "InvalidRequest", message: "The request received was invalid.",
	},
}

func reset(r *rig, id, name string) error {
	return done(r.own().ResetImageAttribute(r.t.Context(), &ec2.ResetImageAttributeInput{
		ImageId: aws.String(id), Attribute: types.ResetImageAttributeName(name),
	}))
}
