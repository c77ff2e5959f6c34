package distribution_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
)

// everything is a spec that uses every part of the engine.
func everything(at time.Time) distribution.Spec {
	return distribution.Spec{
		Targets: []distribution.Target{{Region: eu, KMSKeyID: "alias/golden"}, {Region: tokyo, KMSKeyID: "alias/golden"}},
		Share: distribution.Share{
			Accounts: []string{other, "111122223333"}, SnapshotAccounts: []string{other},
			OrgARNs: []string{"arn:aws:organizations::123456789012:organization/o-abcdefghij"},
			OUARNs:  []string{"arn:aws:organizations::123456789012:ou/o-abcdefghij/ou-abcd-12345678"},
		},
		Tags: map[string]string{"team": "web"}, SnapshotTags: map[string]string{"cost": "42"},
		DeprecateAt: at, Protect: &distribution.Protection{Cooldown: true}, IMDSv2: true, Description: "golden",
		ProductCodes: []string{"abc"}, CopyMinutes: 60, RunID: "run-1", Name: "web-1",
		FastLaunch: map[string]distribution.FastLaunch{eu: {MaxParallelLaunches: 6, TargetResourceCount: 5, TemplateName: "lt"}},
		Meta: &ami.Meta{
			Family: "web", Tier: ami.Full, Version: ami.NewVersion(at), Fingerprint: "f", Inputs: "i", BuiltAt: at.Truncate(time.Second), Run: "run-1",
		},
	}
}

func (r *rig) windowsSource() distribution.Source {
	id := r.cloud.AddImage(home, "web-1", "", func(i *types.Image) {
		i.Platform = types.PlatformValuesWindows
		i.Tags = []types.Tag{
			{Key: aws.String("owner"), Value: aws.String("me")},
			{Key: aws.String("aws:secret"), Value: aws.String("x")},
		}
	})
	return distribution.Source{Region: home, ImageID: id}
}

func TestExecuteMakesEverythingTrue(t *testing.T) {
	inBubble(t, func(r *rig) {
		keys := map[string]string{eu: r.cloud.AddKey(eu, "alias/golden", nil), tokyo: r.cloud.AddKey(tokyo, "alias/golden", nil)}
		source := r.windowsSource()
		spec := everything(time.Now().Add(90 * 24 * time.Hour))
		begun := time.Now()
		results := r.done(source, spec)

		if took := time.Since(begun); took > 10*time.Minute+30*time.Second {
			t.Errorf("took %s: Regions did not proceed side by side, or the end was noticed late", took)
		}
		for region, key := range keys {
			res := results[region]
			if res.Adopted || res.Err != nil || !slices.Equal(res.KMSKeyARNs, []string{key}) || len(res.SnapshotIDs) != 2 {
				t.Errorf("%s: %+v", region, res)
			}
			r.checkImage(region, res)
		}
		r.checkImage(home, results[home])
		if !results[home].Adopted || results[home].ImageID != source.ImageID {
			t.Errorf("source: %+v", results[home])
		}
		if len(r.kept) != 9 {
			t.Errorf("kept %d ids, want 3 images and 6 snapshots: %v", len(r.kept), r.kept)
		}
	})
}

func TestNothingIsSharedBeforeItIsVerifiedAndGoodComesLast(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cloud.AddKey(eu, "alias/golden", nil)
		r.cloud.AddKey(tokyo, "alias/golden", nil)
		source := r.windowsSource()
		spec := everything(time.Now().Add(90 * 24 * time.Hour))
		spec.SkipSource = true // its attributes would be copied, if they were set first
		r.done(source, spec)
		want := []string{
			"CopyImage", "ModifyImageAttribute" /* share */, "ModifySnapshotAttribute", "ModifySnapshotAttribute",
			"ModifyImageAttribute" /* IMDS */, "ModifyImageAttribute" /* product codes */, "EnableImageDeprecation",
			"EnableImageDeregistrationProtection", "CreateTags", /* good */
		}
		if got := r.writes(tokyo); !slices.Equal(got, want) {
			t.Errorf("writing calls in %s\n got %v\nwant %v", tokyo, got, want)
		}
	})
}

// checkImage looks at the image as its users will.
func (r *rig) checkImage(region string, res distribution.Result) {
	r.Helper()
	img := r.cloud.Images(region)[res.ImageID]
	tags := tagMap(img.Tags)
	for key, want := range map[string]string{"team": "web", "owner": "me", "goldenami:state": "good", "goldenami:family": "web"} {
		if tags[key] != want {
			r.Errorf("%s: tag %s is %q, want %q", region, key, tags[key], want)
		}
	}
	if _, ok := tags["aws:secret"]; ok && region != home {
		r.Errorf("%s: a tag of AWS was copied", region)
	}
	if aws.ToString(img.Description) != "golden" || img.ImdsSupport != "v2.0" || len(img.ProductCodes) != 1 ||
		aws.ToString(img.DeregistrationProtection) != "enabled-with-cooldown" || img.DeprecationTime == nil {
		r.Errorf("%s: attributes are missing: %+v", region, img)
	}
	if len(res.SharedWith) != 4 {
		r.Errorf("%s: shared with %v", region, res.SharedWith)
	}
}

func tagMap(tags []types.Tag) map[string]string {
	out := make(map[string]string)
	for _, t := range tags {
		out[*t.Key] = *t.Value
	}
	return out
}

func TestSecondExecuteOnlyReads(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cloud.AddKey(eu, "alias/golden", nil)
		r.cloud.AddKey(tokyo, "alias/golden", nil)
		source := r.windowsSource()
		spec := everything(time.Now().Add(time.Hour * 24 * 30))
		first := r.done(source, spec)
		r.cloud.ForgetCalls()
		spec.RunID = "run-2" // another run of Packer
		begun := time.Now()
		second := r.done(source, spec)

		for region, res := range second {
			if !res.Adopted || res.ImageID != first[region].ImageID || !slices.Equal(res.SharedWith, first[region].SharedWith) {
				t.Errorf("%s: %+v, first was %+v", region, res, first[region])
			}
		}
		wantCopy := map[string]int{
			"DescribeKey": 1, "DescribeImages": 1, "DescribeSnapshots": 1, "DescribeImageAttribute": 1, "DescribeSnapshotAttribute": 2,
		}
		wantEU := maps.Clone(wantCopy)
		wantEU["DescribeFastLaunchImages"] = 1
		wantHome := maps.Clone(wantCopy)
		delete(wantHome, "DescribeKey")
		for region, want := range map[string]map[string]int{tokyo: wantCopy, eu: wantEU, home: wantHome} {
			if got := r.ops(region); !maps.Equal(got, want) {
				t.Errorf("%s: calls %v, want %v", region, got, want)
			}
		}
		if time.Since(begun) != 0 {
			t.Errorf("the second run waited for %s", time.Since(begun))
		}
	})
}

func TestCopyAsksForNoMoreThanWasAskedFor(t *testing.T) {
	inBubble(t, func(r *rig) {
		source := distribution.Source{Region: home, ImageID: r.cloud.AddImage(home, "plain", "", nil)}
		yes := true
		results := r.done(source, distribution.Spec{Targets: []distribution.Target{{Region: eu}, {Region: tokyo, Encrypt: &yes}}})
		for _, c := range r.cloud.Calls() {
			in, ok := c.Input.(*ec2.CopyImageInput)
			if !ok {
				continue
			}
			if in.KmsKeyId != nil || in.CopyImageTags != nil || in.SnapshotCopyCompletionDurationMinutes != nil || in.Description != nil {
				t.Errorf("%s: CopyImage sends what was not asked for: %+v", c.Region, in)
			}
			if (in.Encrypted != nil) != (c.Region == tokyo) {
				t.Errorf("%s: Encrypted = %v", c.Region, in.Encrypted)
			}
		}
		if len(results[eu].KMSKeyARNs) != 0 || len(results[tokyo].KMSKeyARNs) != 1 {
			t.Errorf("keys: %+v", results)
		}
		if got := r.writes(eu); !slices.Equal(got, []string{"CopyImage"}) {
			t.Errorf("writing calls: %v", got)
		}
	})
}

func TestDeprecateAfterIsTheSameDateInEveryRun(t *testing.T) {
	inBubble(t, func(r *rig) {
		made := time.Now().Add(-24 * time.Hour).UTC()
		source := distribution.Source{Region: home, ImageID: r.cloud.AddImage(home, "plain", "", func(i *types.Image) {
			i.CreationDate = aws.String(made.Format("2006-01-02T15:04:05.000Z"))
		})}
		spec := distribution.Spec{Targets: []distribution.Target{{Region: eu}}, DeprecateAfter: 30 * 24 * time.Hour}
		res := r.done(source, spec)
		want := made.Add(30 * 24 * time.Hour).Round(time.Minute).Format("2006-01-02T15:04:05.000Z")
		for _, region := range []string{home, eu} {
			if got := aws.ToString(r.cloud.Images(region)[res[region].ImageID].DeprecationTime); got != want {
				t.Errorf("%s: deprecated at %s, want %s", region, got, want)
			}
		}
		r.cloud.ForgetCalls()
		time.Sleep(time.Hour)
		r.done(source, spec)
		if got := append(r.writes(home), r.writes(eu)...); len(got) != 0 {
			t.Errorf("the second run writes: %v", got)
		}
		spec.DeprecateAfter = time.Hour
		wantError(t, r.engine.Preflight(r.Context(), source, spec), "in the past")
	})
}

func TestShelfLifeIsDeprecationInEveryRegion(t *testing.T) {
	inBubble(t, func(r *rig) {
		now := time.Now().UTC().Truncate(time.Second)
		meta := ami.Meta{
			Family: "web", Tier: ami.Full, State: ami.Building, Version: ami.NewVersion(now), BuiltAt: now, ExpiresAt: now.Add(24*time.Hour + 31*time.Second),
		}
		source := distribution.Source{Region: home, ImageID: r.cloud.AddImage(home, "web-1", "", func(i *types.Image) { i.Tags = ami.EC2Tags(meta.Tags()) })}
		spec := distribution.Spec{Targets: []distribution.Target{{Region: eu}}}
		res := r.done(source, spec)
		spec.Targets = append(spec.Targets, distribution.Target{Region: tokyo}) // a Region that is added later
		maps.Copy(res, r.done(source, spec))
		want := meta.ExpiresAt.Round(time.Minute).Format("2006-01-02T15:04:05.000Z")
		for _, region := range []string{home, eu, tokyo} {
			image := r.cloud.Images(region)[res[region].ImageID]
			got, ok := ami.Parse(image.Tags)
			if aws.ToString(image.DeprecationTime) != want || !ok || !got.ExpiresAt.Equal(meta.ExpiresAt) || got.State != ami.Good {
				t.Errorf("%s: deprecated at %s, want %s; tags %+v", region, aws.ToString(image.DeprecationTime), want, got)
			}
		}
		time.Sleep(48 * time.Hour) // its shelf life is over, and EC2 takes no date that is
		spec.Tags = map[string]string{"late": "yes"}
		r.done(source, spec)
	})
}

func TestSourceRegionTarget(t *testing.T) {
	t.Parallel()
	t.Run("encrypted already", func(t *testing.T) {
		inBubble(t, func(r *rig) {
			key := r.cloud.AddKey(home, "alias/golden", nil)
			source := distribution.Source{Region: home, ImageID: r.cloud.AddImage(home, "enc", key, nil)}
			res := r.done(source, distribution.Spec{Targets: []distribution.Target{{Region: home, KMSKeyID: "alias/golden"}}})
			if len(res) != 1 || res[home].ImageID != source.ImageID || len(r.writes(home)) != 0 {
				t.Errorf("%+v, writes %v", res, r.writes(home))
			}
		})
	})
	t.Run("to be encrypted", func(t *testing.T) {
		inBubble(t, func(r *rig) {
			key := r.cloud.AddKey(home, "alias/golden", nil)
			source := distribution.Source{Region: home, ImageID: r.cloud.AddImage(home, "plain", "", nil)}
			spec := distribution.Spec{Targets: []distribution.Target{{Region: home, KMSKeyID: key}}}
			res := r.done(source, spec)
			if len(res) != 1 || res[home].ImageID == source.ImageID || !slices.Equal(res[home].KMSKeyARNs, []string{key}) {
				t.Errorf("%+v", res)
			}
			again := r.done(source, spec)
			if again[home].ImageID != res[home].ImageID {
				t.Errorf("the second run made another copy: %+v", again)
			}
		})
	})
	t.Run("an intermediary", func(t *testing.T) {
		inBubble(t, func(r *rig) {
			source := distribution.Source{Region: home, ImageID: r.cloud.AddImage(home, "temp", "", nil)}
			spec := distribution.Spec{Name: "final", SkipSource: true, Tags: map[string]string{"a": "b"}, Targets: []distribution.Target{{Region: home}, {Region: eu}}}
			res := r.done(source, spec)
			if len(res) != 2 || res[home].ImageID == source.ImageID {
				t.Errorf("%+v", res)
			}
			if tags := tagMap(r.cloud.Images(home)[source.ImageID].Tags); len(tags) != 0 || slices.Contains(r.kept, source.ImageID) {
				t.Errorf("the intermediary was changed or kept: %v %v", tags, r.kept)
			}
		})
	})
}

func TestMetaComesFromTheSourceImage(t *testing.T) {
	inBubble(t, func(r *rig) {
		meta := ami.Meta{Family: "web", Tier: ami.OSOnly, State: ami.Good, Version: ami.NewVersion(time.Now()), BuiltAt: time.Now().Truncate(time.Second)}
		source := distribution.Source{Region: home, ImageID: r.cloud.AddImage(home, "web", "", func(i *types.Image) { i.Tags = ami.EC2Tags(meta.Tags()) })}
		res := r.done(source, distribution.Spec{Targets: []distribution.Target{{Region: eu}}})
		got, ok := ami.Parse(r.cloud.Images(eu)[res[eu].ImageID].Tags)
		if !ok || got.Version != meta.Version || got.State != ami.Good {
			t.Errorf("copy's meta: %+v, %v", got, ok)
		}
		for _, c := range r.cloud.Calls() {
			if in, ok := c.Input.(*ec2.CopyImageInput); ok {
				for _, spec := range in.TagSpecifications {
					if tags := tagMap(spec.Tags); tags["goldenami:state"] != "building" {
						t.Errorf("%s is created with state %q", spec.ResourceType, tags["goldenami:state"])
					}
				}
			}
		}
	})
}
