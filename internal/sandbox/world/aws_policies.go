package world

import (
	"slices"
	"strings"
	"time"
)

// awsPolicyPrefix begins the ARNs of the managed policies that AWS keeps.
const awsPolicyPrefix = "arn:aws:iam::aws:policy/"

// awsPolicies are the documents of the AWS managed policies that this endpoint
// knows, by what follows the prefix ("AWS Managed Policy Reference").
var awsPolicies = map[string]string{
	"AdministratorAccess": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
	"AmazonEC2FullAccess": `{"Version":"2012-10-17","Statement":[` +
		`{"Action":"ec2:*","Effect":"Allow","Resource":"*"},` +
		`{"Effect":"Allow","Action":"elasticloadbalancing:*","Resource":"*"},` +
		`{"Effect":"Allow","Action":"cloudwatch:*","Resource":"*"},` +
		`{"Effect":"Allow","Action":"autoscaling:*","Resource":"*"},` +
		`{"Effect":"Allow","Action":"iam:CreateServiceLinkedRole","Resource":"*","Condition":{"StringEquals":{"iam:AWSServiceName":[` +
		`"autoscaling.amazonaws.com","ec2scheduled.amazonaws.com","elasticloadbalancing.amazonaws.com","spot.amazonaws.com",` +
		`"spotfleet.amazonaws.com","transitgateway.amazonaws.com"]}}}]}`,
	"AmazonEC2ReadOnlyAccess": `{"Version":"2012-10-17","Statement":[` +
		`{"Effect":"Allow","Action":["ec2:Describe*","ec2:GetSecurityGroupsForVpc"],"Resource":"*"},` +
		`{"Effect":"Allow","Action":"elasticloadbalancing:Describe*","Resource":"*"},` +
		`{"Effect":"Allow","Action":["cloudwatch:ListMetrics","cloudwatch:GetMetricStatistics","cloudwatch:Describe*"],"Resource":"*"},` +
		`{"Effect":"Allow","Action":"autoscaling:Describe*","Resource":"*"}]}`,
	"AmazonSSMManagedInstanceCore": `{"Version":"2012-10-17","Statement":[` +
		`{"Effect":"Allow","Action":["ssm:DescribeAssociation","ssm:GetDeployablePatchSnapshotForInstance","ssm:GetDocument",` +
		`"ssm:DescribeDocument","ssm:GetManifest","ssm:GetParameter","ssm:GetParameters","ssm:ListAssociations",` +
		`"ssm:ListInstanceAssociations","ssm:PutInventory","ssm:PutComplianceItems","ssm:PutConfigurePackageResult",` +
		`"ssm:UpdateAssociationStatus","ssm:UpdateInstanceAssociationStatus","ssm:UpdateInstanceInformation"],"Resource":"*"},` +
		`{"Effect":"Allow","Action":["ssmmessages:CreateControlChannel","ssmmessages:CreateDataChannel",` +
		`"ssmmessages:OpenControlChannel","ssmmessages:OpenDataChannel"],"Resource":"*"},` +
		`{"Effect":"Allow","Action":["ec2messages:AcknowledgeMessage","ec2messages:DeleteMessage","ec2messages:FailMessage",` +
		`"ec2messages:GetEndpoint","ec2messages:GetMessages","ec2messages:SendReply"],"Resource":"*"}]}`,
}

// awsPolicyCreated stands for the day on which AWS made its policies, which is of
// no consequence.
var awsPolicyCreated = time.Date(2015, 2, 6, 18, 39, 46, 0, time.UTC)

func awsPolicy(arn string) *ManagedPolicy {
	name := strings.TrimPrefix(arn, awsPolicyPrefix)
	document, known := awsPolicies[name]
	if !known {
		return nil
	}
	return &ManagedPolicy{
		Name: name, ID: "ANPA" + strings.ToUpper((name + "AAAAAAAAAAAAAAAAA")[:17]), ARN: arn, Path: "/", Default: "v1", Made: 1,
		Versions: []PolicyVersion{{ID: "v1", Document: document, Created: awsPolicyCreated}}, Created: awsPolicyCreated, Updated: awsPolicyCreated,
	}
}

// AWSPolicies are the AWS managed policies that this endpoint knows, by name.
func AWSPolicies() []*ManagedPolicy {
	names := make([]string, 0, len(awsPolicies))
	for name := range awsPolicies {
		names = append(names, name)
	}
	slices.Sort(names)
	all := make([]*ManagedPolicy, 0, len(names))
	for _, name := range names {
		all = append(all, awsPolicy(awsPolicyPrefix+name))
	}
	return all
}
