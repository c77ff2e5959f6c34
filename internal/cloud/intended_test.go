package cloud_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func tagged(kind types.ResourceType, value string) []types.TagSpecification {
	return []types.TagSpecification{{ResourceType: kind, Tags: []types.Tag{{Key: aws.String("by"), Value: &value}}}}
}

func mine(tags []types.Tag) bool {
	return len(tags) == 1 && aws.ToString(tags[0].Value) == "mine"
}

// TestIntended makes things as a process does that is killed before it has the answer.
func TestIntended(t *testing.T) {
	t.Parallel()
	const region = "eu-west-1"
	s := sandboxtest.Start(t, sandbox.Options{})
	api, ctx := s.EC2(sandboxtest.Home, region), t.Context()
	clients := cloud.New(s.Config(sandboxtest.Home, region))
	if clients.Endpoint() != s.URL {
		t.Errorf("endpoint %q", clients.Endpoint())
	}
	source, err := api.DescribeImages(ctx, &ec2.DescribeImagesInput{
		Owners: []string{"137112412989"}, Filters: []types.Filter{{Name: aws.String("architecture"), Values: []string{"x86_64"}}},
	})
	if err != nil || len(source.Images) == 0 {
		t.Fatalf("%v, %v", source, err)
	}
	run, err := api.RunInstances(ctx, &ec2.RunInstancesInput{
		ImageId: source.Images[0].ImageId, InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1), ClientToken: aws.String("token"),
	})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{"RunInstances": aws.ToString(run.Instances[0].InstanceId)}
	for _, who := range []string{"mine", "theirs"} {
		k, err := api.CreateKeyPair(ctx, &ec2.CreateKeyPairInput{KeyName: aws.String(who), TagSpecifications: tagged(types.ResourceTypeKeyPair, who)})
		if err != nil {
			t.Fatal(err)
		}
		ids["CreateKeyPair "+who] = aws.ToString(k.KeyPairId)
		g, err := api.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
			GroupName: aws.String(who), Description: aws.String("x"), TagSpecifications: tagged(types.ResourceTypeSecurityGroup, who),
		})
		if err != nil {
			t.Fatal(err)
		}
		ids["CreateSecurityGroup "+who] = aws.ToString(g.GroupId)
		i, err := api.CopyImage(ctx, &ec2.CopyImageInput{
			Name: aws.String(who), SourceImageId: source.Images[0].ImageId, SourceRegion: aws.String(region), TagSpecifications: tagged(types.ResourceTypeImage, who),
		})
		if err != nil {
			t.Fatal(err)
		}
		ids["CopyImage "+who] = aws.ToString(i.ImageId)
	}
	for _, tc := range []struct {
		operation, name, token string
		found                  string
		known                  bool
	}{
		{operation: "RunInstances", token: "token", found: ids["RunInstances"], known: true},
		{operation: "RunInstances", token: "other", known: true},
		{operation: "RunInstances"},
		{operation: "CreateFleet", token: "token"},
		{operation: "CreateKeyPair", name: "mine", found: ids["CreateKeyPair mine"], known: true},
		{operation: "CreateKeyPair", name: "theirs"},
		{operation: "CreateKeyPair", name: "nobody", known: true},
		{operation: "CreateSecurityGroup", name: "mine", found: ids["CreateSecurityGroup mine"], known: true},
		{operation: "CreateSecurityGroup", name: "theirs"},
		{operation: "CreateImage", name: "mine", found: ids["CopyImage mine"], known: true},
		{operation: "CopyImage", name: "mine", found: ids["CopyImage mine"], known: true},
		{operation: "CopyImage", name: "theirs"},
	} {
		call := cloud.Call{Service: "EC2", Operation: tc.operation, Name: tc.name, Token: tc.token, Region: region}
		found, known, err := clients.Intended(ctx, call, mine)
		got := ""
		for _, r := range found {
			if got = r.ID; r.Region != region {
				t.Errorf("%+v", r)
			}
		}
		if err != nil || known != tc.known || len(found) > 1 || got != tc.found {
			t.Errorf("%+v: found %q, known %v, %v", tc, got, known, err)
		}
	}
}
