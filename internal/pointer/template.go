package pointer

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// Template is the launch template that is to start an image.
type Template struct {
	Name        string
	Description string // of the version
	// Tags are put on the template when it is made.
	Tags map[string]string
	// KeepDefault leaves the default version where it is; the new version is then
	// based on the newest one.
	KeepDefault bool
	// UserData is what instances start with; nil leaves that of the template.
	UserData []byte
}

// Found is a launch template as it stands.
type Found struct {
	ID, Name        string
	Default, Latest int64
	Tags            map[string]string
}

// ByName finds a launch template; nil if there is none of that name.
func ByName(ctx context.Context, api templateReader, name string) (*Found, error) {
	return describe(ctx, api, &ec2.DescribeLaunchTemplatesInput{LaunchTemplateNames: []string{name}}, name)
}

// ByID finds a launch template; nil if it was deleted.
func ByID(ctx context.Context, api templateReader, id string) (*Found, error) {
	return describe(ctx, api, &ec2.DescribeLaunchTemplatesInput{LaunchTemplateIds: []string{id}}, id)
}

func describe(ctx context.Context, api templateReader, in *ec2.DescribeLaunchTemplatesInput, what string) (*Found, error) {
	out, err := api.DescribeLaunchTemplates(ctx, in)
	switch {
	case cloud.IsNotFound(err) || err == nil && len(out.LaunchTemplates) == 0:
		return nil, nil //nolint:nilnil // none is an answer
	case err != nil:
		return nil, fmt.Errorf("look for launch template %s: %w", what, err)
	}
	t := out.LaunchTemplates[0]
	found := &Found{
		ID: aws.ToString(t.LaunchTemplateId), Name: aws.ToString(t.LaunchTemplateName),
		Default: aws.ToInt64(t.DefaultVersionNumber), Latest: aws.ToInt64(t.LatestVersionNumber), Tags: map[string]string{},
	}
	for _, tag := range t.Tags {
		found.Tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return found, nil
}

// Version is one version of a launch template, as far as it concerns the image.
type Version struct {
	Number   int64
	ImageID  string
	UserData string // as EC2 keeps it: base64
}

// VersionNamed gives a version by number, $Default or $Latest; nil if there is none.
func VersionNamed(ctx context.Context, api templateReader, id, version string) (*Version, error) {
	all, err := versions(ctx, api, &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &id, Versions: []string{version}})
	if cloud.IsNotFound(err) || err == nil && len(all) == 0 {
		return nil, nil //nolint:nilnil // none is an answer
	}
	if err != nil {
		return nil, err
	}
	return &all[0], nil
}

// VersionsOf gives the versions of a template that start an image, as EC2 lists them:
// the newest first.
func VersionsOf(ctx context.Context, api templateReader, id, image string) ([]Version, error) {
	return versions(ctx, api, &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: &id, Filters: []types.Filter{{Name: aws.String("image-id"), Values: []string{image}}},
	})
}

func versions(ctx context.Context, api templateReader, in *ec2.DescribeLaunchTemplateVersionsInput) ([]Version, error) {
	var all []Version
	for pages := ec2.NewDescribeLaunchTemplateVersionsPaginator(api, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the versions of launch template %s: %w", aws.ToString(in.LaunchTemplateId), err)
		}
		for _, v := range page.LaunchTemplateVersions {
			found := Version{Number: aws.ToInt64(v.VersionNumber)}
			if v.LaunchTemplateData != nil {
				found.ImageID, found.UserData = aws.ToString(v.LaunchTemplateData.ImageId), aws.ToString(v.LaunchTemplateData.UserData)
			}
			all = append(all, found)
		}
	}
	return all, nil
}

// create makes the template with its first version, which is its default at once. Where
// somebody else makes it meanwhile, that one is given, and made is false.
func (t *Template) create(ctx context.Context, api EC2, image string) (found *Found, made bool, err error) {
	in := &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: &t.Name, LaunchTemplateData: t.data(image), VersionDescription: optional(t.Description),
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeLaunchTemplate, Tags: ami.EC2Tags(t.Tags)}},
	}
	out, err := api.CreateLaunchTemplate(ctx, in)
	switch {
	case cloud.IsDuplicate(err):
		found, err = t.appeared(ctx, api)
		return found, false, err
	case err != nil:
		return nil, false, fmt.Errorf("create launch template %s: %w", t.Name, err)
	}
	return &Found{ID: aws.ToString(out.LaunchTemplate.LaunchTemplateId), Name: t.Name, Default: 1, Latest: 1}, true, nil
}

// appeared finds a template that exists by EC2's word, which may show it late.
func (t *Template) appeared(ctx context.Context, api templateReader) (*Found, error) {
	const looks, pause = 60, time.Second / 2
	for range looks {
		if found, err := ByName(ctx, api, t.Name); err != nil || found != nil {
			return found, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(pause):
		}
	}
	return nil, fmt.Errorf("EC2 says that launch template %s exists and has not shown it for %s: build again, or take another name", t.Name, looks*pause)
}

// version gives the number of a version with the image and the user data: that of the
// default, of the newest other one, or of one that is made.
func (t *Template) version(ctx context.Context, api EC2, at *Found, image string) (number int64, made bool, err error) {
	all, err := VersionsOf(ctx, api, at.ID, image)
	if err != nil {
		return 0, false, err
	}
	for _, v := range all {
		if t.UserData != nil && v.UserData != base64.StdEncoding.EncodeToString(t.UserData) {
			continue
		}
		if number == 0 || v.Number == at.Default {
			number = v.Number
		}
	}
	if number != 0 {
		return number, false, nil
	}
	from := at.Default
	if t.KeepDefault {
		from = at.Latest
	}
	number, err = AddVersion(ctx, api, at, from, t.Description, t.data(image))
	return number, true, err
}

func (t *Template) data(image string) *types.RequestLaunchTemplateData {
	data := &types.RequestLaunchTemplateData{ImageId: &image}
	if t.UserData != nil {
		data.UserData = aws.String(base64.StdEncoding.EncodeToString(t.UserData))
	}
	return data
}

// AddVersion makes a version that differs from another one in data alone, and gives
// its number. The client token follows from what is asked for and from the newest
// version there is: asked again before EC2 shows the version, it makes no second one.
func AddVersion(ctx context.Context, api templateWriter, at *Found, from int64, description string, data *types.RequestLaunchTemplateData) (int64, error) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d %q %q %q", at.ID, at.Latest, from, description, aws.ToString(data.ImageId), aws.ToString(data.UserData)))
	out, err := api.CreateLaunchTemplateVersion(ctx, &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: &at.ID, SourceVersion: aws.String(strconv.FormatInt(from, 10)),
		LaunchTemplateData: data, VersionDescription: optional(description), ClientToken: aws.String(hex.EncodeToString(sum[:])),
	})
	if err != nil {
		return 0, fmt.Errorf("make a version of launch template %s: %w", at.ID, err)
	}
	return aws.ToInt64(out.LaunchTemplateVersion.VersionNumber), nil
}

// SetDefault makes a version the one that a launch without a version gets.
func SetDefault(ctx context.Context, api templateWriter, id string, number int64) error {
	_, err := api.ModifyLaunchTemplate(ctx, &ec2.ModifyLaunchTemplateInput{
		LaunchTemplateId: &id, DefaultVersion: aws.String(strconv.FormatInt(number, 10)),
	})
	if err != nil {
		return fmt.Errorf("make version %d the default of launch template %s: %w", number, id, err)
	}
	return nil
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
