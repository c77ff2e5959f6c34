package ec2_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// EC2 does not know a new instance profile, nor the role put into it, for a while.
func TestANewInstanceProfileComesLate(t *testing.T) {
	t.Parallel()
	clock := sandboxtest.NewClock()
	s := sandboxtest.Start(t, sandbox.Options{Clock: clock, Delays: world.Delays{Identity: world.Duration(16 * time.Second)}})
	c, entities, name := s.EC2(sandboxtest.Home, home), s.IAM(sandboxtest.Home), aws.String("p")
	try := func() error {
		_, err := launch(t, c, func(in *ec2.RunInstancesInput) {
			in.IamInstanceProfile = &types.IamInstanceProfileSpecification{Name: name}
		})
		return err
	}
	out, err := entities.CreateInstanceProfile(t.Context(), &iam.CreateInstanceProfileInput{InstanceProfileName: name})
	if err != nil {
		t.Fatal(err)
	}
	const unknown = "Value (p) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
	noRole := `IAM Instance Profile "` + *out.InstanceProfile.Arn + `" has no associated IAM Roles`
	wantRefused(t, try(), http.StatusBadRequest, "InvalidParameterValue", unknown)
	clock.Pass(16 * time.Second)
	wantRefused(t, try(), http.StatusBadRequest, "InvalidParameterValue", noRole)
	trust := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)
	if _, err := entities.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: trust}); err != nil {
		t.Fatal(err)
	}
	if _, err := entities.AddRoleToInstanceProfile(t.Context(), &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: name}); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, try(), http.StatusBadRequest, "InvalidParameterValue", noRole)
	clock.Pass(16 * time.Second)
	if err := try(); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}
