package ami

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestClaimsAreReadBack(t *testing.T) {
	t.Parallel()
	claim := Claim{Run: "run-1", Deadline: time.Date(2026, 11, 28, 5, 0, 0, 0, time.UTC)}
	tags := EC2Tags(claim.Tags())
	if got, ok := ParseClaim(tags); !ok || got != claim {
		t.Errorf("%+v, %v", got, ok)
	}
	for i := range tags {
		less := append(append([]types.Tag{}, tags[:i]...), tags[i+1:]...)
		if got, ok := ParseClaim(less); ok {
			t.Errorf("without %s: %+v", aws.ToString(tags[i].Key), got)
		}
	}
	fingerprint := strings.Repeat("0123456789abcdef", 4)
	if got := ClaimName("web", Full, fingerprint); got != "goldenami-building-web-full-0123456789abcdef" {
		t.Error(got)
	}
}
