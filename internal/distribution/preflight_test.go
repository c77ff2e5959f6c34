package distribution_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution/fakeaws"
)

func TestPreflightFindsEverythingAtOnceAndWritesNothing(t *testing.T) {
	inBubble(t, func(r *rig) {
		source := r.plainSource()
		r.cloud.AddKey(eu, "alias/golden", func(k *kmstypes.KeyMetadata) {
			k.KeyState, k.DeletionDate = kmstypes.KeyStatePendingDeletion, aws.Time(time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC))
			k.KeySpec = kmstypes.KeySpecRsa2048
		})
		r.cloud.AddImage(eu, "plain", "", nil)
		err := r.engine.Preflight(r.Context(), source, distribution.Spec{
			Targets: []distribution.Target{
				{Region: eu, KMSKeyID: "alias/golden"}, {Region: tokyo, KMSKeyID: "alias/golden"}, {Region: "eu-central-1"},
			},
			DeprecateAt: time.Now().Add(-time.Hour),
		})
		wantError(t, err, "in the past", "PendingDeletion", "2027-01-02", "RSA_2048", "is taken by ami-",
			"key alias/golden does not exist in "+tokyo, "eu-central-1: there is no such Region")
		for _, region := range []string{home, eu, tokyo} {
			if got := r.writes(region); len(got) != 0 {
				t.Errorf("%s: preflight wrote: %v", region, got)
			}
		}
	})
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	shared := distribution.Share{Accounts: []string{other}}
	public := distribution.Share{Groups: []string{"all"}}
	toEU := []distribution.Target{{Region: eu}}
	yes := true
	for name, c := range map[string]struct {
		prepare func(r *rig, source *distribution.Source)
		spec    distribution.Spec
		says    []string // empty: no finding
		warns   string
	}{
		"fine":                  {spec: distribution.Spec{Targets: toEU, Share: shared}},
		"image not there yet":   {func(_ *rig, s *distribution.Source) { s.ImageID = "" }, distribution.Spec{Targets: toEU, Name: "later"}, nil, ""},
		"unknown image":         {func(_ *rig, s *distribution.Source) { s.ImageID = "ami-00000000" }, distribution.Spec{}, []string{"ami-00000000 does not exist"}, ""},
		"failed image":          {setState(types.ImageStateFailed), distribution.Spec{}, []string{"is failed", "Client.X: broken"}, ""},
		"withdrawn image":       {markRevoked, distribution.Spec{}, []string{`"revoked"`}, ""},
		"Region not enabled":    {func(r *rig, _ *distribution.Source) { r.cloud.EditRegion(eu, "not-opted-in", false, "") }, distribution.Spec{Targets: toEU}, []string{eu + ": the Region is not enabled"}, ""},
		"name taken":            {func(r *rig, _ *distribution.Source) { r.cloud.AddImage(eu, "later", "", nil) }, distribution.Spec{Targets: toEU, Name: "later"}, []string{"is taken by"}, ""},
		"too many tags":         {manyTags, distribution.Spec{Targets: toEU}, []string{"tags", "50"}, ""},
		"AWS key and sharing":   {addAWSKey, distribution.Spec{Targets: []distribution.Target{{Region: eu, KMSKeyID: "alias/theirs"}}, Share: shared}, []string{"managed by AWS"}, ""},
		"AWS key, unshared":     {addAWSKey, distribution.Spec{Targets: []distribution.Target{{Region: eu, KMSKeyID: "alias/theirs"}}}, nil, ""},
		"default key shared":    {nil, distribution.Spec{Targets: []distribution.Target{{Region: eu, Encrypt: &yes}}, Share: shared}, []string{"default EBS key", "managed by AWS"}, ""},
		"encrypts by default":   {func(r *rig, _ *distribution.Source) { r.cloud.EditRegion(eu, "opted-in", true, "") }, distribution.Spec{Targets: toEU, Share: shared}, []string{"default EBS key"}, ""},
		"public, by default":    {func(r *rig, _ *distribution.Source) { r.cloud.EditRegion(eu, "opted-in", true, "unblocked") }, distribution.Spec{Targets: toEU, Share: public}, []string{"cannot be public"}, ""},
		"public is blocked":     {func(r *rig, _ *distribution.Source) { r.cloud.EditRegion(eu, "opted-in", false, "block-new-sharing") }, distribution.Spec{Targets: toEU, Share: public}, []string{eu, "block public access"}, ""},
		"public is fine":        {nil, distribution.Spec{Targets: toEU, Share: public}, nil, ""},
		"public of Marketplace": {marketplace, distribution.Spec{Share: public}, []string{"Marketplace"}, ""},
		"source on AWS key":     {encryptSource("alias/aws/ebs"), distribution.Spec{Share: shared}, []string{"which AWS manages"}, ""},
		"source encrypted":      {encryptSource("alias/mine"), distribution.Spec{Share: public}, []string{"is encrypted and cannot be public"}, ""},
		"copy keeps the key":    {encryptSource("alias/aws/ebs"), distribution.Spec{SkipSource: true, Name: "final", Targets: []distribution.Target{{Region: home}}, Share: shared}, []string{"which AWS manages"}, ""},
		"source's key disabled": {disabledSource, distribution.Spec{Targets: toEU}, []string{"cannot be copied", "is Disabled", "kms:EnableKey"}, ""},
		"default key, unshared": {nil, distribution.Spec{Targets: []distribution.Target{{Region: eu, Encrypt: &yes}}}, nil, ""},
		"may not see Regions":   {deny("DescribeRegions", home), distribution.Spec{Targets: toEU}, nil, "whether the Regions are enabled"},
		"may not see defaults":  {deny("GetEbsEncryptionByDefault", eu), distribution.Spec{Targets: toEU, Share: shared}, nil, "encrypts by default"},
		"may not see the block": {deny("GetImageBlockPublicAccessState", eu), distribution.Spec{Targets: toEU, Share: public}, nil, "block of public images"},
		"may not see images":    {deny("DescribeImages", eu), distribution.Spec{Targets: toEU}, []string{eu, "UnauthorizedOperation"}, ""},
		"may not see the key":   {denyKey, distribution.Spec{Targets: []distribution.Target{{Region: eu, KMSKeyID: "alias/mine"}}}, []string{eu, "AccessDeniedException"}, ""},
		"bad credentials":       {fail("DescribeRegions", home, "AuthFailure"), distribution.Spec{Targets: toEU}, []string{"AuthFailure"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				source := r.plainSource()
				if c.prepare != nil {
					c.prepare(r, &source)
				}
				err := r.engine.Preflight(r.Context(), source, c.spec)
				if len(c.says) > 0 {
					wantError(t, err, c.says...)
				} else if err != nil {
					t.Errorf("finding: %v", err)
				}
				warned := slices.ContainsFunc(r.warned, func(w string) bool { return strings.Contains(w, c.warns) })
				if warned != (c.warns != "") {
					t.Errorf("warnings: %q", r.warned)
				}
			})
		})
	}
}

func setState(s types.ImageState) func(*rig, *distribution.Source) {
	return func(r *rig, source *distribution.Source) {
		r.cloud.EditImage(home, source.ImageID, func(i *types.Image) {
			i.State, i.StateReason = s, &types.StateReason{Code: aws.String("Client.X"), Message: aws.String("broken")}
		})
	}
}

func markRevoked(r *rig, source *distribution.Source) {
	meta := ami.Meta{Family: "f", Tier: ami.Full, State: ami.Revoked, Version: ami.NewVersion(time.Now()), BuiltAt: time.Now()}
	r.cloud.EditImage(home, source.ImageID, func(i *types.Image) { i.Tags = ami.EC2Tags(meta.Tags()) })
}

func manyTags(r *rig, source *distribution.Source) {
	r.cloud.EditImage(home, source.ImageID, func(i *types.Image) {
		for n := range 50 {
			i.Tags = append(i.Tags, types.Tag{Key: aws.String("k" + string(rune('A'+n))), Value: aws.String("v")})
		}
	})
}

func marketplace(r *rig, source *distribution.Source) {
	r.cloud.EditImage(home, source.ImageID, func(i *types.Image) {
		i.ProductCodes = []types.ProductCode{{ProductCodeId: aws.String("x"), ProductCodeType: types.ProductCodeValuesMarketplace}}
	})
}

func addAWSKey(r *rig, _ *distribution.Source) {
	r.cloud.AddKey(eu, "alias/theirs", func(k *kmstypes.KeyMetadata) { k.KeyManager = kmstypes.KeyManagerTypeAws })
}

func encryptSource(alias string) func(*rig, *distribution.Source) {
	return func(r *rig, source *distribution.Source) {
		manager := kmstypes.KeyManagerTypeCustomer
		if alias == "alias/aws/ebs" {
			manager = kmstypes.KeyManagerTypeAws
		}
		key := r.cloud.AddKey(home, alias, func(k *kmstypes.KeyMetadata) { k.KeyManager = manager })
		source.ImageID = r.cloud.AddImage(home, "enc", key, nil)
	}
}

func disabledSource(r *rig, source *distribution.Source) {
	key := r.cloud.AddKey(home, "alias/off", func(k *kmstypes.KeyMetadata) { k.KeyState = kmstypes.KeyStateDisabled })
	source.ImageID = r.cloud.AddImage(home, "enc", key, nil)
}

func fail(op, region, code string) func(*rig, *distribution.Source) {
	return func(r *rig, _ *distribution.Source) { r.cloud.Fail(region, op, fakeaws.Error(code, "no")) }
}

func deny(op, region string) func(*rig, *distribution.Source) {
	return fail(op, region, "UnauthorizedOperation")
}

func denyKey(r *rig, _ *distribution.Source) {
	r.cloud.AddKey(eu, "alias/mine", nil)
	r.cloud.Fail(eu, "DescribeKey", fakeaws.Error("AccessDeniedException", "no"))
}
