package ebs

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// refuseIfUsed gives an error that names what uses the images. Not to know counts as
// used: an image can be deleted later as well, and never be brought back.
func (a *Artifact) refuseIfUsed(ctx context.Context, looks ...func(ctx context.Context, region, id string) ([]string, error)) error {
	var users []string
	for _, region := range sortedKeys(a.Images) {
		for _, look := range looks {
			found, err := look(ctx, region, a.Images[region])
			if err != nil {
				return fmt.Errorf("the images stay (%s), because whether others use them could not be found out: %w", a.Id(), err)
			}
			users = append(users, found...)
		}
	}
	if len(users) == 0 {
		return nil
	}
	return fmt.Errorf("the images stay (%s), because others use them by now: %s. They are as good as before; take them back with rollback if they are not",
		a.Id(), strings.Join(users, ", "))
}

// builtOn finds the images that another run has made of one, or makes.
func (a *Artifact) builtOn(ctx context.Context, region, id string) ([]string, error) {
	children, err := ami.BuiltOn(ctx, a.clients.EC2(region), id)
	for i := range children {
		children[i] = "image " + children[i] + " in " + region
	}
	return children, err
}

// instances finds the machines that run on an image, such as the one that another run
// builds on. Those of this build are gone.
func (a *Artifact) instances(ctx context.Context, region, id string) ([]string, error) {
	pages := ec2.NewDescribeInstancesPaginator(a.clients.EC2(region), &ec2.DescribeInstancesInput{Filters: []types.Filter{
		{Name: aws.String("image-id"), Values: []string{id}},
		{Name: aws.String("instance-state-name"), Values: []string{"pending", "running", "stopping", "stopped"}},
	}})
	var users []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("look for instances of %s: %w", id, err)
		}
		for _, group := range page.Reservations {
			for _, i := range group.Instances {
				users = append(users, "instance "+aws.ToString(i.InstanceId)+" in "+region)
			}
		}
	}
	return users, nil
}

// pointers finds what leads to an image besides what this build has moved back: launch
// templates, parameters, recipes. A partition that does not know the call knows none.
func (a *Artifact) pointers(ctx context.Context, region, id string) ([]string, error) {
	pages := ec2.NewDescribeImageReferencesPaginator(a.clients.EC2(region), &ec2.DescribeImageReferencesInput{
		ImageIds: []string{id}, IncludeAllResourceTypes: aws.Bool(true),
	})
	var users []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		switch {
		case cloud.IsUnsupported(err):
			return nil, nil
		case cloud.IsNotFound(err): // it was deleted before
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("look for what leads to %s (ec2:DescribeImageReferences): %w", id, err)
		}
		for _, r := range page.ImageReferences {
			if r.ResourceType != types.ImageReferenceResourceTypeEc2Instance { // some have ended, see instances
				users = append(users, aws.ToString(r.Arn))
			}
		}
	}
	return users, nil
}
