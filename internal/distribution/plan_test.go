package distribution_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
)

func TestPlanGolden(t *testing.T) {
	t.Parallel()
	at := time.Date(2027, 1, 31, 0, 0, 29, 0, time.UTC)
	yes := true
	full := everything(at)
	full.Meta.Version = "01JAAAAAAAAAAAAAAAAAAAAAAA"
	for name, c := range map[string]struct {
		source distribution.Source
		spec   distribution.Spec
	}{
		"nothing":      {distribution.Source{Region: home, ImageID: "ami-00000001"}, distribution.Spec{}},
		"everything":   {distribution.Source{Region: home, ImageID: "ami-00000001"}, full},
		"before_build": {distribution.Source{Region: home}, distribution.Spec{Targets: []distribution.Target{{Region: eu, Encrypt: &yes}}}},
		"own_region": {distribution.Source{Region: home, ImageID: "ami-00000001"}, distribution.Spec{
			CopyMinutes: 30, Targets: []distribution.Target{{Region: home, KMSKeyID: "alias/golden"}, {Region: eu}},
		}},
		"intermediary": {distribution.Source{Region: home, ImageID: "ami-00000001"}, distribution.Spec{
			SkipSource: true, Name: "final", Targets: []distribution.Target{{Region: eu}, {Region: home}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan, err := distribution.NewPlan(c.source, c.spec)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".plan")
			if *update {
				if err := os.WriteFile(file, []byte(plan.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if plan.String() != string(want) {
				t.Errorf("got\n%s\nwant\n%s", plan, want)
			}
		})
	}
}

func TestPlanRefusesBadInput(t *testing.T) {
	t.Parallel()
	source := distribution.Source{Region: home, ImageID: "ami-00000001"}
	no, yes := false, true
	for name, c := range map[string]struct {
		spec distribution.Spec
		says string
	}{
		"Region":             {distribution.Spec{Targets: []distribution.Target{{Region: "europe"}}}, `"europe" is not a Region`},
		"twice":              {distribution.Spec{Targets: []distribution.Target{{Region: eu}, {Region: eu}}}, "more than once"},
		"key of another":     {distribution.Spec{Targets: []distribution.Target{{Region: eu, KMSKeyID: "arn:aws:kms:us-east-1:123456789012:key/mrk-0123456789abcdef0123456789abcdef"}}}, "is in us-east-1"},
		"no key at all":      {distribution.Spec{Targets: []distribution.Target{{Region: eu, KMSKeyID: "abc"}}}, "abc"},
		"key, no encryption": {distribution.Spec{Targets: []distribution.Target{{Region: eu, KMSKeyID: "alias/x", Encrypt: &no}}}, "turns encryption off"},
		"public with key":    {distribution.Spec{Targets: []distribution.Target{{Region: eu, KMSKeyID: "alias/x"}}, Share: distribution.Share{Groups: []string{"all"}}}, "cannot be public"},
		"public encrypted":   {distribution.Spec{Targets: []distribution.Target{{Region: eu, Encrypt: &yes}}, Share: distribution.Share{SnapshotGroups: []string{"all"}}}, "cannot be public"},
		"shared AWS key":     {distribution.Spec{Targets: []distribution.Target{{Region: eu, KMSKeyID: "alias/aws/ebs"}}, Share: distribution.Share{Accounts: []string{other}}}, "managed by AWS"},
		"account":            {distribution.Spec{Share: distribution.Share{Accounts: []string{"12345"}}}, "12 digits"},
		"group":              {distribution.Spec{Share: distribution.Share{Groups: []string{"some"}}}, "is not a group"},
		"organization":       {distribution.Spec{Share: distribution.Share{OrgARNs: []string{"o-abcdefghij"}}}, "is not an organization"},
		"unit":               {distribution.Spec{Share: distribution.Share{OUARNs: []string{"ou-abcd-12345678"}}}, "is not an organizational unit"},
		"too many":           {distribution.Spec{Share: distribution.Share{OrgARNs: make([]string, 1001)}}, "1000 accounts"},
		"minutes":            {distribution.Spec{CopyMinutes: 20}, "steps of 15"},
		"other partition":    {distribution.Spec{Targets: []distribution.Target{{Region: "cn-north-1"}}}, "partition aws-cn"},
		"name":               {distribution.Spec{Name: "a*b"}, "a*b"},
		"tag of AWS":         {distribution.Spec{Tags: map[string]string{"aws:x": "y"}}, "belongs to AWS"},
		"tag without key":    {distribution.Spec{SnapshotTags: map[string]string{"": "y"}}, "1 to 128"},
		"long value":         {distribution.Spec{Tags: map[string]string{"x": strings.Repeat("y", 257)}}, "256"},
		"fast launch away":   {distribution.Spec{FastLaunch: map[string]distribution.FastLaunch{eu: {}}}, "does not go to eu-west-1"},
		"fast launch few":    {distribution.Spec{FastLaunch: map[string]distribution.FastLaunch{home: {MaxParallelLaunches: 2}}}, "at least 6"},
		"two templates":      {distribution.Spec{FastLaunch: map[string]distribution.FastLaunch{home: {TemplateID: "a", TemplateName: "b"}}}, "not both"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := distribution.NewPlan(source, c.spec)
			wantError(t, err, c.says)
		})
	}
	t.Run("all at once", func(t *testing.T) {
		t.Parallel()
		_, err := distribution.NewPlan(distribution.Source{Region: "x"}, distribution.Spec{
			Targets: []distribution.Target{{Region: "y"}}, CopyMinutes: 1, Share: distribution.Share{Accounts: []string{"z"}},
		})
		wantError(t, err, `"x"`, `"y"`, "steps of 15", `"z"`)
	})
}
