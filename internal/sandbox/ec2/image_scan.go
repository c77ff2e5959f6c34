package ec2

import (
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// scanItem is what Amazon Inspector found of an image. Everyone who sees the image
// sees it.
type scanItem struct {
	Critical      *wire.Time `xml:"criticalFixAvailableSince,omitempty"`
	At            wire.Time  `xml:"findingScanDate"`
	High          *wire.Time `xml:"highFixAvailableSince,omitempty"`
	Severity      string     `xml:"highestFindingSeverityLabel,omitempty"`
	Informational *wire.Time `xml:"informationalFixAvailableSince,omitempty"`
	Low           *wire.Time `xml:"lowFixAvailableSince,omitempty"`
	Medium        *wire.Time `xml:"mediumFixAvailableSince,omitempty"`
}

func scanOf(c *action.Call, image *world.Image) *scanItem {
	scan, ok := c.World.ScanOf(image)
	if !ok {
		return nil
	}
	since := func(severity string) *wire.Time {
		at, ok := scan.Fixes[severity]
		if !ok {
			return nil
		}
		return (*wire.Time)(&at)
	}
	return &scanItem{
		At: wire.Time(scan.At), Severity: scan.Severity, Critical: since("critical"), High: since("high"),
		Medium: since("medium"), Low: since("low"), Informational: since("informational"),
	}
}

// scanFits tells whether the latest scan is within the limits; an image that was
// never scanned is not.
func scanFits(c *action.Call, image *world.Image, k *world.ScanCondition) bool {
	scan, ok := c.World.ScanOf(image)
	if !ok || !withinDays(c.Now, scan.At, k.Age) {
		return false
	}
	order := world.Severities()
	if k.Severity != "" && slices.Index(order, scan.Severity) > slices.Index(order, k.Severity) {
		return false
	}
	for severity, most := range map[string]*int64{
		"critical": k.Critical, "high": k.High, "medium": k.Medium, "low": k.Low, "informational": k.Informational,
	} {
		if at, ok := scan.Fixes[severity]; ok && !withinDays(c.Now, at, most) {
			return false
		}
	}
	return true
}
