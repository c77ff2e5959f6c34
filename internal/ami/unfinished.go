package ami

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Unfinished tells of an image of the caller's own account whether its build never
// called it good. One that is not there is unfinished too; one of no family, which has
// no state, is: only its build knows more.
func Unfinished(ctx context.Context, api ec2.DescribeImagesAPIClient, id string) (bool, error) {
	out, err := api.DescribeImages(ctx, &ec2.DescribeImagesInput{
		Owners:            []string{"self"},
		Filters:           []types.Filter{filter("image-id", id)},
		IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
	})
	if err != nil {
		return false, fmt.Errorf("look whether image %s is complete: %w", id, err)
	}
	for _, image := range out.Images {
		for _, tag := range image.Tags {
			if aws.ToString(tag.Key) != tagState {
				continue
			}
			switch State(aws.ToString(tag.Value)) {
			case Building, Testing, Bad:
			default:
				return false, nil
			}
		}
	}
	return true, nil
}

// MadeBy tells whether tags are those of a run.
func MadeBy(run string, tags []types.Tag) bool {
	for _, tag := range tags {
		if aws.ToString(tag.Key) == tagRun && aws.ToString(tag.Value) == run && run != "" {
			return true
		}
	}
	return false
}
