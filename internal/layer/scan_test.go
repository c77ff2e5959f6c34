package layer

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

func TestScan(t *testing.T) {
	t.Parallel()
	ago := func(d time.Duration) *time.Time { return aws.Time(now.Add(-d)) }
	scanned := func(critical, high *time.Time) *types.ScanResults {
		return &types.ScanResults{FindingScanDate: ago(time.Hour), CriticalFixAvailableSince: critical, HighFixAvailableSince: high}
	}
	for name, c := range map[string]struct {
		policy  *ScanPolicy
		results *types.ScanResults
		says    string // empty: used again
		warns   bool
	}{
		"without the block":           {nil, scanned(ago(99*day), nil), "", false},
		"nothing found":               {&ScanPolicy{}, scanned(nil, nil), "", false},
		"critical, in time":           {&ScanPolicy{}, scanned(ago(3*day), nil), "", false},
		"critical, late":              {&ScanPolicy{}, scanned(ago(3*day+time.Minute), nil), "critical severity in ami-c (version V2) is available for 3 days, and 3 days are allowed", false},
		"high, in time":               {&ScanPolicy{}, scanned(nil, ago(14*day)), "", false},
		"high, late":                  {&ScanPolicy{}, scanned(nil, ago(15*day)), "high severity", false},
		"critical, as the user says":  {&ScanPolicy{MaxCritical: time.Hour}, scanned(ago(2*time.Hour), nil), "2 hours, and 60 minutes are allowed", false},
		"high, as the user says":      {&ScanPolicy{MaxHigh: 40 * day}, scanned(nil, ago(15*day)), "", false},
		"not scanned":                 {&ScanPolicy{}, nil, "", true},
		"not scanned, and required":   {&ScanPolicy{Require: true}, nil, "has no scan result", false},
		"results without a scan date": {&ScanPolicy{Require: true}, &types.ScanResults{}, "has no scan result", false},
	} {
		q := current(t, ami.Full)
		q.Scan, q.Current.Raw.ScanResults = c.policy, c.results
		d := Decide(q)
		if d.Reuse != (c.says == "") || !strings.Contains(d.Sentence, c.says) || (d.Warning != "") != c.warns {
			t.Errorf("%s: %+v", name, d)
		}
	}
	q := current(t, ami.Full)
	q.Scan, q.Current.BuiltAt = &ScanPolicy{Require: true}, now.Add(-23*time.Hour)
	if d := Decide(q); !d.Reuse || d.Warning == "" {
		t.Errorf("an image that Inspector had no time for: %+v", d)
	}
}
