package ebs

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/zclconf/go-cty/cty"
)

// small is the least that a build without a family needs.
func small(more fields) map[string]any { return plain((*rig)(nil).with(more)) }

func layered(more fields) map[string]any {
	options := fields{"ami_name": nil, "family": "web", "tier": "hybrid"}
	for key, value := range more {
		options[key] = value
	}
	return small(options)
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	const otherKey = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	for name, c := range map[string]struct {
		options map[string]any
		want    []string // all of it in one answer
	}{
		"unknown tier":               {layered(fields{"tier": "half"}), []string{"tier:", "half", "os-only"}},
		"no tier":                    {layered(fields{"tier": nil}), []string{"tier:", "must be set"}},
		"tier without family":        {small(fields{"tier": "full"}), []string{"tier:", "family"}},
		"stage without family":       {small(fields{"stage": []fields{{"name": "a", "tier": "full", "inline": []string{"true"}}}}), []string{"stage:", "family"}},
		"parent of a higher tier":    {layered(fields{"parent": fields{"tier": "full"}}), []string{"parent: tier:", "lower"}},
		"parent of the same tier":    {layered(fields{"parent": fields{"tier": "hybrid"}}), []string{"parent: tier:", "lower"}},
		"parent owner":               {layered(fields{"parent": fields{"owners": []string{"12"}}}), []string{"parent: owners:", "12 digits"}},
		"missing script":             {layered(fields{"stage": []fields{{"name": "java", "tier": "hybrid", "script": "nowhere.sh"}}}), []string{"java", "script", "nowhere.sh"}},
		"two stages of a name":       {layered(fields{"stage": []fields{{"name": "a", "tier": "full", "inline": []string{"true"}}, {"name": "a", "tier": "full", "inline": []string{"true"}}}}), []string{"names must be unique"}},
		"bad shelf life":             {layered(fields{"shelf_life": "soon"}), []string{"shelf_life:", "soon"}},
		"no shelf life":              {layered(fields{"shelf_life": "0s"}), []string{"shelf_life:"}},
		"bad stop timeout":           {small(fields{"stop_timeout": "-3m"}), []string{"stop_timeout:"}},
		"missing input":              {layered(fields{"inputs": fields{"files": []string{"nowhere/**"}}}), []string{"inputs: files:", "nowhere"}},
		"family":                     {layered(fields{"family": "web*"}), []string{"family:", "web*"}},
		"account id":                 {small(fields{"ami_users": []string{"1234"}}), []string{"ami_users:", "12 digits"}},
		"snapshot account id":        {small(fields{"snapshot_users": []string{"12345678901x"}}), []string{"snapshot_users:", "12 digits"}},
		"group":                      {small(fields{"ami_groups": []string{"everybody"}}), []string{"ami_groups:", "everybody"}},
		"organization":               {small(fields{"ami_org_arns": []string{"o-abc"}}), []string{"ami_org_arns:", "o-abc"}},
		"Region":                     {small(fields{"region": "Ireland"}), []string{"region:", "Ireland"}},
		"copy Region":                {small(fields{"ami_regions": []string{"eu-west"}}), []string{"ami_regions:", "eu-west"}},
		"key of another Region":      {small(fields{"kms_key_id": otherKey}), []string{"kms_key_id:", "us-east-1", region}},
		"copy key of another Region": {small(fields{"ami_regions": []string{"eu-central-1"}, "region_kms_key_ids": map[string]string{"eu-central-1": otherKey}}), []string{"region_kms_key_ids: eu-central-1:", "us-east-1"}},
		"volume key":                 {small(fields{"launch_block_device_mappings": []fields{{"device_name": "/dev/xvda", "encrypted": true, "kms_key_id": otherKey}}}), []string{"launch_block_device_mappings: /dev/xvda: kms_key_id:"}},
		"key for no Region":          {small(fields{"region_kms_key_ids": map[string]string{"eu-central-1": "alias/x"}}), []string{"region_kms_key_ids:", "ami_regions"}},
		"no key for a Region":        {small(fields{"ami_regions": []string{"eu-central-1", "us-east-1"}, "region_kms_key_ids": map[string]string{"us-east-1": "alias/x"}}), []string{"region_kms_key_ids:", "eu-central-1"}},
		"key without encryption":     {small(fields{"kms_key_id": "alias/x", "encrypt_boot": false}), []string{"encrypt_boot:", "kms_key_id"}},
		"no name":                    {small(fields{"ami_name": nil}), []string{"ami_name:", "family"}},
		"name with a star":           {small(fields{"ami_name": "web*1"}), []string{"ami_name:", "*"}},
		"short name":                 {small(fields{"ami_name": "ab"}), []string{"ami_name:"}},
		"public and encrypted":       {small(fields{"ami_groups": []string{"all"}, "encrypt_boot": true}), []string{"ami_groups", "encrypted image cannot be public"}},
		"public snapshot of a key":   {small(fields{"snapshot_groups": []string{"all"}, "launch_block_device_mappings": []fields{{"device_name": "/dev/xvda", "encrypted": true}}}), []string{"encrypted image cannot be public"}},
		"shared with AWS's key":      {small(fields{"ami_users": []string{"111122223333"}, "encrypt_boot": true}), []string{"kms_key_id", "AWS manages"}},
		"past":                       {small(fields{"deprecate_at": "2020-01-01T00:00:00Z"}), []string{"deprecate_at:", "over"}},
		"no time":                    {small(fields{"deprecate_at": "tomorrow"}), []string{"deprecate_at:", "tomorrow"}},
		"copy minutes":               {small(fields{"snapshot_copy_duration_minutes": 20}), []string{"snapshot_copy_duration_minutes:", "15"}},
		"metadata tags without IMDS": {small(fields{"metadata_options": fields{"http_endpoint": "disabled", "instance_metadata_tags": "enabled"}}), []string{"metadata_options:", "http_endpoint"}},
		"Windows with ed25519":       {small(fields{"communicator": "winrm", "winrm_username": "x", "temporary_key_pair_type": "ed25519"}), []string{"temporary_key_pair_type:", "rsa"}},
		"reservation and Spot":       {small(fields{"spot_price": "auto", "capacity_reservation_id": "cr-1"}), []string{"capacity_reservation_id", "Spot"}},
		"stages without SSH":         {layered(fields{"stage": []fields{{"name": "a", "tier": "hybrid", "inline": []string{"true"}}}}), []string{"stage:", "SSH"}},
		"family away from home":      {layered(fields{"skip_save_build_region": true, "ami_regions": []string{"us-east-1"}}), []string{"skip_save_build_region:"}},
		"nothing left":               {small(fields{"skip_save_build_region": true}), []string{"skip_save_build_region:", "ami_regions"}},
		"fast launch":                {small(fields{"fast_launch": fields{"max_parallel_launches": 2}}), []string{"fast_launch: max_parallel_launches:", "6"}},
		"fast launch elsewhere":      {small(fields{"fast_launch": fields{"region_launch_templates": []fields{{"region": "us-east-1"}}}}), []string{"fast_launch:", "us-east-1", "ami_regions"}},
		"file that is not there":     {layered(fields{"stage": []fields{{"name": "a", "tier": "hybrid", "inline": []string{"true"}, "files": []string{"nowhere/*"}}}}), []string{`stage "a": files:`, "nowhere"}},
		"file of no stage":           {layered(fields{"stage": []fields{{"name": "a", "tier": "hybrid", "inline": []string{"true"}, "files": []string{"no-such"}}, {"name": "b", "tier": "hybrid"}}}), []string{`stage "a": files:`, `stage "b": script:`}},
		"secret in an image":         {layered(fields{"stage": []fields{{"name": "a", "tier": "full", "inline": []string{"true"}, "secrets": fields{"TOKEN": "ssm:/t"}}}}), []string{`stage "a": secrets:`, `tier = "boot"`}},
		"secret of nowhere":          {layered(fields{"stage": []fields{{"name": "a", "tier": "boot", "inline": []string{"true"}, "secrets": fields{"TOKEN": "vault:t"}}}}), []string{`stage "a": secrets:`, "secretsmanager:"}},
		"boot before full":           {layered(fields{"stage": []fields{{"name": "a", "tier": "boot", "inline": []string{"true"}}, {"name": "b", "tier": "full", "inline": []string{"true"}}}}), []string{`stage "b": tier:`, "cannot come after"}},
		"own user data twice":        {layered(fields{"first_boot": fields{"user_data": "#!/bin/sh", "user_data_file": "x"}}), []string{"first_boot: user_data:", "leave one out"}},
		"own user data of nothing":   {layered(fields{"first_boot": fields{"user_data_file": os.DevNull}}), []string{"first_boot: user_data_file:", "empty"}},
		"own user data nowhere":      {layered(fields{"first_boot": fields{"user_data_file": "nowhere/x"}}), []string{"first_boot: user_data_file:", "nowhere/x"}},
		"own user data ignored":      {layered(fields{"first_boot": fields{"user_data": "echo hello"}}), []string{"first_boot: user_data:", "cloud-init would ignore it"}},
		"tier of no image":           {layered(fields{"tier": "boot"}), []string{"tier:", `unknown tier "boot"`}},
		"user data too large":        {layered(fields{"communicator": "ssh", "ssh_username": "x", "first_boot": fields{"file": "boot.mime"}, "stage": []fields{{"name": "a", "tier": "hybrid", "inline": []string{noise(40000)}}}}), []string{"first_boot:", "16384", `stage "a"`, "S3", "SSM"}},
		"format":                     {layered(fields{"first_boot": fields{"format": "ignition"}}), []string{"first_boot: format:", "ec2launch-v2", "auto"}},
		"Linux over WinRM":           {layered(fields{"communicator": "winrm", "winrm_username": "x", "first_boot": fields{"format": "cloud-init"}}), []string{"first_boot: format:", "powershell"}},
		"PowerShell without a tag":   {layered(fields{"communicator": "winrm", "winrm_username": "x", "first_boot": fields{"user_data": "Get-Date"}}), []string{"first_boot: user_data:", "<powershell>"}},
		"first boot of nothing":      {layered(fields{"first_boot": fields{"file": "boot.sh"}}), []string{"first_boot:", "no stage"}},
		"first boot to nowhere":      {layered(fields{"first_boot": fields{"file": "nowhere/boot.sh"}}), []string{"first_boot:", "nowhere does not exist"}},
		"first boot to a folder":     {layered(fields{"first_boot": fields{"file": "."}}), []string{"first_boot:", "is a folder"}},
		"first boot, no family":      {small(fields{"first_boot": fields{"file": "boot.sh"}}), []string{"first_boot:", "family"}},
		"mfa":                        {small(fields{"mfa_code": "12"}), []string{"mfa_code:", "six digits"}},
		"ends itself":                {small(fields{"disable_stop_instance": true, "shutdown_behavior": "terminate"}), []string{"shutdown_behavior:"}},
		"rebuild":                    {layered(fields{"rebuild": "never"}), []string{"rebuild:", "always"}},
		"on_failure":                 {small(fields{"on_failure": "ask"}), []string{"on_failure:", "keep-images"}},
		"on_missing":                 {layered(fields{"parent": fields{"on_missing": "ignore"}}), []string{"parent: on_missing:", "build"}},
		"all at once":                {small(fields{"ami_name": "a*", "ami_users": []string{"1"}, "stop_timeout": "x", "region": "Mars"}), []string{"ami_name:", "ami_users:", "stop_timeout:", "region:"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := new(Builder).Prepare(c.options)
			if err == nil {
				t.Fatal("it was accepted")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, err)
				}
			}
		})
	}
}

func TestValuesThatPackerDoesNotKnowYet(t *testing.T) {
	t.Parallel()
	options := layered(fields{
		"region": "<unknown>", "family": "<unknown>", "shelf_life": "<unknown>", "ami_users": []string{"<unknown>"},
		"kms_key_id": "<unknown>", "deprecate_at": "<unknown>", "stage": []fields{{"name": "a", "tier": "hybrid", "script": "<unknown>"}},
		"communicator": "ssh", "ssh_username": "x",
	})
	b := new(Builder)
	if _, _, err := b.Prepare(options); err != nil {
		t.Error(err)
	}
	if b.session.Joined() {
		t.Error("a build whose family is not known joined the run")
	}
}

func TestSecureDefaults(t *testing.T) {
	t.Parallel()
	device := fields{"device_name": "/dev/xvda"}
	var c Config
	if _, err := c.prepare(small(fields{"communicator": "ssh", "ssh_username": "x", "launch_block_device_mappings": []fields{device}})); err != nil {
		t.Fatal(err)
	}
	if c.Metadata.HttpTokens != "required" || !c.Comm.SSHClearAuthorizedKeys || !c.LaunchMappings[0].DeleteOnTermination || len(c.TemporarySGSourceCidrs) > 0 {
		t.Errorf("tokens %q, keys cleared %t, volume deleted %t, open to %v",
			c.Metadata.HttpTokens, c.Comm.SSHClearAuthorizedKeys, c.LaunchMappings[0].DeleteOnTermination, c.TemporarySGSourceCidrs)
	}
	device["delete_on_termination"] = false
	var own Config
	_, err := own.prepare(small(fields{
		"communicator": "ssh", "ssh_username": "x", "launch_block_device_mappings": []fields{device}, "ssh_clear_authorized_keys": false,
		"metadata_options": fields{"http_tokens": "optional"}, "temporary_security_group_source_cidrs": []string{"0.0.0.0/0"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	if own.Metadata.HttpTokens != "optional" || own.Comm.SSHClearAuthorizedKeys || own.LaunchMappings[0].DeleteOnTermination || len(own.TemporarySGSourceCidrs) != 1 {
		t.Error("a default won over what the user wrote")
	}
}

// TestHCL reads the options as Packer hands HCL over: every attribute is there, and
// those that were left out are null.
func TestHCL(t *testing.T) {
	t.Parallel()
	script := filepath.Join(t.TempDir(), "java.sh")
	if err := os.WriteFile(script, []byte("true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	block := cty.ObjectVal
	null := cty.NullVal(cty.String)
	value := cty.ObjectVal(map[string]cty.Value{
		"family": cty.StringVal("web"), "tier": cty.StringVal("hybrid"), "instance_type": cty.StringVal("t4g.small"),
		"ssh_username": cty.StringVal("x"), "ami_name": null, "ssh_clear_authorized_keys": cty.NullVal(cty.Bool),
		"stage": cty.ListVal([]cty.Value{block(map[string]cty.Value{
			"name": cty.StringVal("java"), "tier": cty.StringVal("hybrid"), "script": cty.StringVal(script),
			"inline": cty.NullVal(cty.List(cty.String)), "environment": cty.MapVal(map[string]cty.Value{"V": cty.StringVal("21")}),
		})}),
		"inputs": block(map[string]cty.Value{
			"files": cty.NullVal(cty.List(cty.String)), "exclude": cty.NullVal(cty.List(cty.String)), "values": cty.NullVal(cty.Map(cty.String)),
		}),
		"parent": cty.NullVal(cty.Object(map[string]cty.Type{"on_missing": cty.String})),
		"launch_block_device_mappings": cty.ListVal([]cty.Value{block(map[string]cty.Value{
			"device_name": cty.StringVal("/dev/xvda"), "delete_on_termination": cty.NullVal(cty.Bool),
		})}),
		"encrypt_boot": cty.NullVal(cty.Bool),
	})
	var c Config
	if _, err := c.prepare(value); err != nil {
		t.Fatal(err)
	}
	if len(c.stages) != 1 || c.Inputs == nil || c.Parent.Tier != "os-only" || !c.Comm.SSHClearAuthorizedKeys || !c.LaunchMappings[0].DeleteOnTermination {
		t.Errorf("config %+v", c.LayerConfig)
	}
	if c.AMIEncryptBootVolume != config.TriUnset || c.layerKey().Architecture != "arm64" {
		t.Errorf("encryption %v, key %v", c.AMIEncryptBootVolume, c.layerKey())
	}
}

func TestArchitecture(t *testing.T) {
	t.Parallel()
	for instanceType, want := range map[string]string{
		"t3.small": "x86_64", "t4g.micro": "arm64", "m7gd.large": "arm64", "c7gn.16xlarge": "arm64", "im4gn.large": "arm64", "is4gen.medium": "arm64",
		"x2gd.metal": "arm64", "g5g.xlarge": "arm64", "g5.xlarge": "x86_64", "g4dn.xlarge": "x86_64", "g6e.xlarge": "x86_64", "a1.medium": "arm64",
		"m7i-flex.large": "x86_64", "u7i-12tb.224xlarge": "x86_64", "mac1.metal": "x86_64_mac", "mac2-m2.metal": "arm64_mac", "hpc7g.4xlarge": "arm64", "": "",
	} {
		if got := architecture(instanceType); got != want {
			t.Errorf("%s: %q, not %q", instanceType, got, want)
		}
	}
}

// noise is text that does not get smaller.
func noise(size int) string {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same each time
	text := make([]byte, size)
	for i := range text {
		text[i] = byte('A' + random.IntN(26))
	}
	return "# " + string(text)
}
