package cloud

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// The request was applied and the connection reset before the answer.
var lostFault = fault{reset: true}

func tagged(kind types.ResourceType) []types.TagSpecification {
	return []types.TagSpecification{{ResourceType: kind, Tags: []types.Tag{{Key: aws.String("goldenami:run"), Value: aws.String("r1")}}}}
}

func TestLostRunInstancesIsOneInstance(t *testing.T) {
	t.Parallel()
	f, r := newFakeEC2(t), &recorded{}
	f.fail("RunInstances", lostFault)
	if _, err := runOne(t.Context(), f.clients(WithRecorder(r)), ""); err != nil {
		t.Fatal(err)
	}
	if len(f.instances) != 1 || len(r.created) != 1 || f.count("RunInstances") != 2 {
		t.Errorf("instances %v, created %v", f.instances, r.created)
	}
}

func TestLostKeyPairIsMadeAnew(t *testing.T) {
	t.Parallel()
	f, r := newFakeEC2(t), &recorded{}
	f.fail("CreateKeyPair", lostFault)
	out, err := f.clients(WithRecorder(r)).EC2("").CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{
		KeyName: aws.String("k"), TagSpecifications: tagged(types.ResourceTypeKeyPair),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.keys) != 1 || f.keys["k"].id != *out.KeyPairId || !strings.HasSuffix(*out.KeyMaterial, *out.KeyPairId) {
		t.Errorf("keys %v, got %s", f.keys, *out.KeyPairId)
	}
	if len(r.created) != 1 || r.created[0].ID != *out.KeyPairId {
		t.Errorf("created %v", r.created)
	}
}

func TestForeignKeyPairIsNotTouched(t *testing.T) {
	t.Parallel()
	old := fakeThing{id: "key-old", born: time.Now().Add(-time.Hour), tags: "<tagSet><item><key>goldenami:run</key><value>r1</value></item></tagSet>"}
	young := old // that it is not ours only the lack of a lost answer tells
	young.id, young.born = "key-young", time.Now()
	untagged := fakeThing{id: "key-other", born: time.Now(), tags: "<tagSet/>"}
	for name, tc := range map[string]struct {
		there  fakeThing
		faults []fault
	}{
		"taken, first attempt":            {there: young},
		"taken, after a throttle":         {there: young, faults: []fault{throttled}},
		"older than the call":             {there: old, faults: []fault{{before: true, reset: true}}},
		"without the tags we asked for":   {there: untagged, faults: []fault{{before: true, reset: true}}},
		"server error, older than a call": {there: old, faults: []fault{{status: 500, body: refusal("InternalError", "x")}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, r := newFakeEC2(t), &recorded{}
			f.keys["k"] = tc.there
			f.fail("CreateKeyPair", tc.faults...)
			_, err := f.clients(WithRecorder(r)).EC2("").CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{
				KeyName: aws.String("k"), TagSpecifications: tagged(types.ResourceTypeKeyPair),
			})
			if !IsDuplicate(err) || f.keys["k"].id != tc.there.id || f.count("DeleteKeyPair") != 0 || len(r.created) != 0 {
				t.Errorf("err %v, keys %v, created %v", err, f.keys, r.created)
			}
		})
	}
}

func TestLostSecurityGroupIsAdopted(t *testing.T) {
	t.Parallel()
	f, r := newFakeEC2(t), &recorded{}
	f.fail("CreateSecurityGroup", lostFault)
	out, err := f.clients(WithRecorder(r)).EC2("").CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("g"), Description: aws.String("d"), VpcId: aws.String("vpc-1"),
		TagSpecifications: tagged(types.ResourceTypeSecurityGroup),
	})
	if err != nil {
		t.Fatal(err)
	}
	if f.groups["g"].id != *out.GroupId || len(r.created) != 1 || r.created[0].ID != *out.GroupId {
		t.Errorf("groups %v, created %v", f.groups, r.created)
	}
	if f.form("DescribeSecurityGroups").Get("Filter.2.Value.1") != "vpc-1" {
		t.Error("a name is unique per VPC only")
	}
}

func TestUsedSecurityGroupIsNotAdopted(t *testing.T) {
	t.Parallel()
	f := newFakeEC2(t)
	f.groups["g"] = fakeThing{id: "sg-other", description: "d", ingress: true, tags: "<tagSet/>"}
	f.fail("CreateSecurityGroup", fault{before: true, reset: true})
	_, err := f.clients().EC2("").CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("g"), Description: aws.String("d"),
	})
	if Code(err) != "InvalidGroup.Duplicate" {
		t.Errorf("err %v", err)
	}
}

func TestLostImageIsAdopted(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"CreateImage", "RegisterImage"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			f, r := newFakeEC2(t), &recorded{}
			f.fail(action, lostFault)
			var id string
			var err error
			api := f.clients(WithRecorder(r)).EC2("")
			if action == "CreateImage" {
				var out *ec2.CreateImageOutput
				if out, err = api.CreateImage(t.Context(), &ec2.CreateImageInput{
					InstanceId: aws.String("i-1"), Name: aws.String("n"), TagSpecifications: tagged(types.ResourceTypeImage),
				}); err == nil {
					id = *out.ImageId
				}
			} else {
				var out *ec2.RegisterImageOutput
				if out, err = api.RegisterImage(t.Context(), &ec2.RegisterImageInput{
					Name: aws.String("n"), TagSpecifications: tagged(types.ResourceTypeImage),
				}); err == nil {
					id = *out.ImageId
				}
			}
			if err != nil || f.images["n"].id != id || len(r.created) != 1 || r.created[0].ID != id {
				t.Errorf("err %v, id %q, images %v, created %v", err, id, f.images, r.created)
			}
		})
	}
}

func TestForeignImageIsNotAdopted(t *testing.T) {
	t.Parallel()
	f := newFakeEC2(t)
	f.images["n"] = fakeThing{id: "ami-old", born: time.Now().Add(-24 * time.Hour)}
	f.fail("CreateImage", fault{before: true, reset: true})
	_, err := f.clients().EC2("").CreateImage(t.Context(), &ec2.CreateImageInput{InstanceId: aws.String("i-1"), Name: aws.String("n")})
	if Code(err) != "InvalidAMIName.Duplicate" {
		t.Errorf("err %v", err)
	}
}
