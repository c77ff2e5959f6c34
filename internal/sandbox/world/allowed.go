package world

// Allowed is what an account allows of other accounts' images in a Region.
type Allowed struct {
	// State is enabled, audit-mode, or "" for disabled.
	State    string
	Criteria []Criterion
}

// Criterion is one description of allowed images; every part that is given must
// fit. Days are counted back from now.
type Criterion struct {
	Names, Providers, ProductCodes []string
	DaysSinceCreated               *int64
	DaysSinceDeprecated            *int64
	Watermarks                     []WatermarkFilter
	Scan                           *ScanCondition
}

// WatermarkFilter describes one watermark, of which an image needs to carry one.
type WatermarkFilter struct {
	Key, SourceRegion                      string
	DaysSinceAttached, DaysSinceSourceMade *int64
}

// ScanCondition is what Amazon Inspector must have found of an image; see [Scan].
type ScanCondition struct {
	Severity                                        string
	Critical, High, Medium, Low, Informational, Age *int64
}
