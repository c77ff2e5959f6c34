package ebs

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
)

var sixDigits = regexp.MustCompile(`^[0-9]{6}$`)

// prepareImage checks what the image is to be like and where it is to go.
func (c *Config) prepareImage(p *problems) {
	p.add(c.SnapshotTag.CopyOn(&c.SnapshotTags)...)
	p.add(c.AMITag.CopyOn(&c.AMITags)...)
	switch {
	case c.AMIName == "" && !c.layered():
		p.bad("ami_name: it must be set, or family, which makes a name")
	case c.AMIName != "" && !unknown(c.AMIName):
		if err := ami.ValidateName(c.AMIName); err != nil {
			p.bad("ami_name: %w (the template function clean_resource_name replaces what EC2 does not take)", err)
		}
	}
	if v := c.AMIVirtType; v != "" && !slices.Contains(types.VirtualizationType("").Values(), types.VirtualizationType(v)) {
		p.bad("ami_virtualization_type: %q is not known; use hvm, or leave it out", v)
	}
	if c.AMIIMDSSupport != "" && c.AMIIMDSSupport != string(types.ImdsSupportValuesV20) {
		p.bad("imds_support: the only value is %q; leave it out for images that allow IMDSv1", types.ImdsSupportValuesV20)
	}
	c.prepareDeprecation(p)
	c.prepareRegions(p)
}

func (c *Config) prepareDeprecation(p *problems) {
	if c.DeprecationTime == "" || unknown(c.DeprecationTime) {
		return
	}
	at, err := time.Parse(time.RFC3339, c.DeprecationTime)
	switch {
	case err != nil:
		p.bad("deprecate_at: %q is not a time such as 2030-01-31T00:00:00Z", c.DeprecationTime)
	case at.Before(time.Now()):
		p.bad("deprecate_at: %s is over; EC2 takes times to come", c.DeprecationTime)
	}
	c.deprecateAt = at
}

// prepareRegions checks the list of Regions and takes repetitions and the build
// Region itself out of it.
func (c *Config) prepareRegions(p *problems) {
	var regions []string
	for _, region := range c.AMIRegions {
		p.add(checkRegion("ami_regions", region))
		if region != c.RawRegion && !slices.Contains(regions, region) {
			regions = append(regions, region)
		}
	}
	named := append(slices.Clone(c.AMIRegions), c.RawRegion)
	if len(c.AMIRegionKMSKeyIDs) > 0 {
		for _, region := range regions {
			if _, ok := c.AMIRegionKMSKeyIDs[region]; !ok {
				p.bad("region_kms_key_ids: it has no key for %s, which is in ami_regions; give one, or \"\" for the Region's default key", region)
			}
		}
		for _, region := range sortedKeys(c.AMIRegionKMSKeyIDs) {
			if !slices.Contains(named, region) && !unknown(region) {
				p.bad("region_kms_key_ids: %s is not in ami_regions; add it there, or leave it out here", region)
			}
		}
	}
	c.AMIRegions = regions
	if c.AMISkipBuildRegion && len(regions) == 0 {
		p.bad("skip_save_build_region: nothing would be left, since ami_regions names no other Region")
	}
	if m := c.AMISnapshotCopyDurationMinutes; m != nil {
		if err := (distribution.Spec{CopyMinutes: int(*m)}).Validate(); err != nil {
			p.bad("snapshot_copy_duration_minutes: %w", err)
		}
	}
}

// prepareSharing checks who the image is shared with, and that it can be.
func (c *Config) prepareSharing(p *problems) {
	for _, list := range []struct {
		option string
		values []string
		share  func(v []string) distribution.Share
	}{
		{"ami_users", c.AMIUsers, func(v []string) distribution.Share { return distribution.Share{Accounts: v} }},
		{"ami_groups", c.AMIGroups, func(v []string) distribution.Share { return distribution.Share{Groups: v} }},
		{"ami_org_arns", c.AMIOrgArns, func(v []string) distribution.Share { return distribution.Share{OrgARNs: v} }},
		{"ami_ou_arns", c.AMIOuArns, func(v []string) distribution.Share { return distribution.Share{OUARNs: v} }},
		{"snapshot_users", c.SnapshotUsers, func(v []string) distribution.Share { return distribution.Share{SnapshotAccounts: v} }},
		{"snapshot_groups", c.SnapshotGroups, func(v []string) distribution.Share { return distribution.Share{SnapshotGroups: v} }},
	} {
		if slices.ContainsFunc(list.values, unknown) {
			continue
		}
		for _, err := range unjoin(list.share(list.values).Validate()) {
			p.bad("%s: %w", list.option, err)
		}
	}
	if !c.encrypts() {
		return
	}
	if slices.Contains(c.AMIGroups, "all") || slices.Contains(c.SnapshotGroups, "all") {
		p.bad("ami_groups, snapshot_groups: an encrypted image cannot be public; share it by ami_users or ami_org_arns, or take encryption out (encrypt_boot, kms_key_id, encrypted)")
	}
	shared := len(c.AMIUsers)+len(c.AMIOrgArns)+len(c.AMIOuArns)+len(c.SnapshotUsers) > 0
	if !shared || !c.AMIEncryptBootVolume.True() {
		return
	}
	for _, region := range append([]string{c.RawRegion}, c.AMIRegions...) {
		if key := c.keyOf(region); key == "" || strings.HasPrefix(key, "alias/aws/") {
			p.bad("kms_key_id, region_kms_key_ids: the image in %s would be encrypted with a key that AWS manages and could not be shared; give a key of your own", orBuildRegion(region))
		}
	}
}

// encrypts tells whether any of the image's volumes is encrypted by the template.
func (c *Config) encrypts() bool {
	if c.AMIEncryptBootVolume.True() {
		return true
	}
	for _, b := range slices.Concat(c.LaunchMappings, c.AMIMappings) {
		if b.Encrypted.True() || b.KmsKeyId != "" {
			return true
		}
	}
	return false
}

// keyOf gives the key for the image in a Region, empty for the Region's default.
// As in amazon-ebs, kms_key_id holds for the build Region alone.
func (c *Config) keyOf(region string) string {
	if key := c.AMIRegionKMSKeyIDs[region]; key != "" {
		return key
	}
	if region == c.RawRegion {
		return c.AMIKmsKeyId
	}
	return ""
}

// prepareKeys checks the shape of KMS keys and that each is of the Region in which
// it is to encrypt: EC2 finds that out only after the copy has begun.
func (c *Config) prepareKeys(p *problems) {
	check := func(option, region, key string) {
		if key == "" || unknown(key) || unknown(region) {
			return
		}
		if region == "" { // known in Run only; the key's own Region stands in for it
			if own, isARN := cloud.KeyRegion(key); isARN {
				region = own
			} else {
				region = "us-east-1"
			}
		}
		if !cloud.ValidRegion(region) {
			return // reported where the Region is named
		}
		for _, err := range unjoin(distribution.Target{Region: region, KMSKeyID: key}.Validate()) {
			p.bad("%s: %w", option, err)
		}
	}
	check("kms_key_id", c.RawRegion, c.AMIKmsKeyId)
	for _, region := range sortedKeys(c.AMIRegionKMSKeyIDs) {
		check("region_kms_key_ids: "+region, region, c.AMIRegionKMSKeyIDs[region])
	}
	for _, b := range c.LaunchMappings {
		check("launch_block_device_mappings: "+b.DeviceName+": kms_key_id", c.RawRegion, b.KmsKeyId)
	}
	if c.AMIEncryptBootVolume.False() && (c.AMIKmsKeyId != "" || len(c.AMIRegionKMSKeyIDs) > 0) {
		p.bad("encrypt_boot: it is false although kms_key_id or region_kms_key_ids names a key; set it to true, or take the keys out")
	}
}

func orBuildRegion(region string) string {
	if region == "" {
		return "the build Region"
	}
	return region
}
