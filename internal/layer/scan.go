package layer

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// How long fixes may have been available unless the user says otherwise, and how
// long the first scan of an image may take.
const (
	maxCritical   = 3 * day
	maxHigh       = 14 * day
	firstScanTime = day
)

// ScanPolicy says which results of Amazon Inspector's scan have an image built
// anew. A zero duration is the default.
type ScanPolicy struct {
	MaxCritical, MaxHigh time.Duration
	// Require has an image without a result built anew when it is older than a day.
	Require bool
}

// askScan asks what Inspector found. The age of a fix counts, not that of the
// finding: without a fix, building anew changes nothing.
func askScan(q Question) (Decision, bool) {
	if q.Scan == nil {
		return Decision{}, false
	}
	results := q.Current.Raw.ScanResults
	if results == nil || results.FindingScanDate == nil {
		if q.Scan.Require && q.Now.Sub(q.Current.BuiltAt) > firstScanTime {
			return q.rebuild(ScanDemands, "building anew: %s has no scan result, and scan { require = true } is set", q.current()), true
		}
		return Decision{}, false
	}
	for _, found := range []struct {
		severity string
		since    *time.Time
		most     time.Duration
	}{
		{"critical", results.CriticalFixAvailableSince, orDefault(q.Scan.MaxCritical, maxCritical)},
		{"high", results.HighFixAvailableSince, orDefault(q.Scan.MaxHigh, maxHigh)},
	} {
		if age := q.Now.Sub(aws.ToTime(found.since)); found.since != nil && age > found.most {
			return q.rebuild(ScanDemands, "building anew: a fix of a finding of %s severity in %s is available for %s, and %s are allowed (scanned on %s)",
				found.severity, q.current(), about(age), about(found.most), results.FindingScanDate.UTC().Format(time.DateOnly)), true
		}
	}
	return Decision{}, false
}

// scanWarning tells that a scan was asked for and there is none: the endpoint may
// not know scans, or Inspector may not be turned on.
func (q Question) scanWarning() string {
	if q.Scan == nil || q.Current.Raw.ScanResults != nil {
		return ""
	}
	return q.current() + " has no scan result of Amazon Inspector, so scan has no opinion"
}

func orDefault(d, standard time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return standard
}
