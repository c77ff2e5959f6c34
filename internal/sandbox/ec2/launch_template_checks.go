package ec2

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

// templateWarning is what EC2 says of data that it keeps all the same.
type templateWarning struct {
	Errors wire.Set[templateProblem] `xml:"errorSet"`
}

type templateProblem struct {
	Code    string `xml:"code"`
	Message string `xml:"message"`
}

// mostHops is the most that HttpPutResponseHopLimit can be.
const mostHops = 64

// checkTemplate is what EC2 asks of the data of a template, which is little: there
// must be some, and its form must be right. Images, keys and groups need not exist;
// a type that does not is a warning.
func (d *launchData) checkTemplate(c *action.Call) (*templateWarning, error) {
	if len(templateParameters(c)) == 0 {
		return nil, wire.Errorf("MissingParameter", "No launch template data was provided. Launch template data is required to create a launch template.")
	}
	if id := d.ImageID; id != "" && !strings.HasPrefix(id, "resolve:ssm:") && !wellFormed("ami", id) {
		return nil, wire.Errorf("InvalidAMIID.Malformed", "The image ID '%s' is not valid. The expected format is ami-xxxxxxxx or ami-xxxxxxxxxxxxxxxxx.", id)
	}
	if _, err := base64.StdEncoding.DecodeString(d.UserData); err != nil {
		return nil, wire.Errorf("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
	}
	if hops := d.Metadata.HopLimit; hops != nil && (*hops < 1 || *hops > mostHops) {
		return nil, wire.Errorf("InvalidParameterValue", "A value of \u2018%d\u2019 is not valid for http-put-response-hop-limit. "+
			"Specify a value between 1 and %d, and try again.", *hops, mostHops)
	}
	if _, known := instanceTypes[d.Type]; d.Type != "" && !known {
		return &templateWarning{wire.Set[templateProblem]{{"InvalidInstanceType", "The following supplied instance types do not exist: [" + d.Type + "]"}}}, nil
	}
	return nil, nil //nolint:nilnil // no warning and no refusal
}

// used words the refusal of a client token as the action does.
func used(err error, text string) error {
	var refusal *wire.Error
	if errors.As(err, &refusal) && refusal.Code == "IdempotentParameterMismatch" {
		return errTokenUsed(text)
	}
	return err
}

func errTokenUsed(text string) error { return wire.Errorf("IdempotentParameterMismatch", "%s", text) }
