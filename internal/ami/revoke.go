package ami

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// DeleteTagsAPI is the call that Restore makes besides CreateTags.
type DeleteTagsAPI interface {
	DeleteTags(ctx context.Context, in *ec2.DeleteTagsInput, opts ...func(*ec2.Options)) (*ec2.DeleteTagsOutput, error)
}

// Revoke takes images and snapshots back: their state, the reason and the time are
// written in one call, so that no image is seen as revoked without a reason. A
// reason that is longer than a tag holds is cut.
func Revoke(ctx context.Context, api CreateTagsAPI, reason string, at time.Time, ids ...string) error {
	if len(ids) == 0 || slices.Contains(ids, "") {
		return errors.New("revoke: an image id is missing")
	}
	tags := map[string]string{tagState: string(Revoked), tagRevokedAt: formatTime(at)}
	if cut := []rune(strings.TrimSpace(reason)); len(cut) > 0 {
		tags[tagRevokedReason] = string(cut[:min(len(cut), maxTagValue)])
	}
	for some := range slices.Chunk(ids, resourcesPerCall) {
		if _, err := api.CreateTags(ctx, &ec2.CreateTagsInput{Resources: some, Tags: EC2Tags(tags)}); err != nil {
			return fmt.Errorf("revoke %s: %w", strings.Join(some, ", "), err)
		}
	}
	return nil
}

// Restore makes revoked images and snapshots good again. That they were revoked once
// is taken off afterwards: an image that is good and tells a reason is good.
func Restore(ctx context.Context, api interface {
	CreateTagsAPI
	DeleteTagsAPI
}, ids ...string,
) error {
	if err := SetState(ctx, api, Good, ids...); err != nil {
		return err
	}
	for some := range slices.Chunk(ids, resourcesPerCall) {
		_, err := api.DeleteTags(ctx, &ec2.DeleteTagsInput{
			Resources: some,
			Tags:      []types.Tag{{Key: aws.String(tagRevokedAt)}, {Key: aws.String(tagRevokedReason)}},
		})
		if err != nil {
			return fmt.Errorf("take the reason off %s, which is good again: %w", strings.Join(some, ", "), err)
		}
	}
	return nil
}
