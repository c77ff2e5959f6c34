package ssm

import (
	"regexp"
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "LabelParameterVersion", labelParameterVersion)
	action.Add(Actions, "UnlabelParameterVersion", unlabelParameterVersion)
}

type labelInput struct {
	nameInput
	ParameterVersion *int64
	Labels           []string
}

// version finds the version to be labelled: the last one where none is named.
func (in *labelInput) version(c *action.Call) (*world.Parameter, int, error) {
	p, err := own(c, in.Name)
	if err != nil {
		return nil, 0, err
	}
	if len(in.Labels) == 0 || len(in.Labels) > mostLabels {
		return nil, 0, invalid("1 validation error detected: Value at 'labels' failed to satisfy constraint: Member must have length between 1 and %d", mostLabels) // unverified: text
	}
	at := len(p.Versions) - 1
	if in.ParameterVersion != nil {
		at = slices.IndexFunc(p.Versions, func(v world.ParameterVersion) bool { return v.Version == *in.ParameterVersion })
	}
	if at < 0 {
		return nil, 0, errNoVersion(*in.ParameterVersion, in.Name)
	}
	return p, at, nil
}

// mostLabels is how many labels a version has at most.
const mostLabels = 10

var labelText = regexp.MustCompile(`^[A-Za-z_.-][A-Za-z0-9_.-]{0,99}$`)

func validLabel(l string) bool {
	lower := strings.ToLower(l)
	return labelText.MatchString(l) && !strings.HasPrefix(lower, "aws") && !strings.HasPrefix(lower, "ssm")
}

type labelOutput struct {
	Invalid []string `json:"InvalidLabels"`
	Version int64    `json:"ParameterVersion"`
}

// labelParameterVersion gives a version names; a label moves from the version that
// had it. Labels that begin with a digit, aws or ssm, and those with other
// characters than letters, digits, point, hyphen and underscore, are reported and
// not set.
func labelParameterVersion(c *action.Call, in *labelInput) (*labelOutput, error) {
	p, at, err := in.version(c)
	if err != nil {
		return nil, err
	}
	out := &labelOutput{Version: p.Versions[at].Version, Invalid: []string{}}
	var valid []string
	for _, l := range in.Labels {
		switch {
		case !validLabel(l):
			if !slices.Contains(out.Invalid, l) {
				out.Invalid = append(out.Invalid, l)
			}
		case !slices.Contains(p.Versions[at].Labels, l) && !slices.Contains(valid, l):
			valid = append(valid, l)
		}
	}
	if len(p.Versions[at].Labels)+len(valid) > mostLabels {
		return nil, wire.Errorf("ParameterVersionLabelLimitExceeded", "A parameter version can have maximum 10 labels.Move one or more labels to another version and try again.")
	}
	for n := range p.Versions {
		p.Versions[n].Labels = slices.DeleteFunc(p.Versions[n].Labels, func(l string) bool { return slices.Contains(valid, l) })
	}
	p.Versions[at].Labels = append(p.Versions[at].Labels, valid...)
	return out, nil
}

type unlabelOutput struct {
	Removed []string `json:"RemovedLabels"`
	Invalid []string `json:"InvalidLabels"`
}

// unlabelParameterVersion takes labels off a version; those that it does not have
// are reported.
func unlabelParameterVersion(c *action.Call, in *labelInput) (*unlabelOutput, error) {
	if in.ParameterVersion == nil {
		return nil, invalid("1 validation error detected: Value null at 'parameterVersion' failed to satisfy constraint: Member must not be null")
	}
	p, at, err := in.version(c)
	if err != nil {
		return nil, err
	}
	out := &unlabelOutput{Removed: []string{}, Invalid: []string{}}
	for _, l := range in.Labels {
		n := slices.Index(p.Versions[at].Labels, l)
		if n < 0 {
			out.Invalid = append(out.Invalid, l)
			continue
		}
		out.Removed = append(out.Removed, l)
		p.Versions[at].Labels = slices.Delete(p.Versions[at].Labels, n, n+1)
	}
	return out, nil
}
