package ec2

import (
	"regexp"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("GetAllowedImagesSettings", getAllowedImages)
	add("EnableAllowedImagesSettings", enableAllowedImages)
	add("DisableAllowedImagesSettings", disableAllowedImages)
	add("ReplaceImageCriteriaInAllowedImagesSettings", replaceImageCriteria)
}

const (
	allowedEnabled = "enabled"
	allowedAudit   = "audit-mode"
)

// The most of each that the criteria may hold (EC2 API reference, ImageCriterion).
const (
	maxCriteria    = 10
	maxProviders   = 200
	maxOtherValues = 50
)

type allowedImages struct {
	State     string                  `xml:"state"`
	ManagedBy string                  `xml:"managedBy"`
	Criteria  wire.Set[criterionItem] `xml:"imageCriterionSet"`
}

func getAllowedImages(c *action.Call, _ *nothing) (*allowedImages, error) {
	settings := c.Mine().Allowed
	out := &allowedImages{State: first(settings.State, "disabled"), ManagedBy: "account"}
	for _, k := range settings.Criteria {
		out.Criteria = append(out.Criteria, criterionItemOf(k))
	}
	return out, nil
}

type allowedState struct {
	State string `q:"AllowedImagesSettingsState,required" xml:"allowedImagesSettingsState"`
}

// enableAllowedImages applies the criteria (enabled), or only shows what they
// would do (audit-mode).
func enableAllowedImages(c *action.Call, in *allowedState) (*allowedState, error) {
	if in.State != allowedEnabled && in.State != allowedAudit {
		return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for AllowedImagesSettingsState. Valid values: enabled, audit-mode", in.State) // unverified: text
	}
	c.Mine().Allowed.State = in.State
	return in, nil
}

// disableAllowedImages keeps the criteria.
func disableAllowedImages(c *action.Call, _ *nothing) (*allowedState, error) {
	c.Mine().Allowed.State = ""
	return &allowedState{State: "disabled"}, nil
}

type replaceCriteriaInput struct {
	Criteria []criterionInput `q:"ImageCriterion"`
}

type criterionInput struct {
	Names     []string `q:"ImageName"`
	Providers []string `q:"ImageProvider"`
	Codes     []string `q:"MarketplaceProductCode"`
	Created   struct {
		Days *int64 `q:"MaximumDaysSinceCreated"`
	} `q:"CreationDateCondition"`
	Deprecated struct {
		Days *int64 `q:"MaximumDaysSinceDeprecated"`
	} `q:"DeprecationTimeCondition"`
	Watermarks []watermarkFilter `q:"ImageWatermark"`
	Scan       *scanCondition    `q:"ScanResultCondition"`
}

type watermarkFilter struct {
	Key        string `q:"WatermarkKey" xml:"watermarkKey,omitempty"`
	Region     string `q:"SourceImageRegion" xml:"sourceImageRegion,omitempty"`
	Attached   *int64 `q:"MaximumDaysSinceWatermarkCreated" xml:"maximumDaysSinceWatermarkCreated,omitempty"`
	SourceMade *int64 `q:"MaximumDaysSinceSourceImageCreated" xml:"maximumDaysSinceSourceImageCreated,omitempty"`
}

type scanCondition struct {
	Severity      string `q:"MaximumSeverityLabel" xml:"maximumSeverityLabel,omitempty"`
	Critical      *int64 `q:"MaxDaysSinceCriticalFixAvailable" xml:"maxDaysSinceCriticalFixAvailable,omitempty"`
	High          *int64 `q:"MaxDaysSinceHighFixAvailable" xml:"maxDaysSinceHighFixAvailable,omitempty"`
	Medium        *int64 `q:"MaxDaysSinceMediumFixAvailable" xml:"maxDaysSinceMediumFixAvailable,omitempty"`
	Low           *int64 `q:"MaxDaysSinceLowFixAvailable" xml:"maxDaysSinceLowFixAvailable,omitempty"`
	Informational *int64 `q:"MaxDaysSinceInformationalFixAvailable" xml:"maxDaysSinceInformationalFixAvailable,omitempty"`
	Age           *int64 `q:"MaxDaysSinceLastFindingScan" xml:"maxDaysSinceLastFindingScan,omitempty"`
}

type days struct {
	Created    *int64 `xml:"maximumDaysSinceCreated,omitempty"`
	Deprecated *int64 `xml:"maximumDaysSinceDeprecated,omitempty"`
}

type criterionItem struct {
	Names      wire.Set[string]          `xml:"imageNameSet,omitempty"`
	Providers  wire.Set[string]          `xml:"imageProviderSet,omitempty"`
	Codes      wire.Set[string]          `xml:"marketplaceProductCodeSet,omitempty"`
	Created    *days                     `xml:"creationDateCondition,omitempty"`
	Deprecated *days                     `xml:"deprecationTimeCondition,omitempty"`
	Watermarks wire.Set[watermarkFilter] `xml:"imageWatermarkSet,omitempty"`
	Scan       *scanCondition            `xml:"scanResultCondition,omitempty"`
}

func criterionItemOf(k world.Criterion) criterionItem {
	item := criterionItem{Names: k.Names, Providers: k.Providers, Codes: k.ProductCodes}
	if k.DaysSinceCreated != nil {
		item.Created = &days{Created: k.DaysSinceCreated}
	}
	if k.DaysSinceDeprecated != nil {
		item.Deprecated = &days{Deprecated: k.DaysSinceDeprecated}
	}
	for _, f := range k.Watermarks {
		item.Watermarks = append(item.Watermarks, watermarkFilter{Key: f.Key, Region: f.SourceRegion, Attached: f.DaysSinceAttached, SourceMade: f.DaysSinceSourceMade})
	}
	if s := k.Scan; s != nil {
		item.Scan = &scanCondition{Severity: s.Severity, Critical: s.Critical, High: s.High, Medium: s.Medium, Low: s.Low, Informational: s.Informational, Age: s.Age}
	}
	return item
}

// replaceImageCriteria sets the criteria; none means that all images fit.
func replaceImageCriteria(c *action.Call, in *replaceCriteriaInput) (*done, error) {
	if len(in.Criteria) > maxCriteria {
		return nil, wire.Errorf("InvalidParameterValue", "At most %d image criteria can be specified", maxCriteria) // unverified: code and text; the limit is documented
	}
	criteria := make([]world.Criterion, 0, len(in.Criteria))
	for _, k := range in.Criteria {
		if err := k.check(); err != nil {
			return nil, err
		}
		criteria = append(criteria, k.world())
	}
	c.Mine().Allowed.Criteria = criteria
	return ok, nil
}

func (k criterionInput) world() world.Criterion {
	out := world.Criterion{Names: k.Names, Providers: k.Providers, ProductCodes: k.Codes, DaysSinceCreated: k.Created.Days, DaysSinceDeprecated: k.Deprecated.Days}
	for _, f := range k.Watermarks {
		out.Watermarks = append(out.Watermarks, world.WatermarkFilter{Key: f.Key, SourceRegion: f.Region, DaysSinceAttached: f.Attached, DaysSinceSourceMade: f.SourceMade})
	}
	if s := k.Scan; s != nil {
		out.Scan = &world.ScanCondition{Severity: s.Severity, Critical: s.Critical, High: s.High, Medium: s.Medium, Low: s.Low, Informational: s.Informational, Age: s.Age}
	}
	return out
}

var (
	criterionName = regexp.MustCompile(`^[A-Za-z0-9()\[\] ./\-'@_*?]{1,128}$`)
	criterionCode = regexp.MustCompile(`^[A-Za-z0-9]{1,25}$`)
	provider      = regexp.MustCompile(`^(amazon|aws-marketplace|aws-backup-vault|none|\d{12})$`)
	severity      = regexp.MustCompile(`^(informational|low|medium|high|critical)?$`)
)

// check applies the documented limits of a criterion.
//
// unverified: texts
func (k criterionInput) check() error {
	for _, list := range []struct {
		name   string
		values []string
		form   *regexp.Regexp
		most   int
	}{
		{"ImageNames", k.Names, criterionName, maxOtherValues},
		{"ImageProviders", k.Providers, provider, maxProviders},
		{"MarketplaceProductCodes", k.Codes, criterionCode, maxOtherValues},
	} {
		if len(list.values) > list.most {
			return wire.Errorf("InvalidParameterValue", "At most %d values can be specified for %s", list.most, list.name) // unverified: text
		}
		for _, v := range list.values {
			if !list.form.MatchString(v) {
				return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for %s.", v, list.name) // unverified: text
			}
			if v == "none" && list.form == provider && len(list.values) > 1 {
				return wire.Errorf("InvalidParameterCombination", "The image provider none cannot be used with other image providers") // unverified: code and text
			}
		}
	}
	if len(k.Watermarks) > maxOtherValues {
		return wire.Errorf("InvalidParameterValue", "At most %d values can be specified for ImageWatermarks", maxOtherValues) // unverified: text
	}
	if k.Scan != nil && !severity.MatchString(k.Scan.Severity) {
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for MaximumSeverityLabel.", k.Scan.Severity) // unverified: text
	}
	return nil
}
