package ec2

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("CreateLaunchTemplateVersion", createLaunchTemplateVersion)
	add("ModifyLaunchTemplate", modifyLaunchTemplate)
	add("DeleteLaunchTemplateVersions", deleteLaunchTemplateVersions)
}

type createTemplateVersionInput struct {
	launchTemplateInput
	Source       string     `q:"SourceVersion"`
	Description  string     `q:"VersionDescription"`
	ResolveAlias bool       `q:"ResolveAlias"`
	Token        string     `q:"ClientToken"`
	Data         launchData `q:"LaunchTemplateData,required"`
}

type templateVersionOutput struct {
	Version templateVersionItem `xml:"launchTemplateVersion"`
}

// createLaunchTemplateVersion adds a version: the data of the request, over that of
// a source version where one is named. The number is one above the highest that
// ever was. The default version does not move.
func createLaunchTemplateVersion(c *action.Call, in *createTemplateVersionInput) (*templateVersionOutput, error) {
	mine := c.Mine()
	t, err := templateOf(mine, in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	made := func(v *world.LaunchTemplateVersion) (*templateVersionOutput, error) {
		item, err := templateVersionView(c, t, v, in.ResolveAlias)
		return &templateVersionOutput{item}, err
	}
	if earlier, err := tokenResult(c, "CreateLaunchTemplateVersion", in.Token); err != nil {
		return nil, err
	} else if v := numbered(t, earlier); v != nil {
		return made(v)
	}
	data := templateParameters(c)
	if in.Source != "" {
		source, err := versionNamed(t, in.Source)
		if err != nil {
			return nil, err
		}
		data = overlay(source.Data, data)
	}
	number := t.Versions[len(t.Versions)-1].Number + 1
	t.Versions = append(t.Versions, world.LaunchTemplateVersion{Number: number, Description: in.Description, Created: c.Now, Data: data})
	rememberToken(c, mine, "CreateLaunchTemplateVersion", in.Token, strconv.FormatInt(number, 10))
	return made(&t.Versions[len(t.Versions)-1])
}

// templateParameters are the parameters of the request below LaunchTemplateData.
func templateParameters(c *action.Call) map[string]string {
	data := map[string]string{}
	for k, v := range c.Form {
		if rest, below := strings.CutPrefix(k, "LaunchTemplateData."); below {
			data[rest] = v[0]
		}
	}
	return data
}

// overlay lays parameters over others; one that is given replaces the whole
// parameter below it, with all of its parts.
func overlay(below, above map[string]string) map[string]string {
	given := map[string]bool{}
	for k := range above {
		name, _, _ := strings.Cut(k, ".")
		given[name] = true
	}
	data := maps.Clone(below)
	maps.DeleteFunc(data, func(k, _ string) bool {
		name, _, _ := strings.Cut(k, ".")
		return given[name]
	})
	maps.Copy(data, above)
	return data
}

func numbered(t *world.LaunchTemplate, number string) *world.LaunchTemplateVersion {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return nil
	}
	at := slices.IndexFunc(t.Versions, func(v world.LaunchTemplateVersion) bool { return v.Number == n && !v.Deleted })
	if at < 0 {
		return nil
	}
	return &t.Versions[at]
}

// latest is the newest version that is not deleted; a template always has one.
func latest(t *world.LaunchTemplate) int64 {
	for _, v := range slices.Backward(t.Versions) {
		if !v.Deleted {
			return v.Number
		}
	}
	return 0
}

// versionNamed finds a version by number, $Latest or $Default; "" is the default.
func versionNamed(t *world.LaunchTemplate, name string) (*world.LaunchTemplateVersion, error) {
	number := name
	switch name {
	case "", "$Default":
		number = strconv.FormatInt(t.DefaultVersion, 10)
	case "$Latest":
		number = strconv.FormatInt(latest(t), 10)
	}
	if v := numbered(t, number); v != nil {
		return v, nil
	}
	return nil, wire.Errorf("InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version %s for the launch template with ID %s.", name, t.ID)
}

type modifyTemplateInput struct {
	launchTemplateInput
	Default string `q:"SetDefaultVersion"`
	Token   string `q:"ClientToken"`
}

// modifyLaunchTemplate sets the default version.
func modifyLaunchTemplate(c *action.Call, in *modifyTemplateInput) (*launchTemplateOutput, error) {
	mine := c.Mine()
	if _, err := tokenResult(c, "ModifyLaunchTemplate", in.Token); err != nil {
		return nil, err
	}
	t, err := templateOf(mine, in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	if in.Default != "" {
		v, err := versionNamed(t, in.Default)
		if err != nil {
			return nil, err
		}
		t.DefaultVersion = v.Number
	}
	rememberToken(c, mine, "ModifyLaunchTemplate", in.Token, t.ID)
	return &launchTemplateOutput{templateView(mine, t)}, nil
}

type deleteTemplateVersionsInput struct {
	launchTemplateInput
	Versions []string `q:"LaunchTemplateVersion,required"`
}

type deleteTemplateVersionsOutput struct {
	Deleted wire.Set[versionDeleted] `xml:"successfullyDeletedLaunchTemplateVersionSet"`
	Failed  wire.Set[versionKept]    `xml:"unsuccessfullyDeletedLaunchTemplateVersionSet"`
}

type versionDeleted struct {
	ID     string `xml:"launchTemplateId"`
	Name   string `xml:"launchTemplateName"`
	Number int64  `xml:"versionNumber"`
}

type versionKept struct {
	versionDeleted
	Error struct {
		Code    string `xml:"code"`
		Message string `xml:"message"`
	} `xml:"responseError"`
}

// maxVersionsDeleted is how many versions one call may delete (EC2 API reference,
// DeleteLaunchTemplateVersions).
const maxVersionsDeleted = 200

// deleteLaunchTemplateVersions deletes versions by number. What cannot be deleted,
// such as the default one, is a failure inside the answer.
func deleteLaunchTemplateVersions(c *action.Call, in *deleteTemplateVersionsInput) (*deleteTemplateVersionsOutput, error) {
	t, err := templateOf(c.Mine(), in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	if len(in.Versions) > maxVersionsDeleted {
		return nil, wire.Errorf("InvalidParameterValue", "At most %d versions can be deleted in one call", maxVersionsDeleted) // unverified: code and text; the limit is documented
	}
	out := &deleteTemplateVersionsOutput{}
	for _, name := range in.Versions {
		item := versionDeleted{ID: t.ID, Name: t.Name}
		item.Number, _ = strconv.ParseInt(name, 10, 64) // zero for what is no number, as it is not found either
		v := numbered(t, name)
		switch {
		case v == nil:
			out.Failed = append(out.Failed, kept(item, "launchTemplateVersionDoesNotExist", "Could not find launch template version"))
		case v.Number == t.DefaultVersion: // unverified: code and text
			out.Failed = append(out.Failed, kept(item, "unexpectedError", "The default version of a launch template cannot be deleted"))
		default:
			v.Deleted = true
			out.Deleted = append(out.Deleted, item)
		}
	}
	return out, nil
}

func kept(item versionDeleted, code, message string) versionKept {
	k := versionKept{versionDeleted: item}
	k.Error.Code, k.Error.Message = code, message
	return k
}
