package ec2

import (
	"net/url"
	"reflect"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("CreateLaunchTemplate", createLaunchTemplate)
	add("DeleteLaunchTemplate", deleteLaunchTemplate)
	add("DescribeLaunchTemplates", describeLaunchTemplates)
}

type createLaunchTemplateInput struct {
	Name        string             `q:"LaunchTemplateName,required"`
	Description string             `q:"VersionDescription"`
	Token       string             `q:"ClientToken"`
	Tags        []tagSpecification `q:"TagSpecification"`
	Data        launchData         `q:"LaunchTemplateData,required"`
}

type launchTemplateOutput struct {
	Template launchTemplateItem `xml:"launchTemplate"`
}

type launchTemplateItem struct {
	ID             string        `xml:"launchTemplateId"`
	Name           string        `xml:"launchTemplateName"`
	Created        wire.Time     `xml:"createTime"`
	CreatedBy      string        `xml:"createdBy"`
	DefaultVersion int64         `xml:"defaultVersionNumber"`
	LatestVersion  int64         `xml:"latestVersionNumber"`
	Tags           wire.Set[tag] `xml:"tagSet,omitempty"`
}

func templateView(r *world.Region, t *world.LaunchTemplate) launchTemplateItem {
	return launchTemplateItem{
		ID: t.ID, Name: t.Name, Created: wire.Time(t.Created), CreatedBy: t.CreatedBy, DefaultVersion: t.DefaultVersion,
		LatestVersion: latest(t), Tags: tagSet(r.TagsOf(t.ID)),
	}
}

// createLaunchTemplate keeps the data as it was sent, so that a launch reads it
// with the same rules as its own parameters.
func createLaunchTemplate(c *action.Call, in *createLaunchTemplateInput) (*launchTemplateOutput, error) {
	mine := c.Mine()
	if id, err := tokenResult(c, "CreateLaunchTemplate", in.Token); err != nil {
		return nil, err
	} else if t := mine.LaunchTemplates[id]; t != nil {
		return &launchTemplateOutput{templateView(mine, t)}, nil
	}
	tags, err := tagsFor(in.Tags, "launch-template")
	if err != nil {
		return nil, err
	}
	for _, t := range mine.LaunchTemplates {
		if t.Name == in.Name {
			return nil, wire.Errorf("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
		}
	}
	t := &world.LaunchTemplate{
		ID: c.World.NewID("lt"), Name: in.Name, CreatedBy: c.Principal, Created: c.Now, DefaultVersion: 1,
		Versions: []world.LaunchTemplateVersion{{Number: 1, Description: in.Description, Created: c.Now, Data: templateParameters(c)}},
	}
	mine.LaunchTemplates[t.ID] = t
	mine.SetTags(t.ID, tags)
	rememberToken(c, mine, "CreateLaunchTemplate", in.Token, t.ID)
	return &launchTemplateOutput{templateView(mine, t)}, nil
}

func templateOf(r *world.Region, id, name string) (*world.LaunchTemplate, error) {
	for _, t := range r.LaunchTemplates {
		if t.ID == id && id != "" || t.Name == name && id == "" {
			return t, nil
		}
	}
	if id != "" {
		return nil, wire.Errorf("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", id)
	}
	return nil, wire.Errorf("InvalidLaunchTemplateName.NotFoundException", "The specified launch template, with template name %s, does not exist.", name)
}

// applyTemplate puts a template's data below what the request says itself.
func applyTemplate(c *action.Call, d *launchData, id, name, version string) error {
	data, err := templateData(c, id, name, version)
	if err != nil {
		return err
	}
	own := map[string]string{}
	for k, value := range c.Form {
		if first, _, _ := strings.Cut(k, "."); launchParameters[first] {
			own[k] = value[0]
		}
	}
	*d = launchData{}
	return decodeData(overlay(data, own), d)
}

// templateLaunch reads a template's data alone.
func templateLaunch(c *action.Call, d *launchData, id, name, version string) error {
	data, err := templateData(c, id, name, version)
	if err != nil {
		return err
	}
	return decodeData(data, d)
}

// templateData are the parameters that a version of a template keeps.
func templateData(c *action.Call, id, name, version string) (map[string]string, error) {
	t, err := templateOf(c.Mine(), id, name)
	if err != nil {
		return nil, err
	}
	v, err := versionNamed(t, version)
	if err != nil {
		return nil, err
	}
	return v.Data, nil
}

func decodeData(data map[string]string, d *launchData) error {
	form := url.Values{}
	for k, value := range data {
		form.Set(k, value)
	}
	return wire.Decode(form, d)
}

// launchParameters are the names with which a request overrides a template.
var launchParameters = func() map[string]bool {
	names := map[string]bool{}
	for data, n := reflect.TypeFor[launchData](), 0; n < data.NumField(); n++ {
		names[data.Field(n).Tag.Get("q")] = true
	}
	return names
}()

type launchTemplateInput struct {
	ID   string `q:"LaunchTemplateId"`
	Name string `q:"LaunchTemplateName"`
}

func deleteLaunchTemplate(c *action.Call, in *launchTemplateInput) (*launchTemplateOutput, error) {
	mine := c.Mine()
	t, err := templateOf(mine, in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	view := templateView(mine, t)
	delete(mine.LaunchTemplates, t.ID)
	mine.DropTags(t.ID)
	return &launchTemplateOutput{view}, nil
}

type describeLaunchTemplatesInput struct {
	IDs   []string `q:"LaunchTemplateId"`
	Names []string `q:"LaunchTemplateName"`
	described
}

type describeLaunchTemplatesOutput struct {
	Templates wire.Set[launchTemplateItem] `xml:"launchTemplates"`
	NextToken string                       `xml:"nextToken,omitempty"`
}

func describeLaunchTemplates(c *action.Call, in *describeLaunchTemplatesInput) (*describeLaunchTemplatesOutput, error) {
	mine := c.Mine()
	ids, err := selected(mine.LaunchTemplates, in.IDs, "InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.")
	if err != nil {
		return nil, err
	}
	for _, name := range in.Names {
		if _, err := templateOf(mine, "", name); err != nil {
			return nil, err
		}
	}
	var all []launchTemplateItem
	for _, id := range ids {
		t := mine.LaunchTemplates[id]
		match, err := matchAll(in.Filters, func(f string) ([]string, bool) {
			if f == "launch-template-name" {
				return one(t.Name)
			}
			return tagValues(mine.TagsOf(id), f)
		})
		if err != nil {
			return nil, err
		}
		if match && (len(in.Names) == 0 || (filter{Values: in.Names}).matches([]string{t.Name})) {
			all = append(all, templateView(mine, t))
		}
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, 200)
	return &describeLaunchTemplatesOutput{Templates: part, NextToken: next}, err
}
