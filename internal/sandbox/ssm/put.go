package ssm

import (
	"context"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { action.Add(Actions, "PutParameter", putParameter) }

type putParameterInput struct {
	Name, Value, Type, DataType string
	Description                 string
	KeyID                       string `json:"KeyId"`
	AllowedPattern, Tier        string
	Overwrite                   bool
	Tags                        []tag
}

type putParameterOutput struct {
	Version int64  `json:"Version"`
	Tier    string `json:"Tier"`
}

// imageType is the data type of a parameter that names an image.
const imageType = "aws:ec2:image"

// mostVersions is how many versions SSM keeps of a parameter.
const mostVersions = 100

// putParameter makes a parameter or, with Overwrite, a version of it. An image
// parameter is looked at late: the call succeeds and gives a version, but what
// names no image that the account can use then is never stored, as on SSM, where
// only an event tells.
func putParameter(c *action.Call, in *putParameterInput) (*putParameterOutput, error) {
	p := c.Mine().Parameters[in.Name]
	if err := in.check(p); err != nil {
		return nil, err
	}
	details, err := in.details(c, p)
	if err != nil {
		return nil, err
	}
	out := &putParameterOutput{Version: 1, Tier: details.Tier}
	if p != nil {
		out.Version = p.Versions[len(p.Versions)-1].Version + 1
	}
	v := world.ParameterVersion{ParameterDetails: details, Value: in.Value, Modified: c.Now}
	if details.Type == secureString {
		if v.Value, err = encrypted(c, in.Name, details.KeyID, in.Value); err != nil {
			return nil, err
		}
	}
	if details.DataType != imageType {
		in.store(c, v)
		return out, nil
	}
	wait := time.Duration(c.World.Delays.In(c.Region).ParameterCheck)
	if wait <= 0 {
		in.storeImage(c, v)
		return out, nil
	}
	c.World.Serial("parameter "+c.Account+" "+c.Region+" "+in.Name, func(ctx context.Context) {
		if c.World.Sleep(ctx, wait) {
			c.World.Do(func() { in.storeImage(c, v) })
		}
	})
	return out, nil
}

// storeImage stores a version whose image the account can use by now.
func (in *putParameterInput) storeImage(c *action.Call, v world.ParameterVersion) {
	now := c.World.Now()
	image := c.World.FindImage(c.Region, v.Value)
	if image != nil && image.VisibleTo(c.Account) && image.State(now) == "available" {
		v.Modified = now
		in.store(c, v)
	}
}

func (in *putParameterInput) store(c *action.Call, v world.ParameterVersion) {
	mine := c.Mine()
	p := mine.Parameters[in.Name]
	if p == nil {
		p = &world.Parameter{Name: in.Name, ARN: parameterARN(c, in.Name), Tags: map[string]string{}}
		mine.Parameters[in.Name] = p
		v.Version = 1
	} else {
		v.Version = p.Versions[len(p.Versions)-1].Version + 1
	}
	p.Type, p.DataType, p.Tier = v.Type, v.DataType, v.Tier
	p.Description, p.KeyID, p.AllowedPattern = v.Description, v.KeyID, v.AllowedPattern
	for _, t := range in.Tags {
		p.Tags[t.Key] = t.Value
	}
	p.Versions = append(p.Versions, v)
	if len(p.Versions) > mostVersions {
		p.Versions = p.Versions[len(p.Versions)-mostVersions:]
	}
}

func or(value, otherwise string) string {
	if value != "" {
		return value
	}
	return otherwise
}

// details are what the version is to be put with; what the call leaves out of an
// existing parameter stays as it was.
func (in *putParameterInput) details(c *action.Call, existing *world.Parameter) (world.ParameterDetails, error) {
	var was world.Parameter
	if existing != nil {
		was = *existing
	}
	d := world.ParameterDetails{
		Type: or(in.Type, was.Type), DataType: or(in.DataType, or(was.DataType, "text")), Description: or(in.Description, was.Description),
		AllowedPattern: or(in.AllowedPattern, was.AllowedPattern), User: c.Principal,
	}
	var err error
	if d.Tier, err = in.tier(was.Tier); err != nil {
		return d, err
	}
	if d.Type == secureString {
		d.KeyID = or(in.KeyID, or(was.KeyID, world.SSMAlias))
	} else if in.KeyID != "" {
		return d, invalid("KeyId is required for SecureString type parameter only.")
	}
	return d, checkTypes(d, in.Value)
}

const (
	standard = "Standard"
	advanced = "Advanced"
	// standardBytes and advancedBytes are the longest values of the tiers.
	standardBytes = 4096
	advancedBytes = 8192
)

// tier settles the tier: an advanced parameter stays one, and Intelligent-Tiering
// takes the standard tier as long as the value fits.
func (in *putParameterInput) tier(was string) (string, error) {
	tier := or(in.Tier, or(was, standard))
	switch tier {
	case standard, advanced:
	case "Intelligent-Tiering":
		tier = standard
		if was == advanced || len(in.Value) > standardBytes {
			tier = advanced
		}
	default:
		return "", invalid("1 validation error detected: Value '%s' at 'tier' failed to satisfy constraint: Member must satisfy enum value set: [Standard, Advanced, Intelligent-Tiering]", in.Tier)
	}
	switch {
	case was == advanced && tier == standard:
		return "", invalid("This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter.")
	case tier == standard && len(in.Value) > standardBytes:
		return "", invalid("Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html")
	case len(in.Value) > advancedBytes:
		return "", invalid("Advanced tier parameters support a maximum parameter value of 8192 characters.") // unverified: text
	}
	return tier, nil
}

func (in *putParameterInput) check(existing *world.Parameter) error {
	if err := checkNewName(in.Name); err != nil {
		return err
	}
	switch {
	case in.Value == "":
		return invalid("1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case in.Overwrite && len(in.Tags) > 0:
		return invalid("Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.")
	case existing == nil && in.Type == "":
		return invalid("A parameter type is required when you create a parameter.")
	case existing == nil:
	case !in.Overwrite:
		return wire.Errorf("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	case in.Type != "" && in.Type != existing.Type && (existing.Type != "String" || in.Type != secureString): // a text may become a secret
		return wire.Errorf("HierarchyTypeMismatchException", "The type of the parameter cannot be changed from %s to %s.", existing.Type, in.Type) // unverified: text
	case len(existing.Versions) >= mostVersions && len(existing.Versions[0].Labels) > 0:
		return wire.Errorf("ParameterMaxVersionLimitExceeded", "You attempted to create a new version of %s by calling the PutParameter API with the overwrite flag. Version %d, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.",
			in.Name, existing.Versions[0].Version)
	}
	_, err := tagsWith(nil, in.Tags)
	return err
}
