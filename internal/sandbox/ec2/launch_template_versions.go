package ec2

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

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
	Data         launchData `q:"LaunchTemplateData"`
}

type templateVersionOutput struct {
	Version templateVersionItem `xml:"launchTemplateVersion"`
	Warning *templateWarning    `xml:"warning,omitempty"`
}

// createLaunchTemplateVersion adds a version: the data of the request, over that of
// a source version where one is named. The number is one above the highest that
// ever was. The default version does not move.
func createLaunchTemplateVersion(c *action.Call, in *createTemplateVersionInput) (*templateVersionOutput, error) {
	mine := c.Mine()
	t, err := in.find(mine)
	if err != nil {
		return nil, err
	}
	var warning *templateWarning
	if in.Source == "" || len(templateParameters(c)) > 0 {
		if warning, err = in.Data.checkTemplate(c); err != nil {
			return nil, err
		}
	}
	made := func(v *world.LaunchTemplateVersion) (*templateVersionOutput, error) {
		item, err := templateVersionView(c, t, v, in.ResolveAlias)
		return &templateVersionOutput{item, warning}, err
	}
	if earlier, err := tokenResult(c, "CreateLaunchTemplateVersion", in.Token); err != nil {
		return nil, used(err, "Client token already used before")
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
	number, valid := versionNumber(t, name)
	if !valid {
		return nil, wire.Errorf("InvalidParameterValue", "Invalid launch template version: either '$Default', '$Latest', or a numeric version are allowed.")
	}
	if v := numbered(t, strconv.FormatInt(number, 10)); v != nil {
		return v, nil
	}
	return nil, wire.Errorf("InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version %s for the launch template with ID %s.", name, t.ID)
}

// versionNumber reads a version's number, $Latest or $Default; it may be one that
// the template does not have.
func versionNumber(t *world.LaunchTemplate, name string) (int64, bool) {
	switch name {
	case "", "$Default":
		return t.DefaultVersion, true
	case "$Latest":
		return latest(t), true
	}
	n, err := strconv.ParseInt(name, 10, 64)
	return n, err == nil && n > 0
}

type modifyTemplateInput struct {
	launchTemplateInput
	Default string `q:"SetDefaultVersion"`
	Token   string `q:"ClientToken"`
}

// modifyLaunchTemplate sets the default version. EC2 answers with the beginning of
// 1970 as the time of creation, and without tags.
func modifyLaunchTemplate(c *action.Call, in *modifyTemplateInput) (*launchTemplateOutput, error) {
	mine := c.Mine()
	if _, err := tokenResult(c, "ModifyLaunchTemplate", in.Token); err != nil {
		return nil, used(err, "The specified client token has already been used before.")
	}
	t, err := in.find(mine)
	if err != nil {
		return nil, err
	}
	if in.Default == "" {
		return nil, wire.Errorf("MissingParameter", "A launch template version must be specified to set the new default version for the template with ID %s.", t.ID)
	}
	v, err := versionNamed(t, in.Default)
	if err != nil {
		return nil, err
	}
	t.DefaultVersion = v.Number
	rememberToken(c, mine, "ModifyLaunchTemplate", in.Token, t.ID)
	view := templateView(mine, t)
	view.Tags, view.Created = nil, wire.Time(time.Unix(0, 0).UTC())
	return &launchTemplateOutput{Template: view}, nil
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

// deleteLaunchTemplateVersions deletes versions by number or name. What names no
// version at all, or the default one, fails the whole call; a version that does not
// exist is a failure inside the answer.
func deleteLaunchTemplateVersions(c *action.Call, in *deleteTemplateVersionsInput) (*deleteTemplateVersionsOutput, error) {
	t, err := in.find(c.Mine())
	if err != nil {
		return nil, err
	}
	if len(in.Versions) > maxVersionsDeleted {
		return nil, wire.Errorf("InvalidParameterValue", "At most %d versions can be deleted in one call", maxVersionsDeleted) // unverified: code and text; the limit is documented
	}
	numbers := make([]int64, 0, len(in.Versions))
	for _, name := range in.Versions {
		n, valid := versionNumber(t, name)
		if !valid {
			return nil, wire.Errorf("InvalidParameterValue", "Invalid value for version: %s", name)
		}
		numbers = append(numbers, n)
	}
	if slices.Contains(numbers, t.DefaultVersion) {
		return nil, wire.Errorf("InvalidParameterValue", "The default version cannot be deleted. Either specify another version as default or delete the launch template.")
	}
	out := &deleteTemplateVersionsOutput{}
	for _, n := range numbers {
		item := versionDeleted{ID: t.ID, Name: t.Name, Number: n}
		if v := numbered(t, strconv.FormatInt(n, 10)); v != nil {
			v.Deleted = true
			out.Deleted = append(out.Deleted, item)
			continue
		}
		out.Failed = append(out.Failed, kept(item, "launchTemplateVersionDoesNotExist", "The launch template version does not exist."))
	}
	return out, nil
}

func kept(item versionDeleted, code, message string) versionKept {
	k := versionKept{versionDeleted: item}
	k.Error.Code, k.Error.Message = code, message
	return k
}
