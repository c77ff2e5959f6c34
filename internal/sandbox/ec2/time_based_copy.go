package ec2

import (
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// The throughput of time-based copies in MiB/s (EBS User Guide, "Time-based copies
// for Amazon EBS snapshots and EBS-backed AMIs"): of one snapshot, and of all
// between one source and one destination Region, quota L-E137849C.
const (
	snapshotCopyRate = 500.0
	pairCopyRate     = 2000.0
)

// setCompletion makes a copy time-based: it ends when it was asked to, or with a
// standard copy where that is quicker. A copy that needs more than the throughput
// that is left takes longer; with none left the request is refused.
func setCompletion(c *action.Call, s *world.Snapshot, minutes *int64) error {
	if minutes == nil {
		return nil
	}
	s.TransferType, s.CompletionMinutes = "time-based", *minutes
	left := pairCopyRate - timeBasedRate(c, s.SourceRegion)
	if left <= 0 {
		// unverified: code and text; the guide says that the request fails
		return wire.Errorf("ResourceLimitExceeded", "The snapshot copy throughput quota between %s and %s is used up.", s.SourceRegion, c.Region)
	}
	asked := time.Duration(*minutes) * time.Minute
	rate := min(rateOf(s), snapshotCopyRate, left)
	if rate > 0 {
		asked = max(asked, time.Duration(float64(s.Size)*1024/rate*float64(time.Second)))
	}
	if ready := c.Now.Add(asked); ready.Before(s.ReadyAt) {
		s.ReadyAt = ready
	}
	return nil
}

// rateOf is the throughput that a time-based copy needs, in MiB/s.
func rateOf(s *world.Snapshot) float64 {
	return float64(s.Size) * 1024 / (time.Duration(s.CompletionMinutes) * time.Minute).Seconds()
}

// timeBasedRate is the throughput in use from a Region into that of the call.
func timeBasedRate(c *action.Call, from string) float64 {
	var used float64
	for _, s := range c.Mine().Snapshots.All() {
		if s.CompletionMinutes > 0 && s.SourceRegion == from && s.State(c.Now) == "pending" {
			used += min(rateOf(s), snapshotCopyRate)
		}
	}
	return used
}
