package capture_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// addVersion makes a version of type t3.micro of the template.
func addVersion(r *rig, change func(*ec2.CreateLaunchTemplateVersionInput)) error {
	in := &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: aws.String(r.fill("{template}")), LaunchTemplateData: &types.RequestLaunchTemplateData{InstanceType: types.InstanceTypeT3Micro},
	}
	if change != nil {
		change(in)
	}
	return done(r.own().CreateLaunchTemplateVersion(r.t.Context(), in))
}

// rich makes a template with nested data, of which version 2 inherits.
func rich(change func(*ec2.CreateLaunchTemplateVersionInput)) func(r *rig) error {
	return func(r *rig) error {
		must(r, 0, template(withData(types.RequestLaunchTemplateData{
			InstanceType: types.InstanceTypeT3Nano, KeyName: aws.String("missing"),
			Placement:       &types.LaunchTemplatePlacementRequest{Tenancy: types.TenancyDefault, AvailabilityZone: aws.String(zone)},
			MetadataOptions: &types.LaunchTemplateInstanceMetadataOptionsRequest{HttpTokens: types.LaunchTemplateHttpTokensStateRequired},
		}))(r))
		return addVersion(r, change)
	}
}

func inherit(in *ec2.CreateLaunchTemplateVersionInput) {
	in.SourceVersion, in.VersionDescription, in.ClientToken = aws.String("1"), aws.String("second"), aws.String("token")
	in.LaunchTemplateData = &types.RequestLaunchTemplateData{
		Placement:       &types.LaunchTemplatePlacementRequest{AvailabilityZone: aws.String("us-east-1b")},
		MetadataOptions: &types.LaunchTemplateInstanceMetadataOptionsRequest{HttpEndpoint: types.LaunchTemplateInstanceMetadataEndpointStateEnabled},
	}
}

// three makes a template of three versions.
func three(do func(r *rig) error) func(r *rig) error {
	return func(r *rig) error {
		must(r, 0, template()(r))
		must(r, 0, addVersion(r, nil))
		must(r, 0, addVersion(r, nil))
		return do(r)
	}
}

func versions(in ec2.DescribeLaunchTemplateVersionsInput) func(r *rig) error {
	return three(func(r *rig) error { return describeVersions(r, in) })
}

func describeVersions(r *rig, in ec2.DescribeLaunchTemplateVersionsInput) error {
	if in.LaunchTemplateId == nil && in.LaunchTemplateName == nil {
		in.LaunchTemplateId = aws.String("{template}")
	}
	if in.LaunchTemplateId != nil {
		in.LaunchTemplateId = aws.String(r.fill(*in.LaunchTemplateId))
	}
	return done(r.own().DescribeLaunchTemplateVersions(r.t.Context(), &in))
}

func listed(names ...string) ec2.DescribeLaunchTemplateVersionsInput {
	return ec2.DescribeLaunchTemplateVersionsInput{Versions: names}
}

func deleteVersions(names ...string) func(r *rig) error {
	return three(func(r *rig) error { return deleteNow(r, names...) })
}

func deleteNow(r *rig, names ...string) error {
	return done(r.own().DeleteLaunchTemplateVersions(r.t.Context(), &ec2.DeleteLaunchTemplateVersionsInput{
		LaunchTemplateId: aws.String(r.fill("{template}")), Versions: names,
	}))
}

func setDefault(version, token string) func(r *rig) error {
	return func(r *rig) error {
		in := &ec2.ModifyLaunchTemplateInput{LaunchTemplateId: aws.String(r.fill("{template}"))}
		if version != "" {
			in.DefaultVersion = aws.String(version)
		}
		if token != "" {
			in.ClientToken = aws.String(token)
		}
		return done(r.own().ModifyLaunchTemplate(r.t.Context(), in))
	}
}

const (
	badVersion  = "Invalid launch template version: either '$Default', '$Latest', or a numeric version are allowed."
	keepDefault = "The default version cannot be deleted. Either specify another version as default or delete the launch template."
)

func second(has ...string) []string {
	return append([]string{"<versionNumber>2</versionNumber>"}, has...)
}

// templateVersions are observations of versions.
var templateVersions = []observation{
	{
		did: "inherit of a version", do: rich(inherit), status: success,
		has: second("<versionDescription>second</versionDescription>", "<defaultVersion>false</defaultVersion>", "<instanceType>t3.nano</instanceType>",
			"<keyName>missing</keyName>", "<availabilityZone>us-east-1b</availabilityZone>", "<httpEndpoint>enabled</httpEndpoint>"),
		lacks: []string{"<tenancy>", "<httpTokens>"},
	},
	{
		did: "inherit again with the same token", do: func(r *rig) error { must(r, 0, rich(inherit)(r)); return addVersion(r, inherit) }, status: success,
		has: second(),
	},
	{
		did: "a used token and another description", status: refusal, code: "IdempotentParameterMismatch", message: "Client token already used before",
		do: func(r *rig) error {
			must(r, 0, rich(inherit)(r))
			return addVersion(r, func(in *ec2.CreateLaunchTemplateVersionInput) {
				inherit(in)
				in.VersionDescription = aws.String("mismatch")
			})
		},
	},
	{
		did: "a version without a source", do: rich(nil), status: success, has: second("<instanceType>t3.micro</instanceType>"),
		lacks: []string{"<keyName>", "<placement>", "<versionDescription>"},
	},
	{
		did: "inherit of the latest version and nothing else", status: success, has: []string{"<versionNumber>4</versionNumber>", "<instanceType>t3.micro</instanceType>"},
		do: three(func(r *rig) error {
			return addVersion(r, func(in *ec2.CreateLaunchTemplateVersionInput) {
				in.SourceVersion, in.LaunchTemplateData = aws.String("$Latest"), &types.RequestLaunchTemplateData{}
			})
		}),
	},
	{
		did: "describe the default version", do: versions(listed("$Default")), status: success,
		has: []string{"<versionNumber>1</versionNumber>", "<defaultVersion>true</defaultVersion>", "<operator><managed>false</managed></operator>"},
	},
	{did: "describe the latest version", do: versions(listed("$Latest")), status: success, has: []string{"<versionNumber>3</versionNumber>"}},
	{
		did: "describe one version three times", do: versions(listed("1", "1", "$Default")), status: success,
		has: []string{"<versionNumber>1</versionNumber>"},
	},
	{
		did: "describe a range", do: versions(ec2.DescribeLaunchTemplateVersionsInput{MinVersion: aws.String("2"), MaxVersion: aws.String("3")}), status: success,
		has: []string{"<versionNumber>3</versionNumber>", "<versionNumber>2</versionNumber>"}, lacks: []string{"<versionNumber>1</versionNumber>"},
	},
	{
		did: "describe a range and versions", do: versions(ec2.DescribeLaunchTemplateVersionsInput{Versions: []string{"1"}, MinVersion: aws.String("2")}), status: refusal,
		code: combination, message: "Minimum version filter is not applicable when given a list of versions.",
	},
	{
		did: "describe by id and name", status: refusal, code: combination, message: "Either provide launch template ID or launch template name to modify the template.",
		do: versions(ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: aws.String("{template}"), LaunchTemplateName: aws.String("probe")}),
	},
	{did: "describe a version that is none", do: versions(listed("x")), status: refusal, code: invalid, message: badVersion},
	{did: "describe version zero", do: versions(listed("0")), status: refusal, code: invalid, message: badVersion},
	{did: "describe a version that does not exist", do: versions(listed("999")), status: refusal, code: noVersion, message: noVersion99},
	{
		did: "describe by name a version that does not exist", status: refusal, code: noVersion, message: noVersion99,
		do: versions(ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateName: aws.String("probe"), Versions: []string{"999"}}),
	},
	{
		did: "filter versions by the template's id", status: refusal, code: invalid, message: "The filter 'launch-template-id' is invalid",
		do: versions(ec2.DescribeLaunchTemplateVersionsInput{Versions: []string{"$Default"}, Filters: []types.Filter{{Name: aws.String("launch-template-id"), Values: []string{"x"}}}}),
	},
	{
		did: "set no default", do: three(setDefault("", "")), status: refusal, code: "MissingParameter",
		message: "A launch template version must be specified to set the new default version for the template with ID {template}.",
	},
	{did: "set the default", do: three(setDefault("2", "")), status: success, has: []string{"<defaultVersionNumber>2</defaultVersionNumber>", "<latestVersionNumber>3</latestVersionNumber>"}},
	{
		did: "the answer of a change has no tags and an odd time", status: success, has: []string{"<createTime>1970-01-01T00:00:00.000Z</createTime>"}, lacks: []string{"<tagSet"},
		do: func(r *rig) error {
			must(r, 0, template(func(in *ec2.CreateLaunchTemplateInput) {
				in.TagSpecifications = suite(types.ResourceTypeLaunchTemplate)
			})(r))
			return setDefault("1", "")(r)
		},
	},
	{did: "set the default to the latest", do: three(setDefault("$Latest", "")), status: success, has: []string{"<defaultVersionNumber>3</defaultVersionNumber>"}},
	{
		did: "set another default with a used token", status: refusal, code: "IdempotentParameterMismatch", message: "The specified client token has already been used before.",
		do: three(func(r *rig) error { must(r, 0, setDefault("2", "token")(r)); return setDefault("3", "token")(r) }),
	},
	{did: "delete the latest and one that does not exist", do: deleteVersions("3", "999"), status: success, has: []string{
		"<successfullyDeletedLaunchTemplateVersionSet><item><launchTemplateId>{template}</launchTemplateId><launchTemplateName>probe</launchTemplateName><versionNumber>3</versionNumber></item>",
		"<versionNumber>999</versionNumber>", "<code>launchTemplateVersionDoesNotExist</code><message>The launch template version does not exist.</message>",
	}},
	{did: "delete the latest by its name", do: deleteVersions("$Latest"), status: success, has: []string{"<versionNumber>3</versionNumber>"}, lacks: []string{"<responseError>"}},
	{did: "delete the default", do: deleteVersions("1", "3", "999"), status: refusal, code: invalid, message: keepDefault},
	{did: "delete latest and default by name", do: deleteVersions("$Latest", "$Default"), status: refusal, code: invalid, message: keepDefault},
	{did: "delete version zero", do: deleteVersions("0"), status: refusal, code: invalid, message: "Invalid value for version: 0"},
	{did: "delete a negative version", do: deleteVersions("-1"), status: refusal, code: invalid, message: "Invalid value for version: -1"},
	{did: "delete a version that is none among others", do: deleteVersions("2", "3", "999", "$Latest", "x", "0", "1"), status: refusal, code: invalid, message: "Invalid value for version: x"},
	{
		did: "describe after a refused deletion", status: success, has: []string{"<versionNumber>3</versionNumber>", "<versionNumber>2</versionNumber>", "<versionNumber>1</versionNumber>"},
		do: three(func(r *rig) error {
			if deleteNow(r, "2", "3", "x") == nil {
				r.t.Error("the deletion was not refused")
			}
			return describeVersions(r, ec2.DescribeLaunchTemplateVersionsInput{})
		}),
	},
	{
		did: "the latest version after its deletion", do: three(func(r *rig) error { must(r, 0, deleteNow(r, "3")); return describeVersions(r, listed("$Latest")) }),
		status: success, has: second(),
	},
	{
		did: "the number after a deletion of the latest", do: three(func(r *rig) error { must(r, 0, deleteNow(r, "3")); return addVersion(r, nil) }),
		status: success, has: []string{"<versionNumber>4</versionNumber>"},
	},
	{
		did: "delete of a template that does not exist", status: refusal, code: notFound, message: noSuch, do: func(r *rig) error {
			return done(r.own().DeleteLaunchTemplateVersions(r.t.Context(), &ec2.DeleteLaunchTemplateVersionsInput{LaunchTemplateId: aws.String(noTemplate), Versions: []string{"1"}}))
		},
	},
	{
		did: "data of an instance that does not exist", status: refusal, code: "InvalidInstanceID.NotFound",
		message: "The instance ID 'i-00000000000000001' does not exist", do: func(r *rig) error {
			return done(r.own().GetLaunchTemplateData(r.t.Context(), &ec2.GetLaunchTemplateDataInput{InstanceId: aws.String("i-00000000000000001")}))
		},
	},
}
