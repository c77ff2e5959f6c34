package world

import "time"

// Scan is what Amazon Inspector's latest scan of an image found. The endpoint scans
// nothing: a rehearsal says what was found (control API).
type Scan struct {
	At time.Time
	// Severity is the highest of all findings, in lower case; empty: there are none.
	Severity string
	// Fixes are since when a fix has been available, by the severity of its finding.
	Fixes map[string]time.Time
}

// Severities are Inspector's, the lowest first.
func Severities() []string { return []string{"informational", "low", "medium", "high", "critical"} }

// ScanOf is the latest scan of an image; false if it was never scanned. A copy is an
// image of its own and has none of its source's.
func (w *World) ScanOf(i *Image) (Scan, bool) {
	scan, ok := w.Region(i.OwnerID, i.Region).Scans[i.ID]
	return scan, ok
}

// SetScan makes a scan the latest one.
func (w *World) SetScan(i *Image, s Scan) { w.Region(i.OwnerID, i.Region).Scans[i.ID] = s }
