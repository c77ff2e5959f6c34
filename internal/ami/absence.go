package ami

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// Absence tells people what there is where Find gave nothing for a query: the newest
// image of the tier for each reason why it was passed over, or which tiers the
// family has. It looks at images that EC2 reports as available.
func Absence(ctx context.Context, api ec2.DescribeImagesAPIClient, region string, q Query) (string, error) {
	if q.Now.IsZero() {
		q.Now = time.Now()
	}
	family, err := Find(ctx, api, region, Query{Family: q.Family, Owners: q.Owners, States: States(), IncludeExpired: true, Now: q.Now})
	if err != nil {
		return "", err
	}
	var texts []string
	told, tiers := map[string]bool{}, map[Tier]bool{}
	for _, image := range family {
		tiers[image.Tier] = true
		if image.Tier != q.Tier {
			continue
		}
		reason, text := q.passedOver(image)
		if reason != "" && !told[reason] {
			told[reason] = true
			texts = append(texts, text)
		}
	}
	switch {
	case len(family) == 0:
		return "the family has no image there", nil
	case !tiers[q.Tier]:
		return fmt.Sprintf("the family has images of tier %s only", tierList(tiers)), nil
	case len(texts) == 0:
		return "one that was not there before has become good meanwhile: try again", nil
	}
	return strings.Join(texts, "; "), nil
}

// passedOver gives why an image does not match, as a word for the reason and as a
// sentence about the image; empty if it does match. Reasons are asked from what a
// user chose to what befell the image.
func (q Query) passedOver(i Image) (reason, text string) {
	name := i.ID + " (version " + i.Version + ")"
	states := q.States
	if len(states) == 0 {
		states = []State{Good}
	}
	switch {
	case q.Architecture != "" && i.Architecture != q.Architecture:
		return "architecture " + i.Architecture, name + " is for " + i.Architecture
	case !slices.Contains(states, i.State):
		return "state " + string(i.State), name + " is " + string(i.State)
	case !q.IncludeExpired && i.Expired(q.Now):
		return "expired", name + " expired on " + i.ExpiresAt.Format(time.DateOnly)
	case !q.IncludeExpired && i.Expired(q.Now.Add(q.MinRemaining)):
		return "expires", name + " expires on " + i.ExpiresAt.Format(time.DateOnly)
	case q.Version != "" && i.Version != q.Version:
		return "version", name + " is the newest good one"
	}
	return "", ""
}

func tierList(have map[Tier]bool) string {
	var names []string
	for _, t := range Tiers() {
		if have[t] {
			names = append(names, string(t))
		}
	}
	return strings.Join(names, " and ")
}
