package throttle

import (
	"slices"
	"strconv"
	"strings"
)

// Limit is a token bucket: how many tokens it holds, and how many come back each
// second.
type Limit struct{ Capacity, Refill float64 }

// The limits are those of the Amazon EC2 Developer Guide, "Request throttling for
// the Amazon EC2 API": the table of request token buckets, and the smaller table
// of resource token buckets.
var (
	reading      = Limit{100, 20}
	readingWhole = Limit{50, 10}
	changing     = Limit{50, 5}

	// named are the actions that have a bucket size of their own.
	named = map[string]Limit{
		"CopyImage":                     {100, 1},
		"CreateTags":                    {100, 10},
		"DeleteTags":                    {100, 10},
		"DeleteSnapshot":                {100, 5},
		"DeregisterImage":               {100, 5},
		"ModifyImageAttribute":          {100, 5},
		"ModifySnapshotAttribute":       {100, 5},
		"TerminateInstances":            {100, 5},
		"RunInstances":                  {5, 2},
		"StartInstances":                {5, 2},
		"EnableFastLaunch":              {5, 2},
		"DisableFastLaunch":             {5, 2},
		"EnableImageBlockPublicAccess":  {1, 0.1},
		"DisableImageBlockPublicAccess": {1, 0.1},
	}

	// resources are the buckets of which a call takes a token for each instance.
	resources = map[string]Limit{
		"RunInstances":       {1000, 2},
		"StartInstances":     {1000, 2},
		"StopInstances":      {1000, 20},
		"TerminateInstances": {1000, 20},
	}

	// costly are the Describe calls that have a smaller bucket without filter, id
	// and page size.
	costly = []string{
		"DescribeInstances", "DescribeInstanceStatus", "DescribeNetworkInterfaces", "DescribeSecurityGroups",
		"DescribeSnapshots", "DescribeSpotInstanceRequests", "DescribeVolumes",
	}
)

// Requests gives the bucket of an action's requests. whole is a Describe call that
// neither filters nor pages.
func Requests(action string, whole bool) Limit {
	if limit, special := named[action]; special {
		return limit
	}
	switch {
	case whole && slices.Contains(costly, action):
		return readingWhole
	case strings.HasPrefix(action, "Describe"), strings.HasPrefix(action, "Get"), strings.HasPrefix(action, "List"), strings.HasPrefix(action, "Search"):
		return reading
	default:
		return changing
	}
}

// Resources gives the bucket of an action's resources; false where it has none.
func Resources(action string) (Limit, bool) {
	limit, has := resources[action]
	return limit, has
}

// isWhole tells whether a Describe call asks for everything.
func isWhole(form map[string][]string) bool {
	for name := range form {
		if name != "Action" && name != "Version" && name != "DryRun" {
			return false
		}
	}
	return true
}

// instances is how many instances a call is about.
func instances(form map[string][]string) float64 {
	if most := form["MaxCount"]; len(most) == 1 {
		n, err := strconv.Atoi(most[0])
		if err != nil || n < 1 {
			return 1
		}
		return float64(n)
	}
	n := 0
	for name := range form {
		if strings.HasPrefix(name, "InstanceId.") {
			n++
		}
	}
	return float64(max(n, 1))
}
