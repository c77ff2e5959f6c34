package capture_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func launchAdd(r *rig, id, account string) error {
	return done(r.own().ModifyImageAttribute(r.t.Context(), &ec2.ModifyImageAttributeInput{
		ImageId:          aws.String(id),
		LaunchPermission: &types.LaunchPermissionModifications{Add: []types.LaunchPermission{{UserId: aws.String(account)}}},
	}))
}

// shared is an image that its owner shares with itself and with the partner.
func shared(r *rig) string {
	id := r.image()
	must(r, 0, launchAdd(r, id, sandboxtest.Home))
	must(r, 0, launchAdd(r, id, sandboxtest.Partner))
	return id
}

func executable(by string) func(r *rig) error {
	return func(r *rig) error {
		return done(r.own().DescribeImages(r.t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{shared(r)}, ExecutableUsers: []string{by}}))
	}
}

// hidden is the observation that who may launch an image may not read its attributes.
func hidden(name string) observation {
	return observation{
		did: "partner reads " + name + " of a shared image", do: func(r *rig) error { return attribute(r, r.partner(), shared(r), name) },
		status: refusal, code: "AuthFailure", message: "Not authorized for image:{image}",
	}
}

// imageSharing are observations of launch permissions.
var imageSharing = []observation{
	{
		did: "describe as a stranger", do: func(r *rig) error { return describeImage(r, r.partner(), r.image()) }, status: success,
		lacks: []string{"<imageId>"},
	},
	{
		did: "share with the owner itself", do: func(r *rig) error {
			must(r, 0, launchAdd(r, r.image(), sandboxtest.Home))
			return attribute(r, r.own(), r.fill("{image}"), "launchPermission")
		}, status: success, has: []string{"<launchPermission><item><userId>{own}</userId></item></launchPermission>"},
	},
	{
		did: "share with owner and partner", do: func(r *rig) error { return attribute(r, r.own(), shared(r), "launchPermission") }, status: success,
		has: []string{"<item><userId>{own}</userId></item><item><userId>{partner}</userId></item>"},
	},
	{
		did: "take the owner's own permission away", do: func(r *rig) error {
			return done(r.own().ModifyImageAttribute(r.t.Context(), &ec2.ModifyImageAttributeInput{
				ImageId:          aws.String(r.image()),
				LaunchPermission: &types.LaunchPermissionModifications{Remove: []types.LaunchPermission{{UserId: aws.String(sandboxtest.Home)}}},
			}))
		}, status: success, has: []string{"<return>true</return>"},
	},
	{
		did: "share with what is no account", do: func(r *rig) error { return launchAdd(r, r.image(), "123") }, status: refusal,
		code: "InvalidAMIAttributeItemValue", message: `Invalid attribute item value "123 " for userId item type.`,
	},
	{
		did: "describe as the partner", do: func(r *rig) error { return describeImage(r, r.partner(), shared(r)) }, status: success,
		has: []string{
			"<imageId>{image}</imageId>", "<imageOwnerId>{own}</imageOwnerId>", "<isPublic>false</isPublic>", "<snapshotId>{snapshot}</snapshotId>",
			"<freeTierEligible>true</freeTierEligible>", "<imageLocation>{own}/base</imageLocation>",
		},
		lacks: []string{"<deregistrationProtection>", "<key>suite</key>"},
	},
	hidden("description"),
	hidden("launchPermission"),
	hidden("bootMode"),
	hidden("imdsSupport"),
	hidden("productCodes"),
	{did: "executable by oneself", do: executable("self"), status: success, has: []string{"<imageId>{image}</imageId>"}},
	{did: "executable by the partner", do: executable(sandboxtest.Partner), status: success, has: []string{"<imageId>{image}</imageId>", "<key>suite</key>"}},
	{did: "executable by all", do: executable("all"), status: success, lacks: []string{"<imageId>"}},
	{
		did: "permissions after a reset", do: func(r *rig) error {
			must(r, 0, reset(r, shared(r), "launchPermission"))
			return attribute(r, r.own(), r.fill("{image}"), "launchPermission")
		}, status: success, has: []string{"<launchPermission/>"},
	},
	{
		did: "describe as the former partner", do: func(r *rig) error {
			must(r, 0, reset(r, shared(r), "launchPermission"))
			return describeImage(r, r.partner(), r.fill("{image}"))
		}, status: success, lacks: []string{"<imageId>"},
	},
}
