package ami

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// ParameterSeparator stands between the names of parameters in a tag; no name of a
// parameter holds it.
const ParameterSeparator = ","

// TemplateVersion is a numbered version of a launch template of the image's Region.
type TemplateVersion struct {
	ID     string // lt-…
	Number int64
}

var (
	templateVersion = regexp.MustCompile(`^(lt-[0-9a-f]{8,17}):([1-9][0-9]{0,17})$`)
	parameterName   = regexp.MustCompile(`^[A-Za-z0-9_./-]+$`)
)

// IsZero holds where there is no launch template.
func (v TemplateVersion) IsZero() bool { return v == TemplateVersion{} }

// String is lt-0abc:3, and empty for the zero value.
func (v TemplateVersion) String() string {
	if v.IsZero() {
		return ""
	}
	return v.ID + ":" + strconv.FormatInt(v.Number, 10)
}

// parseTemplateVersion reads the spelling of String alone.
func parseTemplateVersion(s string) (TemplateVersion, bool) {
	if s == "" {
		return TemplateVersion{}, true
	}
	parts := templateVersion.FindStringSubmatch(s)
	if parts == nil {
		return TemplateVersion{}, false
	}
	number, err := strconv.ParseInt(parts[2], 10, 64)
	return TemplateVersion{ID: parts[1], Number: number}, err == nil
}

// validParameters tells whether a tag lists names of parameters.
func validParameters(s string) bool {
	if s == "" {
		return true
	}
	for name := range strings.SplitSeq(s, ParameterSeparator) {
		if !parameterName.MatchString(name) {
			return false
		}
	}
	return true
}

// JoinParameters gives the value of the tag that lists parameters. The error says
// that a tag cannot hold them.
func JoinParameters(names []string) (string, error) {
	joined := strings.Join(names, ParameterSeparator)
	if len(joined) > maxTagValue {
		return "", fmt.Errorf("the names of the parameters have %d characters together, and the tag that lists them holds %d: use shorter names, or fewer", len(joined), maxTagValue)
	}
	for _, name := range names {
		if !parameterName.MatchString(name) {
			return "", fmt.Errorf("%q is no name of a parameter: use letters, digits and . - _ /", name)
		}
	}
	return joined, nil
}

// ParameterNames are the SSM parameters that this image was written to.
func (m Meta) ParameterNames() []string {
	if m.Parameters == "" {
		return nil
	}
	return strings.Split(m.Parameters, ParameterSeparator)
}

// OwnerTags say on what belongs to a tier, such as its launch template, whose it is.
func (m Meta) OwnerTags() map[string]string {
	return map[string]string{tagFamily: m.Family, tagTier: string(m.Tier)}
}

// ForCopy is what of the tags a copy in another Region takes over: not the launch
// template and the parameters, which belong to one Region, and not that an image was
// revoked once.
func (m Meta) ForCopy() Meta {
	m.LaunchTemplate, m.Parameters = TemplateVersion{}, ""
	m.RevokedReason, m.RevokedAt = "", Meta{}.RevokedAt
	return m
}

// SetPointers writes on an image which launch template version and which parameters
// (see JoinParameters) follow it. Empty values are left as they are.
func SetPointers(ctx context.Context, api CreateTagsAPI, id string, v TemplateVersion, parameters string) error {
	tags := map[string]string{}
	if !v.IsZero() {
		tags[tagLaunchTemplate] = v.String()
	}
	if parameters != "" {
		tags[tagParameters] = parameters
	}
	if len(tags) == 0 {
		return nil
	}
	_, err := api.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: EC2Tags(tags)})
	if err != nil {
		return fmt.Errorf("write on %s what follows it: %w", id, err)
	}
	return nil
}
