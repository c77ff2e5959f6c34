package ec2

import (
	"slices"
	"strconv"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("DescribeImageReferences", describeImageReferences) }

// The types of resources that can reference an image.
const (
	refInstance  = "ec2:Instance"
	refTemplate  = "ec2:LaunchTemplate"
	refParameter = "ssm:Parameter"
	refRecipe    = "imagebuilder:ImageRecipe"
	refContainer = "imagebuilder:ContainerRecipe"
)

var referenceTypes = []string{refInstance, refTemplate, refParameter, refRecipe, refContainer}

type describeReferencesInput struct {
	IDs        []string        `q:"ImageId,required"`
	All        bool            `q:"IncludeAllResourceTypes"`
	Types      []referenceType `q:"ResourceType"`
	MaxResults *int64          `q:"MaxResults"`
	NextToken  string          `q:"NextToken"`
}

// referenceType is a type of resources to look at, with what narrows the look.
type referenceType struct {
	Type    string `q:"ResourceType"`
	Options []struct {
		Name   string   `q:"OptionName"`
		Values []string `q:"OptionValue"`
	} `q:"ResourceTypeOption"`
}

type describeReferencesOutput struct {
	References wire.Set[imageReference] `xml:"imageReferenceSet"`
	NextToken  string                   `xml:"nextToken,omitempty"`
}

type imageReference struct {
	ImageID string `xml:"imageId"`
	Type    string `xml:"resourceType"`
	ARN     string `xml:"arn"`
}

// look is what a type of resources is looked at for: the states of instances (none
// given means all) and how many versions of a launch template, latest first.
type look struct {
	states []string
	depth  int
}

// describeImageReferences lists the resources of the caller's account in the
// Region that name an image. Image Builder has no recipes here, so that its types
// are valid and have none.
func describeImageReferences(c *action.Call, in *describeReferencesInput) (*describeReferencesOutput, error) {
	looks, err := in.looks()
	if err != nil {
		return nil, err
	}
	var all []imageReference
	for _, id := range in.IDs {
		if err := checkImageID(id); err != nil {
			return nil, err
		}
		for _, kind := range referenceTypes {
			l, wanted := looks[kind]
			if !wanted {
				continue
			}
			for _, arn := range l.references(c, kind, id) {
				all = append(all, imageReference{ImageID: id, Type: kind, ARN: arn})
			}
		}
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, 1000)
	return &describeReferencesOutput{References: part, NextToken: next}, err
}

// looks are the types to look at. Options given override the defaults of
// IncludeAllResourceTypes.
func (in *describeReferencesInput) looks() (map[string]look, error) {
	const depth = 10 // the default of version-depth
	looks := map[string]look{}
	if in.All {
		for _, kind := range referenceTypes {
			looks[kind] = look{depth: depth}
		}
	}
	if !in.All && len(in.Types) == 0 { // unverified: code and text; the rule is documented
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter IncludeAllResourceTypes or ResourceTypes")
	}
	for _, t := range in.Types {
		if !slices.Contains(referenceTypes, t.Type) {
			return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for ResourceType.", t.Type) // unverified: text
		}
		l := look{depth: depth}
		for _, o := range t.Options {
			if err := l.set(t.Type, o.Name, o.Values); err != nil {
				return nil, err
			}
		}
		looks[t.Type] = l
	}
	return looks, nil
}

// maxVersionDepth is the most versions of a launch template that are looked at.
const maxVersionDepth = 10000

func (l *look) set(kind, name string, values []string) error {
	switch {
	case kind == refInstance && name == "state-name":
		l.states = values
		for _, s := range values {
			if _, known := stateCodes[s]; !known {
				return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for state-name.", s) // unverified: text
			}
		}
		return nil
	case kind == refTemplate && name == "version-depth":
		depth, err := versionDepth(values)
		l.depth = depth
		return err
	}
	return wire.Errorf("InvalidParameterValue", "The option '%s' is not valid for the resource type '%s'", name, kind) // unverified: text
}

func versionDepth(values []string) (int, error) {
	if len(values) == 1 {
		if n, err := strconv.Atoi(values[0]); err == nil && n >= 1 && n <= maxVersionDepth {
			return n, nil
		}
	}
	return 0, wire.Errorf("InvalidParameterValue", "Invalid value for version-depth. Expecting one integer from 1 to %d.", maxVersionDepth) // unverified: text
}

func (l look) references(c *action.Call, kind, imageID string) []string {
	r := c.Mine()
	switch kind {
	case refInstance:
		return l.instances(r, imageID)
	case refTemplate:
		return l.templates(r, imageID)
	case refParameter:
		return parametersNaming(r, imageID)
	}
	return nil
}

func (l look) instances(r *world.Region, imageID string) []string {
	var arns []string
	for _, id := range sortedKeys(r.Instances) {
		i := r.Instances[id]
		if i.ImageID == imageID && (len(l.states) == 0 || slices.Contains(l.states, i.State)) {
			arns = append(arns, "arn:aws:ec2:"+r.Name+":"+r.Account+":instance/"+id)
		}
	}
	return arns
}

func (l look) templates(r *world.Region, imageID string) []string {
	var arns []string
	for _, id := range sortedKeys(r.LaunchTemplates) {
		seen := 0
		for _, v := range slices.Backward(r.LaunchTemplates[id].Versions) {
			if v.Deleted {
				continue
			}
			seen++
			if seen > l.depth {
				break
			}
			if v.Data["ImageId"] == imageID {
				arns = append(arns, "arn:aws:ec2:"+r.Name+":"+r.Account+":launch-template/"+id)
				break
			}
		}
	}
	return arns
}

// parametersNaming are the parameters whose current value is the image.
func parametersNaming(r *world.Region, imageID string) []string {
	var arns []string
	for _, name := range sortedKeys(r.Parameters) {
		p := r.Parameters[name]
		if n := len(p.Versions); n > 0 && p.Versions[n-1].Value == imageID {
			arns = append(arns, p.ARN)
		}
	}
	return arns
}
