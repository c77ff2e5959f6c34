package ec2

import (
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// scanItem is what Amazon Inspector found of an image. Everyone who sees the image
// sees it.
type scanItem struct {
	Critical      string `xml:"criticalFixAvailableSince,omitempty"`
	At            string `xml:"findingScanDate"`
	High          string `xml:"highFixAvailableSince,omitempty"`
	Severity      string `xml:"highestFindingSeverityLabel,omitempty"`
	Informational string `xml:"informationalFixAvailableSince,omitempty"`
	Low           string `xml:"lowFixAvailableSince,omitempty"`
	Medium        string `xml:"mediumFixAvailableSince,omitempty"`
}

func scanOf(c *action.Call, image *world.Image) *scanItem {
	scan, ok := c.World.ScanOf(image)
	if !ok {
		return nil
	}
	since := func(severity string) string {
		at, ok := scan.Fixes[severity]
		if !ok {
			return ""
		}
		return at.UTC().Format(timestamp)
	}
	return &scanItem{
		At: scan.At.UTC().Format(timestamp), Severity: scan.Severity, Critical: since("critical"), High: since("high"),
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
