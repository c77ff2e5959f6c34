package ami

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const tagDeadline = TagPrefix + "deadline"

// Claim is what the mark of a build that is under way tells.
type Claim struct {
	// Run is the build's run.
	Run string
	// Deadline is when the mark is void unless the build renews it.
	Deadline time.Time
}

// ClaimName gives the name of the mark: one for all builds of the same content
// in an account and Region. The fingerprint tells all else apart.
func ClaimName(family string, t Tier, fingerprint string) string {
	return fmt.Sprintf("goldenami-building-%s-%s-%s", family, t, fingerprint[:min(16, len(fingerprint))])
}

// Tags gives the tags of the mark.
func (c Claim) Tags() map[string]string {
	tags := Meta{Run: c.Run}.Tags()
	tags[tagDeadline] = formatTime(c.Deadline)
	return tags
}

// ParseClaim reads what Tags wrote; false for tags of others, and for those that
// EC2 does not show yet.
func ParseClaim(tags []types.Tag) (Claim, bool) {
	values := map[string]string{}
	for _, tag := range tags {
		values[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	deadline, ok := parseTime(values[tagDeadline])
	if !ok || deadline.IsZero() || values[tagSchema] != schema || values[tagRun] == "" {
		return Claim{}, false
	}
	return Claim{Run: values[tagRun], Deadline: deadline}, true
}

// OfRun is the filter for what a run made.
func OfRun(run string) types.Filter { return filter("tag:"+tagRun, run) }
