package ebs

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

// TestDestroySparesWhatOthersUse: after a build ended well, and before a post-processor
// of its run fails, another run takes the image.
func TestDestroySparesWhatOthersUse(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(t *testing.T, r *rig, api *ec2.Client, image string) (user string, end func()){
		"a tier of another run": func(t *testing.T, r *rig, api *ec2.Client, _ string) (string, func()) {
			t.Helper()
			made, err := r.elsewhere(r.tier("hybrid", nil)).Run(t.Context(), r.ui(), r.hook)
			if err != nil {
				t.Fatalf("%v\n%s", err, r.output)
			}
			id := made.(*Artifact).Images[region] //nolint:forcetypeassert // ours
			return id, func() {
				if _, err := api.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: &id}); err != nil {
					t.Error(err)
				}
			}
		},
		"a machine": func(t *testing.T, _ *rig, api *ec2.Client, image string) (string, func()) {
			t.Helper()
			out, err := api.RunInstances(t.Context(), &ec2.RunInstancesInput{
				ImageId: &image, InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
			})
			if err != nil {
				t.Fatal(err)
			}
			id := *out.Instances[0].InstanceId
			return id, func() {
				if _, err := api.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}}); err != nil {
					t.Error(err)
				}
			}
		},
		"a launch template": func(t *testing.T, _ *rig, api *ec2.Client, image string) (string, func()) {
			t.Helper()
			out, err := api.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
				LaunchTemplateName: aws.String("theirs"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: &image},
			})
			if err != nil {
				t.Fatal(err)
			}
			id := out.LaunchTemplate.LaunchTemplateId
			return *id, func() {
				if _, err := api.DeleteLaunchTemplate(t.Context(), &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: id}); err != nil {
					t.Error(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			a := r.build(r.tier("os-only", nil))
			user, end := use(t, r, r.EC2(sandboxtest.Home, region), a.Images[region])
			if err := a.Destroy(); err == nil || !strings.Contains(err.Error(), user) || !strings.Contains(err.Error(), "stay") {
				t.Errorf("error %v", err)
			}
			r.image(region, a.Images[region])
			if again := r.build(r.tier("os-only", nil)); !again.Reused {
				t.Error("it is not used again, as a good image is")
			}
			end()
			if err := a.Destroy(); err != nil {
				t.Errorf("nobody uses it any more: %v", err)
			}
			for _, id := range r.images(region) {
				if id == a.Images[region] {
					t.Error("the image is still there")
				}
			}
		})
	}
}
