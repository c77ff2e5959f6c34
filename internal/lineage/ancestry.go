package lineage

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// AncestryAPI is the call that reads EC2's own record.
type AncestryAPI interface {
	GetImageAncestry(ctx context.Context, in *ec2.GetImageAncestryInput, opts ...func(*ec2.Options)) (*ec2.GetImageAncestryOutput, error)
}

// MismatchError says that EC2 knows another parent than the build did.
type MismatchError struct{ Image, Want, Got string }

func (e *MismatchError) Error() string {
	return fmt.Sprintf("EC2 records that %s was made of %s, and it was to be built on %s", e.Image, e.Got, e.Want)
}

// Check compares EC2's record of an image with the parent that it was built on, and
// gives a *MismatchError where they differ. Any other error means that the record
// could not be read, and says nothing about the image.
func Check(ctx context.Context, api AncestryAPI, image, parent string) error {
	entries, err := ancestry(ctx, api, image)
	if err != nil {
		return err
	}
	switch got := aws.ToString(entries[0].SourceImageId); got {
	case parent:
		return nil
	case "":
		return fmt.Errorf("EC2 records no source of %s", image)
	default:
		return &MismatchError{Image: image, Want: parent, Got: got}
	}
}

// ancestry gives the record from the image up, the image itself first.
func ancestry(ctx context.Context, api AncestryAPI, image string) ([]types.ImageAncestryEntry, error) {
	out, err := api.GetImageAncestry(ctx, &ec2.GetImageAncestryInput{ImageId: &image})
	if err != nil {
		return nil, fmt.Errorf("read the ancestry of %s: %w", image, err)
	}
	entries := out.ImageAncestryEntries
	if len(entries) == 0 || aws.ToString(entries[0].ImageId) != image {
		return nil, fmt.Errorf("read the ancestry of %s: EC2's answer does not begin with the image", image)
	}
	return entries, nil
}
