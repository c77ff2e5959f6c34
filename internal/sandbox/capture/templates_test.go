package capture_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const noTemplate = "lt-00000000000000001"

func nano() *types.RequestLaunchTemplateData {
	return &types.RequestLaunchTemplateData{InstanceType: types.InstanceTypeT3Nano}
}

// template makes a launch template called probe and keeps its id.
func template(change ...func(*ec2.CreateLaunchTemplateInput)) func(r *rig) error {
	return func(r *rig) error {
		in := &ec2.CreateLaunchTemplateInput{LaunchTemplateName: aws.String("probe"), LaunchTemplateData: nano()}
		for _, f := range change {
			f(in)
		}
		made, err := r.own().CreateLaunchTemplate(r.t.Context(), in)
		if err == nil {
			r.keep("template", *made.LaunchTemplate.LaunchTemplateId)
		}
		return err
	}
}

func withData(data types.RequestLaunchTemplateData) func(*ec2.CreateLaunchTemplateInput) {
	return func(in *ec2.CreateLaunchTemplateInput) { in.LaunchTemplateData = &data }
}

func tokened(in *ec2.CreateLaunchTemplateInput) { in.ClientToken = aws.String("token") }

func dryTemplate(in *ec2.CreateLaunchTemplateInput) { in.DryRun = aws.Bool(true) }

// afterTemplate makes a template and then a call.
func afterTemplate(do func(r *rig) error) func(r *rig) error {
	return func(r *rig) error { must(r, 0, template()(r)); return do(r) }
}

func templates(in ec2.DescribeLaunchTemplatesInput) func(r *rig) error {
	return afterTemplate(func(r *rig) error {
		for n, id := range in.LaunchTemplateIds {
			in.LaunchTemplateIds[n] = r.fill(id)
		}
		return done(r.own().DescribeLaunchTemplates(r.t.Context(), &in))
	})
}

func deleteTemplate(r *rig, id string) error {
	return done(r.own().DeleteLaunchTemplate(r.t.Context(), &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: aws.String(r.fill(id))}))
}

func launchOf(id, version string) func(r *rig) error {
	return afterTemplate(func(r *rig) error {
		spec := &types.LaunchTemplateSpecification{LaunchTemplateId: aws.String(r.fill(id))}
		if version != "" {
			spec.Version = aws.String(version)
		}
		return done(r.own().RunInstances(r.t.Context(), &ec2.RunInstancesInput{
			LaunchTemplate: spec, MinCount: aws.Int32(1), MaxCount: aws.Int32(1), DryRun: aws.Bool(true),
		}))
	})
}

const (
	noData      = "No launch template data was provided. Launch template data is required to create a launch template."
	atLeastOne  = "At least one of the launch templates specified in the request does not exist."
	tokenUsed   = "Client token already used before."
	noSuch      = "The specified launch template, with template ID " + noTemplate + ", does not exist."
	notFound    = "InvalidLaunchTemplateId.NotFound"
	noVersion   = "InvalidLaunchTemplateId.VersionNotFound"
	noVersion99 = "Could not find the specified version 999 for the launch template with ID {template}."
)

// launchTemplates are observations of templates as a whole.
var launchTemplates = []observation{
	{
		did: "create", do: template(func(in *ec2.CreateLaunchTemplateInput) {
			in.TagSpecifications = suite(types.ResourceTypeLaunchTemplate)
		}),
		status: success, has: []string{
			"<launchTemplateId>{template}</launchTemplateId>", "<defaultVersionNumber>1</defaultVersionNumber>",
			"<latestVersionNumber>1</latestVersionNumber>", "<createdBy>arn:aws:iam::{own}:", "<key>suite</key>", "<operator><managed>false</managed></operator>",
		}, lacks: []string{"<warning>"},
	},
	{
		did: "create with an image and a key that do not exist", status: success, lacks: []string{"<warning>"},
		do: template(withData(types.RequestLaunchTemplateData{
			ImageId: aws.String("ami-00000000000000001"), KeyName: aws.String("missing"), InstanceType: types.InstanceTypeT3Nano,
		})),
	},
	{
		did: "create with a type that is none", do: template(withData(types.RequestLaunchTemplateData{InstanceType: "not-real"})), status: success,
		has: []string{
			"<launchTemplateId>", "<warning><errorSet><item><code>InvalidInstanceType</code>" +
				"<message>The following supplied instance types do not exist: [not-real]</message></item></errorSet></warning>",
		},
	},
	{did: "create with no data", do: template(withData(types.RequestLaunchTemplateData{})), status: refusal, code: "MissingParameter", message: noData},
	{
		did: "create with empty structures only", do: template(withData(types.RequestLaunchTemplateData{Monitoring: &types.LaunchTemplatesMonitoringRequest{}})),
		status: refusal, code: "MissingParameter", message: noData,
	},
	{did: "try to create with no data", do: template(withData(types.RequestLaunchTemplateData{}), dryTemplate), status: dryRun, code: "DryRunOperation", message: dryRunText},
	{did: "try to create a name that is taken", do: afterTemplate(template(dryTemplate)), status: dryRun, code: "DryRunOperation", message: dryRunText},
	{
		did: "create with user data that is not base64", do: template(withData(types.RequestLaunchTemplateData{UserData: aws.String("not base64")})),
		status: refusal, code: "InvalidUserData.Malformed", message: "Invalid BASE64 encoding of user data.",
	},
	{
		did: "create with an image id that is none", do: template(withData(types.RequestLaunchTemplateData{ImageId: aws.String("nonsense")})), status: refusal,
		code: "InvalidAMIID.Malformed", message: "The image ID 'nonsense' is not valid. The expected format is ami-xxxxxxxx or ami-xxxxxxxxxxxxxxxxx.",
	},
	{
		did: "create with too many metadata hops", status: refusal, code: invalid,
		message: "A value of \u2018999\u2019 is not valid for http-put-response-hop-limit. Specify a value between 1 and 64, and try again.",
		do: template(withData(types.RequestLaunchTemplateData{
			MetadataOptions: &types.LaunchTemplateInstanceMetadataOptionsRequest{HttpPutResponseHopLimit: aws.Int32(999)},
		})),
	},
	{
		did: "create a name that is taken", do: afterTemplate(template()), status: refusal,
		code: "InvalidLaunchTemplateName.AlreadyExistsException", message: "Launch template name already in use.",
	},
	{
		did: "create again with the same token", do: func(r *rig) error {
			must(r, 0, template(tokened)(r))
			return template(tokened)(r)
		}, status: success, has: []string{"<latestVersionNumber>1</latestVersionNumber>"},
	},
	{
		did: "create with a used token and another description", do: func(r *rig) error {
			must(r, 0, template(tokened)(r))
			return template(tokened, func(in *ec2.CreateLaunchTemplateInput) { in.VersionDescription = aws.String("changed") })(r)
		}, status: refusal, code: "IdempotentParameterMismatch", message: tokenUsed,
	},
	{
		did: "create again with the same token after a version", do: func(r *rig) error {
			must(r, 0, template(tokened)(r))
			must(r, 0, addVersion(r, nil))
			return template(tokened)(r)
		}, status: refusal, code: "IdempotentParameterMismatch", message: tokenUsed,
	},
	{
		did: "create again with the same token after a deletion", do: func(r *rig) error {
			must(r, 0, template(tokened)(r))
			must(r, 0, deleteTemplate(r, "{template}"))
			return template(tokened)(r)
		}, status: refusal, code: "IdempotentParameterMismatch", message: tokenUsed,
	},
	{did: "describe by id", do: templates(ec2.DescribeLaunchTemplatesInput{LaunchTemplateIds: []string{"{template}"}}), status: success, has: []string{"<launchTemplateId>{template}<"}},
	{did: "describe by name", do: templates(ec2.DescribeLaunchTemplatesInput{LaunchTemplateNames: []string{"probe"}}), status: success, has: []string{"<launchTemplateId>{template}<"}},
	{
		did: "describe an id that is none", do: templates(ec2.DescribeLaunchTemplatesInput{LaunchTemplateIds: []string{"oops"}}), status: refusal,
		code: "InvalidLaunchTemplateId.Malformed", message: "The following launch template ids are malformed: oops",
	},
	{did: "describe an id that no template has", do: templates(ec2.DescribeLaunchTemplatesInput{LaunchTemplateIds: []string{noTemplate}}), status: refusal, code: notFound, message: atLeastOne},
	{
		did: "describe a name that no template has", do: templates(ec2.DescribeLaunchTemplatesInput{LaunchTemplateNames: []string{"missing"}}), status: refusal,
		code: "InvalidLaunchTemplateName.NotFoundException", message: atLeastOne,
	},
	{
		did: "describe with a filter that is none", status: refusal, code: invalid, message: "The filter 'garbage' is invalid",
		do: templates(ec2.DescribeLaunchTemplatesInput{Filters: []types.Filter{{Name: aws.String("garbage"), Values: []string{"x"}}}}),
	},
	{
		did: "describe a page of one", do: templates(ec2.DescribeLaunchTemplatesInput{MaxResults: aws.Int32(1)}), status: success,
		has: []string{"<launchTemplateId>{template}<"},
	},
	{
		did: "delete", do: afterTemplate(func(r *rig) error { return deleteTemplate(r, "{template}") }), status: success,
		has: []string{"<launchTemplateId>{template}<", "<latestVersionNumber>1</latestVersionNumber>"},
	},
	{
		did: "the answer of a deletion has no tags", status: success, lacks: []string{"<tagSet"}, do: func(r *rig) error {
			must(r, 0, template(func(in *ec2.CreateLaunchTemplateInput) {
				in.TagSpecifications = suite(types.ResourceTypeLaunchTemplate)
			})(r))
			return deleteTemplate(r, "{template}")
		},
	},
	{did: "delete an id that no template has", do: func(r *rig) error { return deleteTemplate(r, noTemplate) }, status: refusal, code: notFound, message: noSuch},
	{did: "try to launch of a template that does not exist", do: launchOf(noTemplate, ""), status: refusal, code: notFound, message: noSuch},
	{did: "try to launch of a version that does not exist", do: launchOf("{template}", "999"), status: refusal, code: noVersion, message: noVersion99},
	{did: "try to launch of a template without an image", do: launchOf("{template}", ""), status: refusal, code: "MissingParameter", message: "The request must contain the parameter ImageId"},
}
