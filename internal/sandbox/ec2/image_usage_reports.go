package ec2

import (
	"slices"
	"strconv"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("CreateImageUsageReport", createUsageReport)
	add("DescribeImageUsageReports", describeUsageReports)
	add("DescribeImageUsageReportEntries", describeUsageEntries)
	add("DeleteImageUsageReport", deleteUsageReport)
}

type createUsageReportInput struct {
	ImageID  string             `q:"ImageId,required"`
	Accounts []string           `q:"AccountId"`
	Types    []referenceType    `q:"ResourceType,required"`
	Token    string             `q:"ClientToken"`
	Tags     []tagSpecification `q:"TagSpecification"`
}

type usageReportMade struct {
	ID string `xml:"reportId"`
}

// usageDepth is how many versions of a launch template a report looks at where the
// caller does not say (EC2 API reference, ImageUsageResourceTypeOptionRequest).
const usageDepth = 20

// createUsageReport counts what other accounts have of an own image now. The
// report can be read as soon as an image of no size would be ready.
func createUsageReport(c *action.Call, in *createUsageReportInput) (*usageReportMade, error) {
	mine := c.Mine()
	if earlier, err := tokenResult(c, "CreateImageUsageReport", in.Token); err != nil || earlier != "" {
		return &usageReportMade{ID: earlier}, err
	}
	image, err := ownImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	tags, err := tagsFor(in.Tags, "image-usage-report")
	if err != nil {
		return nil, err
	}
	types, err := usageTypes(in.Types)
	if err != nil {
		return nil, err
	}
	for _, id := range in.Accounts {
		if !accountID.MatchString(id) {
			return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for AccountId.", id) // unverified: text
		}
	}
	report := &world.UsageReport{
		ID: c.World.NewID("amiur"), ImageID: image.ID, Accounts: in.Accounts, Types: types, Created: c.Now,
		ReadyAt: c.Now.Add(time.Duration(c.World.Delays.In(c.Region).Image)), Entries: usageOf(c, image.ID, in.Accounts, types),
	}
	mine.UsageReports[report.ID] = report
	mine.SetTags(report.ID, tags)
	rememberToken(c, mine, "CreateImageUsageReport", in.Token, report.ID)
	return &usageReportMade{ID: report.ID}, nil
}

// usageTypes are the types to count, with the depth of versions where given.
func usageTypes(list []referenceType) (map[string]int, error) {
	types := map[string]int{}
	for _, t := range list {
		if t.Type != refInstance && t.Type != refTemplate {
			return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for ResourceType.", t.Type) // unverified: text
		}
		types[t.Type] = 0
		for _, o := range t.Options {
			l := look{}
			if o.Name == "state-name" || l.set(t.Type, o.Name, o.Values) != nil {
				return nil, wire.Errorf("InvalidParameterValue", "The option '%s' is not valid for the resource type '%s'", o.Name, t.Type) // unverified: text
			}
			types[t.Type] = l.depth
		}
	}
	return types, nil
}

// usageOf counts the use of an image by other accounts; what is not used is not
// mentioned.
func usageOf(c *action.Call, imageID string, accounts []string, types map[string]int) []world.Usage {
	var entries []world.Usage
	for _, account := range c.World.Accounts() {
		r := account.Regions[c.Region]
		if account.ID == c.Account || r == nil || len(accounts) > 0 && !slices.Contains(accounts, account.ID) {
			continue
		}
		for _, kind := range sortedKeys(types) {
			l := look{depth: types[kind], states: []string{world.StatePending, world.StateRunning, world.StateStopping, world.StateStopped}}
			if l.depth == 0 {
				l.depth = usageDepth
			}
			n := len(l.instances(r, imageID))
			if kind == refTemplate {
				n = len(l.templates(r, imageID))
			}
			if n > 0 {
				entries = append(entries, world.Usage{Account: account.ID, Type: kind, Count: int64(n)})
			}
		}
	}
	return entries
}

type usageReportsInput struct {
	ReportIDs []string `q:"ReportId"`
	ImageIDs  []string `q:"ImageId"`
	described
}

type describeUsageReportsOutput struct {
	Reports   wire.Set[usageReportItem] `xml:"imageUsageReportSet"`
	NextToken string                    `xml:"nextToken,omitempty"`
}

type usageReportItem struct {
	ImageID  string              `xml:"imageId"`
	ID       string              `xml:"reportId"`
	Types    wire.Set[usageType] `xml:"resourceTypeSet"`
	Accounts wire.Set[string]    `xml:"accountIdSet,omitempty"`
	State    string              `xml:"state"`
	Created  wire.Time           `xml:"creationTime"`
	Expires  wire.Time           `xml:"expirationTime"`
	Tags     wire.Set[tag]       `xml:"tagSet,omitempty"`
}

type usageType struct {
	Type    string                `xml:"resourceType"`
	Options wire.Set[usageOption] `xml:"resourceTypeOptionSet,omitempty"`
}

type usageOption struct {
	Name   string           `xml:"optionName"`
	Values wire.Set[string] `xml:"optionValueSet"`
}

func (in *usageReportsInput) reports(c *action.Call) ([]*world.UsageReport, error) {
	mine := c.Mine()
	ids, err := selected(mine.UsageReports, in.ReportIDs, "InvalidImageUsageReportId.NotFound", "The image usage report ID '%s' does not exist") // unverified: code and text
	if err != nil {
		return nil, err
	}
	var list []*world.UsageReport
	for _, id := range ids {
		u := mine.UsageReports[id]
		if c.Now.Before(u.Expires()) && (len(in.ImageIDs) == 0 || slices.Contains(in.ImageIDs, u.ImageID)) {
			list = append(list, u)
		}
	}
	return list, nil
}

func usageState(u *world.UsageReport, now time.Time) string {
	if now.Before(u.ReadyAt) {
		return "pending"
	}
	return "available"
}

func describeUsageReports(c *action.Call, in *usageReportsInput) (*describeUsageReportsOutput, error) {
	reports, err := in.reports(c)
	if err != nil {
		return nil, err
	}
	var all []usageReportItem
	for _, u := range reports {
		tags := c.Mine().TagsOf(u.ID)
		item := usageReportItem{
			ImageID: u.ImageID, ID: u.ID, Accounts: u.Accounts, State: usageState(u, c.Now), Created: wire.Time(u.Created), Expires: wire.Time(u.Expires()), Tags: tagSet(tags),
		}
		for _, kind := range sortedKeys(u.Types) {
			t := usageType{Type: kind}
			if depth := u.Types[kind]; depth > 0 {
				t.Options = wire.Set[usageOption]{{Name: "version-depth", Values: wire.Set[string]{strconv.Itoa(depth)}}}
			}
			item.Types = append(item.Types, t)
		}
		match, err := matchAll(in.Filters, func(name string) ([]string, bool) {
			switch name {
			case "creation-time":
				return one(u.Created.Format(timestamp))
			case "state":
				return one(item.State)
			}
			return tagValues(tags, name)
		})
		if err != nil {
			return nil, err
		}
		if match {
			all = append(all, item)
		}
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, 1000)
	return &describeUsageReportsOutput{Reports: part, NextToken: next}, err
}

type describeUsageEntriesOutput struct {
	Entries   wire.Set[usageEntry] `xml:"imageUsageReportEntrySet"`
	NextToken string               `xml:"nextToken,omitempty"`
}

type usageEntry struct {
	ReportID string    `xml:"reportId"`
	ImageID  string    `xml:"imageId"`
	Account  string    `xml:"accountId"`
	Type     string    `xml:"resourceType"`
	Count    int64     `xml:"usageCount"`
	Created  wire.Time `xml:"reportCreationTime"`
}

// describeUsageEntries reads the reports that are ready.
func describeUsageEntries(c *action.Call, in *usageReportsInput) (*describeUsageEntriesOutput, error) {
	reports, err := in.reports(c)
	if err != nil {
		return nil, err
	}
	var all []usageEntry
	for _, u := range reports {
		if usageState(u, c.Now) == "pending" {
			continue
		}
		for _, e := range u.Entries {
			match, err := matchAll(in.Filters, func(name string) ([]string, bool) {
				switch name {
				case "account-id":
					return one(e.Account)
				case "creation-time":
					return one(u.Created.Format(timestamp))
				case "resource-type":
					return one(e.Type)
				}
				return nil, false
			})
			if err != nil {
				return nil, err
			}
			if match {
				all = append(all, usageEntry{ReportID: u.ID, ImageID: u.ImageID, Account: e.Account, Type: e.Type, Count: e.Count, Created: wire.Time(u.Created)})
			}
		}
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, 1000)
	return &describeUsageEntriesOutput{Entries: part, NextToken: next}, err
}

type deleteUsageReportInput struct {
	ID string `q:"ReportId,required"`
}

func deleteUsageReport(c *action.Call, in *deleteUsageReportInput) (*done, error) {
	if _, err := selected(c.Mine().UsageReports, []string{in.ID}, "InvalidImageUsageReportId.NotFound", "The image usage report ID '%s' does not exist"); err != nil { // unverified: code and text
		return nil, err
	}
	delete(c.Mine().UsageReports, in.ID)
	c.Mine().DropTags(in.ID)
	return ok, nil
}
