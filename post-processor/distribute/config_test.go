package distribute

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
)

// decode reads a template as Packer does: by the spec that the component tells.
func decode(t *testing.T, template string) cty.Value {
	t.Helper()
	file, diags := hclparse.NewParser().ParseHCL([]byte(template), "test.pkr.hcl")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	value, diags := hcldec.Decode(file.Body, (&PostProcessor{}).ConfigSpec(), nil)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return value
}

func TestHCLTemplate(t *testing.T) {
	t.Parallel()
	r := &rig{T: t, pp: &PostProcessor{}}
	if err := r.remote().Configure(decode(t, `
		region = "us-east-1"
		target {
			regions    = ["eu-west-1", "ap-northeast-1"]
			kms_key_id = "alias/golden"
		}
		target {
			regions = ["us-west-2"]
			encrypt = true
		}
		share {
			accounts = ["111122223333"]
			org_arns = ["arn:aws:organizations::111122223333:organization/o-abcdefghij"]
		}
		outputs {
			json = "images.json"
		}
		assume_role {
			role_arn = "arn:aws:iam::111122223333:role/golden"
		}
		deregistration_protection {
			enabled       = true
			with_cooldown = true
		}
		tags                           = { team = "web" }
		snapshot_tags                  = { cost = "42" }
		name                           = "final"
		description                    = "golden"
		snapshot_copy_duration_minutes = 60
		deprecate_after                = "90d"
		imds_support                   = "v2.0"
		timeout                        = "90m"
	`)); err != nil {
		t.Fatal(err)
	}
	spec := r.pp.config.spec()
	if len(spec.Targets) != 3 || spec.Targets[1].KMSKeyID != "alias/golden" || spec.Targets[2].KMSKeyID != "" || !*spec.Targets[2].Encrypt {
		t.Errorf("targets: %+v", spec.Targets)
	}
	if !slices.Equal(spec.Share.SnapshotAccounts, []string{"111122223333"}) || len(spec.Share.OrgARNs) != 1 {
		t.Errorf("share: %+v", spec.Share)
	}
	if spec.Tags["team"] != "web" || spec.SnapshotTags["cost"] != "42" || spec.Name != "final" || spec.Description != "golden" ||
		spec.CopyMinutes != 60 || spec.DeprecateAfter != 90*24*time.Hour || !spec.IMDSv2 || spec.Timeout != 90*time.Minute ||
		spec.Protect == nil || !spec.Protect.Cooldown {
		t.Errorf("spec: %+v", spec)
	}
	if c := r.pp.config; c.Region != "us-east-1" || c.AssumeRole.RoleARN == "" || c.Outputs.JSON != "images.json" {
		t.Errorf("config: %+v", c)
	}
}

func TestValuesOfTheBuildAreUnknownWhilePackerValidates(t *testing.T) {
	t.Parallel()
	p := &PostProcessor{}
	if err := p.Configure(decode(t, "name = \"web-<unknown>\"\ntags = { id = \"<unknown>\", run = \"<unknown>\" }")); err != nil {
		t.Fatal(err)
	}
	if err := p.Configure(decode(t, `tags = { id = "i-1" }`)); err != nil {
		t.Fatal(err)
	}
	if p.config.Name != "" || len(p.config.Tags) != 1 || p.config.Tags["id"] != "i-1" {
		t.Errorf("something of the first call stayed: %+v", p.config)
	}
	wantError(t, p.Configure(decode(t, `name = "web<1>"`)), "name: ")
}

func TestEmptyTemplateIsFine(t *testing.T) {
	t.Parallel()
	var c Config
	if err := c.Prepare(decode(t, ``)); err != nil {
		t.Error(err)
	}
}

func TestBadOptionsAreNamed(t *testing.T) {
	t.Parallel()
	for template, says := range map[string]string{
		`target { regions = [] }`:                                                    "target 1: regions: name at least one",
		`target { regions = ["europe"] }`:                                            `target 1: regions: "europe"`,
		`target { regions = ["eu-west-1", "eu-west-1"] }`:                            "target 1: regions: eu-west-1 is named in target 1",
		"target { regions = [\"eu-west-1\"] }\ntarget { regions = [\"eu-west-1\"] }": "target 2: regions: eu-west-1 is named in target 1",
		"target {\n regions = [\"eu-west-1\"]\n kms_key_id = \"arn:aws:kms:us-east-1:111122223333:key/00000000-0000-4000-8000-000000000001\"\n}": "target 1: kms_key_id: key arn:aws:kms:us-east-1",
		"target {\n regions = [\"eu-west-1\"]\n kms_key_id = \"golden\"\n}":                                                                      "target 1: kms_key_id",
		"target {\n regions = [\"eu-west-1\"]\n kms_key_id = \"alias/golden\"\n}\nshare { groups = [\"all\"] }":                                  "cannot be public",
		`share { accounts = ["1234"] }`:  `share: "1234" is not an account id`,
		`share { groups = ["us"] }`:      `share: "us" is not a group`,
		`share { org_arns = ["o-abc"] }`: "share: \"o-abc\"",
		`region = "here"`:                "region:",
		`timeout = "soon"`:               "timeout:",
		`timeout = "0s"`:                 "timeout:",
		`deprecate_at = "tomorrow"`:      "deprecate_at:",
		`deprecate_after = "x"`:          "deprecate_after:",
		"deprecate_after = \"1d\"\ndeprecate_at = \"2027-01-31T00:00:00Z\"": "leave one out",
		`imds_support = "v1.0"`:                              "imds_support:",
		`deregistration_protection { with_cooldown = true }`: "deregistration_protection:",
		`snapshot_copy_duration_minutes = 20`:                "snapshot_copy_duration_minutes:",
		`name = "*"`:                                         "name: ",
		`tags = { "aws:x" = "y" }`:                           "tags:",
	} {
		t.Run(template, func(t *testing.T) {
			t.Parallel()
			var c Config
			wantError(t, c.Prepare(decode(t, template)), says)
		})
	}
}

func TestUnknownOptionIsRefused(t *testing.T) {
	t.Parallel()
	var c Config
	wantError(t, c.Prepare(map[string]interface{}{"regoin": "us-east-1"}), "regoin")
}

func TestDecodeToleratesWhatRPCMakesOfTypes(t *testing.T) {
	t.Parallel()
	in := map[interface{}]interface{}{
		"a": []byte("text"), "b": map[interface{}]interface{}{[]uint8(nil) == nil: 1}, "c": []interface{}{[]byte("x"), nil},
		"d": (*int)(nil), "e": struct{ Name string }{"n"},
	}
	want := map[string]interface{}{
		"a": "text", "b": map[string]interface{}{"true": 1}, "c": []interface{}{"x", nil}, "d": nil, "e": map[string]interface{}{"Name": "n"},
	}
	if got := plain(in); !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v", got)
	}
	if stringMap("no map") != nil || stringMap(nil) != nil {
		t.Error("what is no map is not nil")
	}
	for _, v := range []interface{}{nil, "x", []interface{}{}, []interface{}{"x"}} {
		if labels, id := registryFacts(v); labels != nil || id != "" {
			t.Errorf("%v gives %v, %q", v, labels, id)
		}
	}
}
