package ami

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// BuiltOn gives the ids of the caller's images that were built on an image of the same
// Region, by their tags and by EC2's own record. Copies of it are none, and neither
// are those that are bad or taken back.
func BuiltOn(ctx context.Context, api ec2.DescribeImagesAPIClient, id string) ([]string, error) {
	var ids []string
	for _, by := range []types.Filter{filter("tag:"+tagParent, id), filter("source-image-id", id)} {
		pages := ec2.NewDescribeImagesPaginator(api, &ec2.DescribeImagesInput{
			Owners: []string{"self"}, Filters: []types.Filter{by},
			IncludeDeprecated: aws.Bool(true), MaxResults: aws.Int32(pageSize),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("look for images that were built on %s: %w", id, err)
			}
			for _, image := range page.Images {
				if child := aws.ToString(image.ImageId); child != id && stands(image) && !slices.Contains(ids, child) {
					ids = append(ids, child)
				}
			}
		}
	}
	return ids, nil
}

// stands tells whether an image is no copy, and is good or may become it.
func stands(image types.Image) bool {
	have := map[string]string{}
	for _, tag := range image.Tags {
		have[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	_, copied := have[TagCopiedFrom]
	return !copied && slices.Contains([]State{"", Building, Testing, Good}, State(have[tagState]))
}
