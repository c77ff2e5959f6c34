package ec2

import (
	"strconv"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("DescribeLaunchTemplateVersions", describeLaunchTemplateVersions) }

type templateVersionItem struct {
	ID          string           `xml:"launchTemplateId"`
	Name        string           `xml:"launchTemplateName"`
	Number      int64            `xml:"versionNumber"`
	Description string           `xml:"versionDescription,omitempty"`
	Created     wire.Time        `xml:"createTime"`
	CreatedBy   string           `xml:"createdBy"`
	Default     bool             `xml:"defaultVersion"`
	Data        templateDataItem `xml:"launchTemplateData"`
	Operator    notManaged       `xml:"operator"`
}

// templateVersionView is a version with its data; an alias of an image is
// shown as the id that it means now, where asked for.
func templateVersionView(c *action.Call, t *world.LaunchTemplate, v *world.LaunchTemplateVersion, resolve bool) (templateVersionItem, error) {
	item := templateVersionItem{
		ID: t.ID, Name: t.Name, Number: v.Number, Description: v.Description, Created: wire.Time(v.Created), CreatedBy: t.CreatedBy,
		Default: v.Number == t.DefaultVersion,
	}
	var d launchData
	if err := decodeData(v.Data, &d); err != nil {
		return item, err
	}
	if resolve {
		id, err := resolveImage(c, d.ImageID)
		if err != nil {
			return item, err
		}
		d.ImageID = id
	}
	item.Data = templateDataOf(d)
	return item, nil
}

type describeTemplateVersionsInput struct {
	launchTemplateInput
	Versions     []string `q:"LaunchTemplateVersion"`
	Min          string   `q:"MinVersion"`
	Max          string   `q:"MaxVersion"`
	ResolveAlias bool     `q:"ResolveAlias"`
	described
}

type describeTemplateVersionsOutput struct {
	Versions  wire.Set[templateVersionItem] `xml:"launchTemplateVersionSet"`
	NextToken string                        `xml:"nextToken,omitempty"`
}

// describeLaunchTemplateVersions lists the versions of one template, newest first;
// without a template, the versions $Latest and $Default of all templates.
func describeLaunchTemplateVersions(c *action.Call, in *describeTemplateVersionsInput) (*describeTemplateVersionsOutput, error) {
	if len(in.Versions) > 0 && in.Min != "" {
		return nil, wire.Errorf("InvalidParameterCombination", "Minimum version filter is not applicable when given a list of versions.")
	}
	if len(in.Versions) > 0 && in.Max != "" {
		return nil, wire.Errorf("InvalidParameterCombination", "Maximum version filter is not applicable when given a list of versions.") // unverified: text
	}
	templates, err := in.templates(c)
	if err != nil {
		return nil, err
	}
	var all []templateVersionItem
	for _, t := range templates {
		chosen, err := in.chosen(t)
		if err != nil {
			return nil, err
		}
		for _, v := range chosen {
			item, err := templateVersionView(c, t, v, in.ResolveAlias)
			if err != nil {
				return nil, err
			}
			match, err := matchAll(in.Filters, item.values)
			if err != nil {
				return nil, err
			}
			if match {
				all = append(all, item)
			}
		}
	}
	part, next, err := smallPage(all, in.MaxResults, in.NextToken, 200)
	return &describeTemplateVersionsOutput{Versions: part, NextToken: next}, err
}

func (in *describeTemplateVersionsInput) templates(c *action.Call) ([]*world.LaunchTemplate, error) {
	if in.ID != "" || in.Name != "" {
		t, err := in.find(c.Mine())
		return []*world.LaunchTemplate{t}, err
	}
	if len(in.Versions) == 0 { // unverified: text; the rule is documented
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter LaunchTemplateId or LaunchTemplateName, or versions $Latest or $Default")
	}
	var all []*world.LaunchTemplate
	for _, id := range sortedKeys(c.Mine().LaunchTemplates) {
		all = append(all, c.Mine().LaunchTemplates[id])
	}
	return all, nil
}

// chosen are the versions that the request names, or those between its bounds.
func (in *describeTemplateVersionsInput) chosen(t *world.LaunchTemplate) ([]*world.LaunchTemplateVersion, error) {
	var list []*world.LaunchTemplateVersion
	for _, name := range in.Versions {
		v, err := versionNamed(t, name)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	if len(in.Versions) > 0 {
		return list, nil
	}
	low, high := int64(1), t.Versions[len(t.Versions)-1].Number
	for _, bound := range []struct {
		text string
		to   *int64
	}{{in.Min, &low}, {in.Max, &high}} {
		if bound.text == "" {
			continue
		}
		n, err := strconv.ParseInt(bound.text, 10, 64)
		if err != nil {
			return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for a version. Expecting a number.", bound.text) // unverified: text
		}
		*bound.to = n
	}
	for n := high; n >= low; n-- {
		if v := numbered(t, strconv.FormatInt(n, 10)); v != nil {
			list = append(list, v)
		}
	}
	return list, nil
}

func (item templateVersionItem) values(name string) ([]string, bool) {
	switch name {
	case "create-time":
		text, _ := item.Created.MarshalText() // never fails
		return one(string(text))
	case "ebs-optimized":
		return boolean(item.Data.EbsOptimized)
	case "iam-instance-profile":
		if item.Data.Profile == nil {
			return nil, true
		}
		return optional(first(item.Data.Profile.Name, item.Data.Profile.ARN))
	case "image-id":
		return optional(item.Data.ImageID)
	case "instance-type":
		return optional(item.Data.Type)
	case "is-default-version":
		return boolean(item.Default)
	case "kernel-id":
		return optional(item.Data.KernelID)
	case "ram-disk-id":
		return optional(item.Data.RamdiskID)
	}
	return nil, false
}
