package pointer_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/pointer"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

// rivals are clients with which somebody else makes the launch template between the look
// for it and its creation, and EC2 shows that one late.
type rivals struct {
	clients
	data *types.RequestLaunchTemplateData
	tags map[string]string
	late *int // looks that do not show it
}

func (r rivals) EC2(region string) pointer.EC2 { return rival{r.clients.EC2(region), r} }

type rival struct {
	pointer.EC2
	how rivals
}

func (r rival) CreateLaunchTemplate(ctx context.Context, in *ec2.CreateLaunchTemplateInput, opts ...func(*ec2.Options)) (*ec2.CreateLaunchTemplateOutput, error) {
	_, err := r.EC2.CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: in.LaunchTemplateName, LaunchTemplateData: r.how.data,
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeLaunchTemplate, Tags: ami.EC2Tags(r.how.tags)}},
	})
	if err != nil {
		return nil, err
	}
	return r.EC2.CreateLaunchTemplate(ctx, in, opts...)
}

func (r rival) DescribeLaunchTemplates(ctx context.Context, in *ec2.DescribeLaunchTemplatesInput, opts ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplatesOutput, error) {
	out, err := r.EC2.DescribeLaunchTemplates(ctx, in, opts...)
	if err == nil && *r.how.late > 0 {
		*r.how.late--
		return &ec2.DescribeLaunchTemplatesOutput{}, nil
	}
	return out, err
}

// TestATemplateThatSomebodyElseMakesMeanwhile gets a version, unless it is of another tier.
func TestATemplateThatSomebodyElseMakesMeanwhile(t *testing.T) {
	t.Parallel()
	for tier, refused := range map[ami.Tier]bool{ami.Full: false, ami.Hybrid: true} {
		r := newRig(t)
		late := 2 // the one before the creation, and the next
		r.mover.Clients = rivals{clients{r.Started}, &types.RequestLaunchTemplateData{InstanceType: types.InstanceTypeT3Large}, ami.Meta{Family: "web", Tier: tier}.OwnerTags(), &late}
		images := r.image(home)
		moved, err := r.mover.Follow(t.Context(), images, wish())
		if refused {
			if err == nil || !strings.Contains(err.Error(), "launch template of its own") {
				t.Errorf("moved %+v, %v", moved, err)
			}
			continue
		}
		r.must(err)
		if found, data := r.template(home); found.Default != 2 || aws.ToString(data.ImageId) != images[home] || data.InstanceType != types.InstanceTypeT3Large {
			t.Errorf("default %d: %+v", found.Default, data)
		}
		// What the other one made stays when this is taken back.
		r.must(r.mover.Undo(t.Context(), moved))
		if found, _ := r.template(home); found == nil || found.Default != 1 || found.Latest != 1 {
			t.Errorf("template %+v", found)
		}
	}
}

// TestTwoRunsMakeOneTemplate at once: both get a version, and one is the default.
func TestTwoRunsMakeOneTemplate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	images := []map[string]string{r.image(home), r.image(home)}
	errs := make([]error, len(images))
	var all sync.WaitGroup
	for n := range images {
		all.Go(func() {
			mover := pointer.Mover{Clients: clients{r.Started}}
			w := wish()
			w.Parameters = nil
			_, errs[n] = mover.Follow(t.Context(), images[n], w)
		})
	}
	all.Wait()
	r.must(errors.Join(errs...))
	found, data := r.template(home)
	if got := aws.ToString(data.ImageId); found.Latest != 2 || got != images[0][home] && got != images[1][home] {
		t.Errorf("template %+v starts %s", found, got)
	}
	for _, i := range images {
		if all, err := pointer.VersionsOf(t.Context(), r.EC2(sandboxtest.Home, home), found.ID, i[home]); err != nil || len(all) != 1 {
			t.Errorf("%s has the versions %+v, %v", i[home], all, err)
		}
	}
}
