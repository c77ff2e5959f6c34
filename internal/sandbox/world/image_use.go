package world

import "time"

// TypeSpec says which instance types an image is for: names, or patterns with *.
type TypeSpec struct{ Supported, Unsupported []string }

// UsageReport tells how other accounts use an image, as it was when it was made.
type UsageReport struct {
	ID, ImageID string
	// Accounts are those asked for; none means all.
	Accounts []string
	// Types are ec2:Instance and ec2:LaunchTemplate, with the depth asked for, or 0.
	Types map[string]int
	// ReadyAt is when the report can be read.
	Created, ReadyAt time.Time
	Entries          []Usage
}

// reportLife is how long a report is kept (EC2 API reference, ImageUsageReport).
const reportLife = 30 * 24 * time.Hour

// Expires is when EC2 deletes the report.
func (u *UsageReport) Expires() time.Time { return u.Created.Add(reportLife) }

// Usage is how many resources of one type of one account use an image.
type Usage struct {
	Account, Type string
	Count         int64
}
