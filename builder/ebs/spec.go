package ebs

import (
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscommon "github.com/hashicorp/packer-plugin-amazon/common"

	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
)

// spec says what must be true of the image when the build ends.
func (b *build) spec() (distribution.Spec, error) {
	c := b.cfg
	spec := distribution.Spec{
		Targets: c.targets(b.region(), b.intermediary != ""),
		Share: distribution.Share{
			Accounts: c.AMIUsers, Groups: c.AMIGroups, OrgARNs: c.AMIOrgArns, OUARNs: c.AMIOuArns,
			SnapshotAccounts: c.SnapshotUsers, SnapshotGroups: c.SnapshotGroups,
		},
		DeprecateAt:  c.deprecateAt,
		IMDSv2:       c.AMIIMDSSupport != "",
		ProductCodes: c.AMIProductCodes,
		FastLaunch:   c.FastLaunch.settings(b.region(), c.AMIRegions),
		RunID:        b.runID,
		Name:         b.name,
		Meta:         b.meta,
		SkipSource:   b.intermediary != "",
	}
	if c.DeregistrationProtection.Enabled {
		spec.Protect = &distribution.Protection{Cooldown: c.DeregistrationProtection.WithCooldown}
	}
	if c.AMISnapshotCopyDurationMinutes != nil {
		spec.CopyMinutes = int(*c.AMISnapshotCopyDurationMinutes)
	}
	if b.reused() {
		spec.Name, spec.Meta = "", nil // the image says both itself
	}
	if spec.DeprecateAt.IsZero() && b.meta != nil {
		spec.DeprecateAt = b.meta.ExpiresAt
	}
	return spec, b.renderTexts(&spec)
}

// renderTexts fills in the options whose templates tell of the source AMI.
func (b *build) renderTexts(spec *distribution.Spec) error {
	var err error
	if spec.Tags, err = b.rendered(b.cfg.AMITags); err != nil {
		return fmt.Errorf("tags: %w", err)
	}
	own, err := b.rendered(b.cfg.SnapshotTags)
	if err != nil {
		return fmt.Errorf("snapshot_tags: %w", err)
	}
	// As in amazon-ebs, snapshots get the image's tags, and their own win.
	spec.SnapshotTags = maps.Clone(spec.Tags)
	maps.Copy(spec.SnapshotTags, own)
	description, err := b.rendered(map[string]string{"description": b.cfg.AMIDescription})
	if err != nil {
		return fmt.Errorf("ami_description: %w", err)
	}
	spec.Description = description["description"]
	return nil
}

// rendered fills in templates with the build template data.
func (b *build) rendered(tags map[string]string) (map[string]string, error) {
	list, err := awscommon.TagMap(tags).EC2Tags(b.cfg.ctx, b.region(), b.state)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(list))
	for _, t := range list {
		out[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return out, nil
}

// targets are the Regions that get the image. The build Region is one of them where
// a key or encryption is asked for, or where a copy takes the place of the image.
func (c *Config) targets(build string, intermediary bool) []distribution.Target {
	regions := slices.Clone(c.AMIRegions)
	if !c.AMISkipBuildRegion && (intermediary || c.AMIEncryptBootVolume.True()) {
		regions = append([]string{build}, regions...)
	}
	out := make([]distribution.Target, 0, len(regions))
	for _, region := range regions {
		t := distribution.Target{Region: region, KMSKeyID: c.keyOf(region)}
		if c.AMIEncryptBootVolume.True() {
			t.Encrypt = aws.Bool(true)
		}
		out = append(out, t)
	}
	return out
}
