package ebs

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// effect is the proof that an option does something: with it the build sends a
// request that it does not send without it, or the option is a case of its own.
type effect struct {
	set    fields // the option, and what it needs
	action string
	lines  []string // see sent.has
	// without turns the proof round: the request is sent only without the option.
	without bool
	base    fields // options of both builds
	before  func(*rig)
	proof   func(t *testing.T)
}

func sends(set fields, action string, lines ...string) effect {
	return effect{set: set, action: action, lines: lines}
}

func (e effect) on(base fields) effect { e.base = base; return e }

// after has something made at the endpoint before each build.
func (e effect) after(before func(*rig)) effect { e.before = before; return e }

func stops(set fields, action string, lines ...string) effect {
	return effect{set: set, action: action, lines: lines, without: true}
}

var (
	spot = fields{"spot_price": "0.01"}
	ssh  = fields{"communicator": "ssh", "ssh_username": "ec2-user", "ssh_timeout": "1s", "temporary_security_group_source_cidrs": []string{"192.0.2.0/24"}}
)

// tagged is the tag that the proofs use, as a request says it.
func tagged(more ...string) []string { return append([]string{`.*Key=team`, `.*Value=blue`}, more...) }

// TestEveryOptionOfAmazonEBSDoesSomething fails on an option of amazon-ebs that has no
// effect, and on one that has no proof of it.
func TestEveryOptionOfAmazonEBSDoesSomething(t *testing.T) {
	t.Parallel()
	proofs := effects()
	packers := ofPacker()
	for _, option := range slices.Sorted(maps.Keys(ofAmazonEBS())) {
		if packers[option] != nil {
			continue // they belong to the SDK's communicators
		}
		e, ok := proofs[option]
		if !ok {
			t.Errorf("%s: there is no proof that it does anything", option)
			continue
		}
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			if e.proof != nil {
				e.proof(t)
				return
			}
			if _, named := e.set[option]; !named {
				t.Fatalf("the proof does not set %s", option)
			}
			with, without := e.sent(t, e.set), e.sent(t, nil)
			if e.without {
				with, without = without, with
			}
			if !with {
				t.Errorf("%s %v was not sent", e.action, e.lines)
			}
			if without {
				t.Errorf("%s %v is sent with and without the option: the proof proves nothing", e.action, e.lines)
			}
		})
	}
}

// sent builds and tells whether the request was made. How the build ends does not
// matter: some of the things that are asked for do not exist at the endpoint.
func (e effect) sent(t *testing.T, set fields) bool {
	t.Helper()
	r := newRig(t)
	if e.before != nil {
		e.before(r)
	}
	options := r.with(e.base)
	maps.Copy(options, set)
	if _, err := r.run(t.Context(), options); err != nil {
		t.Logf("the build ended with: %v", strings.SplitN(err.Error(), "\n", 2)[0])
	}
	return r.sent.has(e.action, e.lines...)
}

// effects lists the proofs by option, in the order of the documentation of amazon-ebs.
func effects() map[string]effect {
	out := map[string]effect{}
	for _, group := range []map[string]effect{accessEffects(), imageEffects(), launchEffects(), networkEffects(), tagEffects()} {
		maps.Copy(out, group)
	}
	return out
}

func imageEffects() map[string]effect {
	abroad := fields{"ami_regions": []string{"us-east-1"}}
	soon := time.Now().AddDate(1, 0, 0).UTC().Format(time.RFC3339)
	return map[string]effect{
		"ami_block_device_mappings": sends(fields{"ami_block_device_mappings": []fields{{"device_name": "/dev/sdz", "virtual_name": "ephemeral0"}}}, "CreateImage", `BlockDeviceMapping\.1\.DeviceName=/dev/sdz`, `BlockDeviceMapping\.1\.VirtualName=ephemeral0`),
		"ami_description":           sends(fields{"ami_description": "web"}, "CreateImage", `Description=web`),
		"ami_groups":                sends(fields{"ami_groups": []string{"all"}}, "ModifyImageAttribute", `LaunchPermission\.Add\.1\.Group=all`),
		"ami_name":                  sends(fields{"ami_name": "app-2"}, "CreateImage", `Name=app-2`),
		"ami_org_arns":              sends(fields{"ami_org_arns": []string{"arn:aws:organizations::123456789012:organization/o-abcdefghij"}}, "ModifyImageAttribute", `.*organization/o-abcdefghij`),
		"ami_ou_arns":               sends(fields{"ami_ou_arns": []string{"arn:aws:organizations::123456789012:ou/o-abcdefghij/ou-ab12-abcdefgh"}}, "ModifyImageAttribute", `.*ou-ab12-abcdefgh`),
		"ami_product_codes":         sends(fields{"ami_product_codes": []string{"abc123"}}, "ModifyImageAttribute", `ProductCode\.1=abc123`),
		"ami_regions":               sends(abroad, "CopyImage", `SourceRegion=`+region),
		"ami_users":                 sends(fields{"ami_users": []string{"111122223333"}}, "ModifyImageAttribute", `LaunchPermission\.Add\.1\.UserId=111122223333`),
		"ami_virtualization_type":   stops(fields{"ami_virtualization_type": "paravirtual"}, "RunInstances").on(fields{"ena_support": true}),
		"deprecate_at":              sends(fields{"deprecate_at": soon}, "EnableImageDeprecation"),
		"deregistration_protection": sends(fields{"deregistration_protection": fields{"with_cooldown": true}}, "EnableImageDeregistrationProtection", `WithCooldown=true`),
		"ena_support":               sends(fields{"ena_support": true}, "ModifyInstanceAttribute", `EnaSupport\.Value=true`),
		"sriov_support":             sends(fields{"sriov_support": true}, "ModifyInstanceAttribute", `SriovNetSupport\.Value=simple`),
		"encrypt_boot":              sends(fields{"encrypt_boot": true}, "RunInstances", `BlockDeviceMapping\.1\.Ebs\.Encrypted=true`),
		"fast_launch":               {proof: proveFastLaunch},
		"force_delete_snapshot":     {proof: proveReplacing},
		"force_deregister":          {proof: proveReplacing},
		"imds_support":              {proof: proveIMDSSupport},
		"kms_key_id":                {proof: proveKeys},
		"region_kms_key_ids":        {proof: proveKeys},
		"skip_create_ami":           stops(fields{"skip_create_ami": true}, "CreateImage"),
		"skip_region_validation":    stops(fields{"skip_region_validation": true}, "DescribeRegions", `Filter\.1\.Value\..*=us-east-1`).on(abroad),
		"skip_save_build_region":    sends(fields{"skip_save_build_region": true}, "DeregisterImage").on(abroad),
		"snapshot_copy_duration_minutes": sends(fields{"snapshot_copy_duration_minutes": 30}, "CopyImage",
			`SnapshotCopyCompletionDurationMinutes=30`).on(abroad),
		"snapshot_groups": sends(fields{"snapshot_groups": []string{"all"}}, "ModifySnapshotAttribute", `.*Group.*=all`),
		"snapshot_users":  sends(fields{"snapshot_users": []string{"111122223333"}}, "ModifySnapshotAttribute", `.*UserId.*=111122223333`),
	}
}

func tagEffects() map[string]effect {
	blue, one := map[string]string{"team": "blue"}, []fields{{"key": "team", "value": "blue"}}
	named := []fields{{"name": "team", "value": "blue"}}
	return map[string]effect{
		"run_tags":          sends(fields{"run_tags": blue}, "RunInstances", tagged()...),
		"run_tag":           sends(fields{"run_tag": one}, "RunInstances", tagged()...),
		"run_volume_tags":   sends(fields{"run_volume_tags": blue}, "RunInstances", tagged(`.*ResourceType=volume`)...),
		"run_volume_tag":    sends(fields{"run_volume_tag": named}, "RunInstances", tagged(`.*ResourceType=volume`)...),
		"skip_ami_run_tags": stops(fields{"skip_ami_run_tags": true}, "CreateImage", tagged()...).on(fields{"run_tags": blue}),
		"tags":              sends(fields{"tags": blue}, "CreateTags", tagged(`ResourceId\.1=ami-.*`)...),
		"tag":               sends(fields{"tag": one}, "CreateTags", tagged(`ResourceId\.1=ami-.*`)...),
		"snapshot_tags":     sends(fields{"snapshot_tags": blue}, "CreateTags", tagged(`ResourceId\.1=snap-.*`)...),
		"snapshot_tag":      sends(fields{"snapshot_tag": one}, "CreateTags", tagged(`ResourceId\.1=snap-.*`)...),
		"fleet_tags":        sends(fields{"fleet_tags": blue}, "CreateFleet", tagged()...).on(spot),
		"fleet_tag":         sends(fields{"fleet_tag": one}, "CreateFleet", tagged()...).on(spot),
		"spot_tags":         sends(fields{"spot_tags": blue}, "CreateLaunchTemplate", tagged()...).on(spot),
		"spot_tag":          sends(fields{"spot_tag": one}, "CreateLaunchTemplate", tagged()...).on(spot),
	}
}
