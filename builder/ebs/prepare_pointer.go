package ebs

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

var (
	// EC2's rule for the names of launch templates (API reference, CreateLaunchTemplate).
	templateName = regexp.MustCompile(`^[A-Za-z0-9().\-/_]{3,128}$`)
	// SSM's rule for the names of parameters (API reference, PutParameter). A name with
	// slashes begins with one.
	parameterName = regexp.MustCompile(`^(/[A-Za-z0-9_.-]+)+$|^[A-Za-z0-9_.-]+$`)
	// parameterReserved are the beginnings that SSM keeps for AWS.
	parameterReserved = regexp.MustCompile(`(?i)^/?(aws|ssm)`)
)

const (
	mostTemplateDescription  = 255
	mostParameterDescription = 1024
	mostParameterLevels      = 15
	mostTagKey, mostTagValue = 128, 256
	mostTags                 = 50
)

// preparePointers checks what is to follow the image.
func (c *Config) preparePointers(p *problems) {
	if !c.points() {
		return
	}
	block := "ssm_parameter"
	if c.LaunchTemplate != nil {
		block = "launch_template"
	}
	if !c.layered() {
		p.bad("%s: it needs family, the name of the product line whose newest image is followed", block)
	}
	if c.AMISkipCreateImage {
		p.bad("%s: with skip_create_ami there is no image that could be followed; leave one of them out", block)
	}
	c.prepareTemplate(p)
	c.prepareParameters(p)
}

func (c *Config) prepareTemplate(p *problems) {
	t := c.LaunchTemplate
	if t == nil {
		return
	}
	switch {
	case t.Name == "":
		p.bad("launch_template: name: it must be set")
	case !unknown(t.Name) && !templateName.MatchString(t.Name):
		p.bad("launch_template: name: %q: use 3 to 128 letters, digits and ( ) . - / _", t.Name)
	}
	if n := utf8.RuneCountInString(t.VersionDescription); n > mostTemplateDescription {
		p.bad("launch_template: version_description: it has %d characters, and EC2 takes %d; make it shorter", n, mostTemplateDescription)
	}
	p.tags("launch_template: tags", t.Tags)
}

func (c *Config) prepareParameters(p *problems) {
	seen, names := map[string]bool{}, make([]string, 0, len(c.SSMParameters))
	for _, s := range c.SSMParameters {
		if unknown(s.Name) {
			return
		}
		names = append(names, s.Name)
		switch {
		case s.Name == "":
			p.bad("ssm_parameter: name: it must be set")
		case !parameterName.MatchString(s.Name):
			p.bad("ssm_parameter: name: %q: use letters, digits and . - _ with a / before each level", s.Name)
		case parameterReserved.MatchString(s.Name):
			p.bad("ssm_parameter: name: %q: SSM keeps names that begin with aws or ssm for AWS; choose another one", s.Name)
		case strings.Count(s.Name, "/") > mostParameterLevels:
			p.bad("ssm_parameter: name: %q has more than %d levels, which is what SSM takes; use fewer", s.Name, mostParameterLevels)
		case seen[s.Name]:
			p.bad("ssm_parameter: name: %q is there twice; take one of them out", s.Name)
		}
		seen[s.Name] = true
		if n := utf8.RuneCountInString(s.Description); n > mostParameterDescription {
			p.bad("ssm_parameter: description: that of %q has %d characters, and SSM takes %d; make it shorter", s.Name, n, mostParameterDescription)
		}
		p.tags("ssm_parameter: tags", s.Tags)
	}
	if len(p.errs) == 0 {
		if _, err := ami.JoinParameters(names); err != nil {
			p.bad("ssm_parameter: name: %w", err)
		}
	}
}

// tags tells of tags that AWS would refuse, and of those that are goldenami's own.
func (p *problems) tags(option string, tags map[string]string) {
	if len(tags) > mostTags-2 { // two are ours: family and tier
		p.bad("%s: there are %d, and %d is the most; leave some out", option, len(tags), mostTags-2)
	}
	for _, key := range sortedKeys(tags) {
		switch {
		case key == "" || utf8.RuneCountInString(key) > mostTagKey:
			p.bad("%s: the key %q must have 1 to %d characters", option, key, mostTagKey)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			p.bad("%s: %q: keys that begin with aws: are AWS's own; choose another one", option, key)
		case ami.Owned(key):
			p.bad("%s: %q: keys that begin with %s are goldenami's own; choose another one", option, key, ami.TagPrefix)
		case utf8.RuneCountInString(tags[key]) > mostTagValue:
			p.bad("%s: the value of %q has more than %d characters; make it shorter", option, key, mostTagValue)
		}
	}
}
