package ec2_test

import (
	"bytes"
	"context"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/crypto/ssh"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestKeyPairsAreRealAndUnique(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	c := s.EC2(sandboxtest.Home, home)
	for _, kind := range []types.KeyType{types.KeyTypeRsa, types.KeyTypeEd25519} {
		out, err := c.CreateKeyPair(context.Background(), &ec2.CreateKeyPairInput{KeyName: aws.String(string(kind)), KeyType: kind})
		if err != nil {
			t.Fatal(err)
		}
		signer, err := ssh.ParsePrivateKey([]byte(*out.KeyMaterial))
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		listed, err := c.DescribeKeyPairs(context.Background(), &ec2.DescribeKeyPairsInput{KeyNames: []string{string(kind)}, IncludePublicKey: aws.Bool(true)})
		if err != nil {
			t.Fatal(err)
		}
		public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(*listed.KeyPairs[0].PublicKey))
		if err != nil || !bytes.Equal(public.Marshal(), signer.PublicKey().Marshal()) {
			t.Errorf("%s: the public half does not belong to the private one: %v", kind, err)
		}
		_, err = c.CreateKeyPair(context.Background(), &ec2.CreateKeyPairInput{KeyName: aws.String(string(kind)), KeyType: kind})
		wantRefused(t, err, http.StatusBadRequest, "InvalidKeyPair.Duplicate", "already exists")
	}
	if _, err := c.DeleteKeyPair(context.Background(), &ec2.DeleteKeyPairInput{KeyName: aws.String("never")}); err != nil {
		t.Errorf("deleting a key pair that is not there must succeed: %v", err)
	}
}

func TestSecurityGroupIsHeldByItsInstance(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	c := s.EC2(sandboxtest.Home, home)
	g, err := c.CreateSecurityGroup(context.Background(), &ec2.CreateSecurityGroupInput{GroupName: aws.String("g"), Description: aws.String("d")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.CreateSecurityGroup(context.Background(), &ec2.CreateSecurityGroupInput{GroupName: aws.String("g"), Description: aws.String("d")})
	wantRefused(t, err, http.StatusBadRequest, "InvalidGroup.Duplicate", "already exists")
	rule := []types.IpPermission{{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), IpRanges: []types.IpRange{{CidrIp: aws.String("10.0.0.1/32")}}}}
	authorize := func() error {
		_, err := c.AuthorizeSecurityGroupIngress(context.Background(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: g.GroupId, IpPermissions: rule})
		return err
	}
	if err := authorize(); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, authorize(), http.StatusBadRequest, "InvalidPermission.Duplicate", "already exists")
	out, err := launch(t, c, func(in *ec2.RunInstancesInput) { in.SecurityGroupIds = []string{*g.GroupId} })
	if err != nil {
		t.Fatal(err)
	}
	id := *out.Instances[0].InstanceId
	drop := func() error {
		_, err := c.DeleteSecurityGroup(context.Background(), &ec2.DeleteSecurityGroupInput{GroupId: g.GroupId})
		return err
	}
	wantRefused(t, drop(), http.StatusBadRequest, "DependencyViolation", "has a dependent object")
	if _, err := c.TerminateInstances(context.Background(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}}); err != nil {
		t.Fatal(err)
	}
	waitState(t, c, id, types.InstanceStateNameTerminated)
	if err := drop(); err != nil {
		t.Errorf("a free group must go: %v", err)
	}
}
