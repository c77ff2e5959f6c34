package ec2

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// imageAlias begins an image id that stands for the value of a Systems Manager
// parameter: resolve:ssm:name, with :version or :label after it.
const imageAlias = "resolve:ssm:"

// resolveImage gives the image id that an image id or alias means now.
func resolveImage(c *action.Call, id string) (string, error) {
	ref, isAlias := strings.CutPrefix(id, imageAlias)
	if !isAlias {
		return id, nil
	}
	name, selector, _ := strings.Cut(strings.TrimPrefix(ref, "arn:aws:ssm:"+c.Region+":"+c.Account+":parameter"), ":")
	value := ""
	if strings.HasPrefix(name, world.PublicParameterRoot) {
		if image := c.World.PublicImage(c.Region, name, c.Now); image != nil && (selector == "" || selector == "1") {
			value = image.ID
		}
	} else if p := c.Mine().Parameters[name]; p != nil {
		value = versionOf(p, selector)
	}
	if !strings.HasPrefix(value, "ami-") { // unverified: code and text
		return "", wire.Errorf("InvalidParameterValue", "The parameter %s does not exist or does not hold the ID of an AMI.", ref)
	}
	return value, nil
}

// versionOf is the value of a version or label of a parameter, the current one
// without a selector, or "".
func versionOf(p *world.Parameter, selector string) string {
	at := len(p.Versions) - 1
	if selector != "" {
		at = slices.IndexFunc(p.Versions, func(v world.ParameterVersion) bool {
			return strconv.FormatInt(v.Version, 10) == selector || slices.Contains(v.Labels, selector)
		})
	}
	if at < 0 {
		return ""
	}
	return p.Versions[at].Value
}
