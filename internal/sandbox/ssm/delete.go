package ssm

import (
	"fmt"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
)

func init() {
	action.Add(Actions, "DeleteParameter", deleteParameter)
	action.Add(Actions, "DeleteParameters", deleteParameters)
}

type nameInput struct{ Name string }

type nothing struct{}

func deleteParameter(c *action.Call, in *nameInput) (*nothing, error) {
	p, err := own(c, in.Name)
	if err != nil {
		return nil, err
	}
	delete(c.Mine().Parameters, p.Name)
	return &nothing{}, nil
}

type namesInput struct{ Names []string }

// check is the limit of names in one call.
func (in namesInput) check() error {
	const most = 10
	switch {
	case len(in.Names) == 0:
		return invalid("1 validation error detected: Value '[]' at 'names' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case len(in.Names) > most:
		return invalid("1 validation error detected: Value '%s' at 'names' failed to satisfy constraint: Member must have length less than or equal to %d", fmt.Sprintf("[%s]", strings.Join(in.Names, ", ")), most)
	}
	return nil
}

type deleteParametersOutput struct {
	Deleted []string `json:"DeletedParameters"`
	Invalid []string `json:"InvalidParameters"`
}

func deleteParameters(c *action.Call, in *namesInput) (*deleteParametersOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	out := &deleteParametersOutput{Deleted: []string{}, Invalid: []string{}}
	for _, name := range in.Names {
		p, err := own(c, name)
		if err != nil {
			out.Invalid = append(out.Invalid, name)
			continue
		}
		delete(c.Mine().Parameters, p.Name)
		out.Deleted = append(out.Deleted, name)
	}
	return out, nil
}
