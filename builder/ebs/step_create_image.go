package ebs

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/wait"
)

// How long an image may take: EC2 writes the first snapshot of a large volume for
// hours. And how long EC2 may say that the instance is not in a state to be imaged.
const (
	defaultImageTimeout = 6 * time.Hour
	imageStatePatience  = 15 * time.Minute
)

// stepCreateImage makes the image of the stopped instance. Image and snapshots get
// their tags in the call that makes them, so that nothing is ever there without.
//
// Reads: instance_id. Cleans: nothing; the ledger has the image before this step.
type stepCreateImage struct{ *build }

func (s stepCreateImage) Run(ctx context.Context, state multistep.StateBag) multistep.StepAction {
	id, _ := state.Get("instance_id").(string)
	if err := s.stillClaimed(ctx); err != nil {
		return s.halt("create image: %w", err)
	}
	request, err := s.request(id)
	if err != nil {
		return s.halt("create image: %w", err)
	}
	s.say("Creating image %q of %s in %s", *request.Name, id, s.region())
	began := time.Now()
	if s.imageID, err = s.create(ctx, request); err != nil {
		return s.halt("create image %q of %s: %w", *request.Name, id, err)
	}
	_, err = s.poller.Image(ctx, s.region(), s.imageID, wait.ImageOptions{
		Deadline: s.cfg.limitOr(defaultImageTimeout),
		Progress: s.progress(),
	})
	if err != nil {
		return s.halt("wait for image %s: %w", s.imageID, err)
	}
	s.say("Image %s is available after %s", s.imageID, time.Since(began).Round(time.Second))
	return multistep.ActionContinue
}

func (stepCreateImage) Cleanup(multistep.StateBag) {}

func (s stepCreateImage) request(instance string) (*ec2.CreateImageInput, error) {
	tags := map[string]string{}
	if !s.cfg.AMISkipRunTags {
		var err error
		if tags, err = s.rendered(s.cfg.RunTags); err != nil {
			return nil, fmt.Errorf("run_tags: %w", err)
		}
	}
	if s.meta != nil && s.intermediary == "" {
		maps.Copy(tags, s.meta.Tags())
	} else {
		maps.Copy(tags, ami.Meta{Run: s.runID, Seal: s.sealed}.Tags())
	}
	list := ami.EC2Tags(tags)
	description, err := s.rendered(map[string]string{"description": s.cfg.AMIDescription})
	if err != nil {
		return nil, fmt.Errorf("ami_description: %w", err)
	}
	return &ec2.CreateImageInput{
		InstanceId: &instance, Name: aws.String(s.sourceName()),
		Description:         dropEmpty(aws.String(description["description"])),
		BlockDeviceMappings: s.cfg.AMIMappings.BuildEC2BlockDeviceMappings(),
		TagSpecifications: []types.TagSpecification{
			{ResourceType: types.ResourceTypeImage, Tags: list},
			{ResourceType: types.ResourceTypeSnapshot, Tags: list},
		},
	}, nil
}

// create asks for the image. An answer that was lost shows as a name that is taken;
// the image is ours then if it carries this run's tag.
func (s stepCreateImage) create(ctx context.Context, in *ec2.CreateImageInput) (string, error) {
	api := s.clients.EC2("")
	var id string
	err := patiently(ctx, imageStatePatience, cloud.IsPending, func(ctx context.Context) error {
		out, err := api.CreateImage(ctx, in)
		if err == nil {
			id = aws.ToString(out.ImageId)
		}
		return err
	})
	if cloud.Code(err) != "InvalidAMIName.Duplicate" {
		return id, err
	}
	found, lookErr := api.DescribeImages(ctx, &ec2.DescribeImagesInput{
		Owners:  []string{"self"},
		Filters: []types.Filter{{Name: aws.String("name"), Values: []string{*in.Name}}},
	})
	if lookErr != nil {
		return "", fmt.Errorf("%w; and whose image has the name could not be found out: %w", err, lookErr)
	}
	for _, image := range found.Images {
		if s.ours(image) {
			id := aws.ToString(image.ImageId)
			s.say("Image %s of this run has the name already: going on with it", id)
			return id, s.ledger.Created(ctx, cloud.Resource{Kind: cloud.KindImage, ID: id, Region: s.region(), Name: *in.Name})
		}
	}
	return "", fmt.Errorf("%w; choose another ami_name, or set force_deregister", err)
}

// ours tells whether an image carries this run's tag.
func (s stepCreateImage) ours(image types.Image) bool {
	have := map[string]string{}
	for _, t := range image.Tags {
		have[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	for key, value := range (ami.Meta{Run: s.runID}).Tags() {
		if have[key] != value {
			return false
		}
	}
	return s.meta == nil || have[ami.TagPrefix+"version"] == s.meta.Version
}

// progress tells how far the image is, twice a minute at most.
func (b *build) progress() func(int, time.Duration) {
	var told time.Duration
	last := 0
	return func(percent int, elapsed time.Duration) {
		if percent <= last || elapsed-told < 30*time.Second {
			return
		}
		last, told = percent, elapsed
		b.say("Image %s: %d %% after %s", b.imageID, percent, elapsed.Round(time.Second))
	}
}

// sourceName is the name of the image that is made of the instance.
func (b *build) sourceName() string {
	if b.intermediary == "" {
		return b.name
	}
	return "goldenami-intermediary-" + ami.NewVersion(b.started)
}
