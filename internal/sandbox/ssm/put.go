package ssm

import (
	"regexp"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "PutParameter", putParameter)
	action.Add(Actions, "DeleteParameter", deleteParameter)
	action.Add(Actions, "DeleteParameters", deleteParameters)
}

type tag struct {
	Key   string `json:"Key"`
	Value string `json:"Value"`
}

type putParameterInput struct {
	Name, Value, Type, DataType, Description string
	KeyID                                    string `json:"KeyId"`
	AllowedPattern, Tier, Policies           string
	Overwrite                                bool
	Tags                                     []tag
}

type putParameterOutput struct {
	Version int64  `json:"Version"`
	Tier    string `json:"Tier"`
}

// imageType is the data type of a parameter that names an image.
const imageType = "aws:ec2:image"

var parameterName = regexp.MustCompile(`^[A-Za-z0-9_./-]+$`)

// putParameter makes a parameter or, with Overwrite, a version of it. An image
// parameter is looked at late: the call succeeds and gives a version, but what
// names no image that the account can use is never stored, as on SSM, where only
// an event tells. Here the look takes no time.
func putParameter(c *action.Call, in *putParameterInput) (*putParameterOutput, error) {
	mine := c.Mine()
	p := mine.Parameters[in.Name]
	if err := in.check(c, p); err != nil {
		return nil, err
	}
	version := int64(1)
	if p != nil {
		version = p.Versions[len(p.Versions)-1].Version + 1
	}
	out := &putParameterOutput{Version: version, Tier: or(in.Tier, "Standard")}
	if out.Tier == "Intelligent-Tiering" {
		out.Tier = "Standard"
	}
	if in.DataType == imageType && !usableImage(c, in.Value) {
		return out, nil
	}
	if p == nil {
		p = &world.Parameter{
			Name: in.Name, ARN: "arn:aws:ssm:" + c.Region + ":" + c.Account + ":parameter/" + strings.TrimPrefix(in.Name, "/"), Tags: map[string]string{},
		}
		mine.Parameters[in.Name] = p
	}
	p.Type, p.DataType, p.Tier = or(in.Type, p.Type), or(in.DataType, or(p.DataType, "text")), out.Tier
	p.Description, p.KeyID, p.AllowedPattern = or(in.Description, p.Description), or(in.KeyID, p.KeyID), or(in.AllowedPattern, p.AllowedPattern)
	for _, t := range in.Tags {
		p.Tags[t.Key] = t.Value
	}
	p.Versions = append(p.Versions, world.ParameterVersion{Value: in.Value, Version: version, Modified: c.Now})
	return out, nil
}

func usableImage(c *action.Call, id string) bool {
	image := c.World.FindImage(c.Region, id)
	return image != nil && image.VisibleTo(c.Account) && image.State(c.Now) == "available"
}

func or(value, otherwise string) string {
	if value != "" {
		return value
	}
	return otherwise
}

func (in *putParameterInput) check(c *action.Call, existing *world.Parameter) error {
	lower := strings.ToLower(strings.TrimPrefix(in.Name, "/"))
	switch {
	case strings.HasPrefix(lower, "aws") || strings.HasPrefix(lower, "ssm"):
		return wire.Errorf("ValidationException", "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).")
	case !parameterName.MatchString(in.Name) || len(in.Name) > 1011:
		return wire.Errorf("ValidationException", "Parameter name must not be empty and contains a-zA-Z0-9_.-/ only.") // unverified text
	case strings.Contains(strings.TrimPrefix(in.Name, "/"), "/") && !strings.HasPrefix(in.Name, "/"):
		return wire.Errorf("ValidationException", "Parameter name must be a fully qualified name: it has a hierarchy and must begin with a slash.") // unverified text
	case in.Value == "":
		return wire.Errorf("ValidationException", "Parameter value must not be empty.") // unverified text
	case existing != nil && !in.Overwrite:
		return wire.Errorf("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	case existing == nil && in.Type == "":
		return wire.Errorf("ValidationException", "A parameter type is required when you create a parameter.")
	case in.Overwrite && len(in.Tags) > 0:
		return wire.Errorf("ValidationException", "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.")
	case in.Policies != "":
		return wire.Errorf("ValidationException", "This endpoint keeps no parameter policies.")
	}
	return in.checkTypes(c, existing)
}

func (in *putParameterInput) checkTypes(c *action.Call, existing *world.Parameter) error {
	kind := in.Type
	if kind == "" {
		kind = existing.Type
	}
	switch {
	case kind != "String" && kind != "StringList" && kind != "SecureString":
		return wire.Errorf("UnsupportedParameterType", "The parameter type is not supported.")
	case existing != nil && kind != existing.Type:
		return wire.Errorf("HierarchyTypeMismatchException", "A parameter's type can't be changed.") // unverified text
	case in.DataType != "" && in.DataType != "text" && in.DataType != imageType:
		return wire.Errorf("ValidationException", "The following data type is not supported: %s (Data type names are all lowercase.)", in.DataType)
	case in.DataType == imageType && kind != "String":
		return wire.Errorf("ValidationException", "The data type %s needs the type String.", imageType)
	case in.Tier != "" && in.Tier != "Standard" && in.Tier != "Advanced" && in.Tier != "Intelligent-Tiering":
		return wire.Errorf("ValidationException", "Invalid tier: %s", in.Tier)
	case kind == "SecureString" && in.KeyID != "" && c.World.FindKey(c.Account, c.Region, in.KeyID) == nil:
		return wire.Errorf("InvalidKeyId", "The key %s does not exist", in.KeyID)
	}
	if in.AllowedPattern == "" {
		return nil
	}
	pattern, err := regexp.Compile("^(?:" + in.AllowedPattern + ")$")
	switch {
	case err != nil:
		return wire.Errorf("InvalidAllowedPatternException", "The request does not meet the regular expression requirement.")
	case !pattern.MatchString(in.Value):
		return wire.Errorf("ParameterPatternMismatchException", "Parameter value, cannot be validated against allowedPattern: %s", in.AllowedPattern)
	}
	return nil
}

type nameInput struct{ Name string }

type nothing struct{}

func deleteParameter(c *action.Call, in *nameInput) (*nothing, error) {
	if c.Mine().Parameters[in.Name] == nil {
		return nil, wire.Errorf("ParameterNotFound", "")
	}
	delete(c.Mine().Parameters, in.Name)
	return &nothing{}, nil
}

type namesInput struct {
	Names          []string
	WithDecryption bool
}

type deleteParametersOutput struct {
	Deleted []string `json:"DeletedParameters"`
	Invalid []string `json:"InvalidParameters"`
}

func deleteParameters(c *action.Call, in *namesInput) (*deleteParametersOutput, error) {
	out := &deleteParametersOutput{Deleted: []string{}, Invalid: []string{}}
	for _, name := range in.Names {
		if c.Mine().Parameters[name] == nil {
			out.Invalid = append(out.Invalid, name)
			continue
		}
		delete(c.Mine().Parameters, name)
		out.Deleted = append(out.Deleted, name)
	}
	return out, nil
}
