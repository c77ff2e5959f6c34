package ebs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

const defaultVerifyTimeout = 20 * time.Minute

// verifyPlan is what prepare made of the verify block.
type verifyPlan struct {
	tests   []stage.Stage // what runs on the instance
	pattern *regexp.Regexp
	timeout time.Duration
	port    int // of the communicator on the instance: a tunnel changes the option
}

// prepareVerify checks how a new image is tested.
func (c *Config) prepareVerify(p *problems) {
	v := c.Verify
	if v == nil {
		return
	}
	if !c.layered() {
		p.bad("verify: it needs family, the name of the product line the image belongs to: only its images have a state that a failed test can change")
		return
	}
	if c.AMISkipCreateImage {
		p.bad("verify: with skip_create_ami there is no image to test; leave one of the two out")
	}
	c.verifyDefaults(v)
	c.prepareWaitFor(p, v)
	if v.OnFailure != verifyRemove && v.OnFailure != verifyKeep && !unknown(v.OnFailure) {
		p.bad("verify: on_failure: %q is not known; use %q or %q", v.OnFailure, verifyRemove, verifyKeep)
	}
	if want, got := c.architecture(), architecture(v.InstanceType); want != "" && got != "" && want != got {
		p.bad("verify: instance_type: %s is for %s, and the image is for %s; name another type, or leave it out", v.InstanceType, got, want)
	}
	pattern, err := regexp.Compile(v.ConsolePattern)
	if err != nil && !unknown(v.ConsolePattern) {
		p.bad("verify: console_pattern: %w", err)
	}
	c.verify = verifyPlan{pattern: pattern, timeout: p.duration("verify: timeout", v.Timeout), port: c.Comm.Port()}
	if c.verify.timeout == 0 {
		c.verify.timeout = defaultVerifyTimeout
	}
	c.prepareTests(p, v)
}

func (c *Config) verifyDefaults(v *VerifyConfig) {
	switch c.Comm.Type {
	case "ssh":
		setDefault(&v.WaitFor, waitForSSH)
	case "winrm":
		setDefault(&v.WaitFor, waitForPassword)
	default:
		setDefault(&v.WaitFor, waitForStatus)
	}
	setDefault(&v.ConsolePattern, defaultConsolePattern)
	if c.OnFailure == onFailureKeepImages {
		setDefault(&v.OnFailure, verifyKeep)
	}
	setDefault(&v.OnFailure, verifyRemove)
}

// prepareWaitFor checks the sign, and what works with some signs only.
func (c *Config) prepareWaitFor(p *problems, v *VerifyConfig) {
	if unknown(v.WaitFor) || unknown(c.Comm.Type) {
		return
	}
	known := []string{waitForSSH, waitForSSM, waitForConsole, waitForPassword, waitForStatus}
	switch {
	case !slices.Contains(known, v.WaitFor):
		p.bad("verify: wait_for: %q is not known; use one of %s", v.WaitFor, strings.Join(known, ", "))
	case v.WaitFor == waitForSSH && c.Comm.Type != "ssh":
		p.bad("verify: wait_for: %q needs communicator = \"ssh\"; take another sign, such as %q", v.WaitFor, waitForStatus)
	case v.WaitFor == waitForSSH && c.Comm.SSHHost != "":
		p.bad("verify: wait_for: ssh_host is the address of the build instance, and a new instance has another; set ssh_interface instead, or another sign than %q", v.WaitFor)
	case v.WaitFor != waitForSSH && (len(v.Scripts) > 0 || len(v.Inline) > 0):
		p.bad("verify: scripts, inline: they run over SSH; set wait_for = %q, or leave them out", waitForSSH)
	case v.WaitFor != waitForSSH && v.UniqueIdentity:
		p.bad("verify: unique_identity: keys and ids are read over SSH; set wait_for = %q, or leave it out", waitForSSH)
	}
}

// prepareTests reads the scripts, so that what runs later is what was checked. They
// are loaded as stages are, for the same rules and the same treatment of what they say
// in their first line.
func (c *Config) prepareTests(p *problems, v *VerifyConfig) {
	if slices.ContainsFunc(slices.Concat(v.Scripts, v.Inline), unknown) {
		return
	}
	var tests []stage.Stage
	origin := map[string]string{} // of a test, in the user's words
	add := func(name, option string, s stage.Stage) {
		s.Name, s.Tier, s.Environment = name, ami.OSOnly, v.Environment
		tests = append(tests, s)
		origin[name] = option
	}
	if len(v.Inline) > 0 {
		add("verify-inline", "inline", stage.Stage{Inline: v.Inline})
	}
	for n, path := range v.Scripts {
		if path == "" {
			p.bad("verify: scripts: the path of number %d is empty", n+1)
			return
		}
		add(fmt.Sprintf("verify-%d", n+1), "scripts: "+path, stage.Stage{Script: path})
	}
	if len(tests) == 0 && len(v.Environment) > 0 {
		p.bad("verify: environment: there are neither scripts nor inline that could read it")
	}
	for _, test := range tests {
		loaded, err := stage.Load([]stage.Stage{test})
		if err != nil {
			for _, finding := range unjoin(err) {
				p.bad("verify: %s: %w", origin[test.Name], finding)
			}
			continue
		}
		c.verify.tests = append(c.verify.tests, loaded...)
	}
}
