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
	Data        launchData         `q:"LaunchTemplateData"`
}

type launchTemplateOutput struct {
	Template launchTemplateItem `xml:"launchTemplate"`
	Warning  *templateWarning   `xml:"warning,omitempty"`
}

// notManaged tells that no AWS service manages a template.
type notManaged struct {
	Managed bool `xml:"managed"`
}

type launchTemplateItem struct {
	ID             string        `xml:"launchTemplateId"`
	Name           string        `xml:"launchTemplateName"`
	Created        wire.Time     `xml:"createTime"`
	CreatedBy      string        `xml:"createdBy"`
	DefaultVersion int64         `xml:"defaultVersionNumber"`
	LatestVersion  int64         `xml:"latestVersionNumber"`
	Tags           wire.Set[tag] `xml:"tagSet,omitempty"`
	Operator       notManaged    `xml:"operator"`
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
	warning, err := in.Data.checkTemplate(c)
	if err != nil {
		return nil, err
	}
	if id, err := tokenResult(c, "CreateLaunchTemplate", in.Token); err != nil {
		return nil, used(err, "Client token already used before.")
	} else if id != "" {
		t := mine.LaunchTemplates[id]
		if t == nil || len(t.Versions) > 1 { // EC2 compares what became of the template too
			return nil, errTokenUsed("Client token already used before.")
		}
		return &launchTemplateOutput{templateView(mine, t), warning}, nil
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
	return &launchTemplateOutput{templateView(mine, t), warning}, nil
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

// find is the template of a call that takes an id or a name, and not both.
func (in *launchTemplateInput) find(r *world.Region) (*world.LaunchTemplate, error) {
	if in.ID != "" && in.Name != "" {
		return nil, wire.Errorf("InvalidParameterCombination", "Either provide launch template ID or launch template name to modify the template.")
	}
	return templateOf(r, in.ID, in.Name)
}

// deleteLaunchTemplate answers without tags.
func deleteLaunchTemplate(c *action.Call, in *launchTemplateInput) (*launchTemplateOutput, error) {
	mine := c.Mine()
	t, err := in.find(mine)
	if err != nil {
		return nil, err
	}
	view := templateView(mine, t)
	view.Tags = nil
	delete(mine.LaunchTemplates, t.ID)
	mine.DropTags(t.ID)
	return &launchTemplateOutput{Template: view}, nil
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

// check refuses what names no template of the caller.
func (in *describeLaunchTemplatesInput) check(r *world.Region) error {
	const absent = "At least one of the launch templates specified in the request does not exist."
	var malformed []string
	for _, id := range in.IDs {
		if !wellFormed("lt", id) {
			malformed = append(malformed, id)
		}
	}
	if len(malformed) > 0 {
		return wire.Errorf("InvalidLaunchTemplateId.Malformed", "The following launch template ids are malformed: %s", strings.Join(malformed, ", "))
	}
	for _, id := range in.IDs {
		if r.LaunchTemplates[id] == nil {
			return wire.Errorf("InvalidLaunchTemplateId.NotFound", absent)
		}
	}
	for _, name := range in.Names {
		if _, err := templateOf(r, "", name); err != nil {
			return wire.Errorf("InvalidLaunchTemplateName.NotFoundException", absent)
		}
	}
	return nil
}

func describeLaunchTemplates(c *action.Call, in *describeLaunchTemplatesInput) (*describeLaunchTemplatesOutput, error) {
	mine := c.Mine()
	if err := in.check(mine); err != nil {
		return nil, err
	}
	ids := in.IDs
	if len(ids) == 0 {
		ids = sortedKeys(mine.LaunchTemplates)
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
	part, next, err := smallPage(all, in.MaxResults, in.NextToken, 200)
	return &describeLaunchTemplatesOutput{Templates: part, NextToken: next}, err
}
