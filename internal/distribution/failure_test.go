package distribution_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution/fakeaws"
)

func (r *rig) plainSource() distribution.Source {
	return distribution.Source{Region: home, ImageID: r.cloud.AddImage(home, "plain", "", nil)}
}

func TestFailedCopySaysWhyAndStopsNobodyElse(t *testing.T) {
	inBubble(t, func(r *rig) {
		key := r.cloud.AddKey(eu, "alias/golden", nil)
		r.cloud.FailCopy[eu] = "The key is not usable"
		source := r.plainSource()
		spec := distribution.Spec{Targets: []distribution.Target{{Region: eu, KMSKeyID: "alias/golden"}, {Region: tokyo}}}
		r.disableKeyLater(eu, "alias/golden")
		results, err := r.execute(source, spec)
		wantError(t, err, eu, "Client.InvalidKMSKey.InvalidState", "The key is not usable",
			"Given key ID is not accessible", key+" is Disabled", "kms:EnableKey")
		res := byRegion(results)
		if res[tokyo].Err != nil || res[home].Err != nil || res[eu].ImageID == "" {
			t.Errorf("results: %+v", res)
		}
		if slices.Contains(r.kept, res[eu].ImageID) || !slices.Contains(r.kept, res[tokyo].ImageID) {
			t.Errorf("kept %v", r.kept)
		}
		if !r.sawEvent(eu, distribution.EventFailed) || !r.sawEvent(tokyo, distribution.EventDone) {
			t.Errorf("events: %v", r.events)
		}

		// The cause is repaired: the dead copy is not adopted, and EC2 is asked
		// with another token, since it would answer the first with the dead image.
		delete(r.cloud.FailCopy, eu)
		r.cloud.EditKey(eu, "alias/golden", func(k *kmstypes.KeyMetadata) { k.KeyState = kmstypes.KeyStateEnabled })
		again := r.done(source, spec)
		if again[eu].ImageID == res[eu].ImageID || again[tokyo].ImageID != res[tokyo].ImageID {
			t.Errorf("second run: %+v", again)
		}
	})
}

// disableKeyLater takes a key away while the copy runs.
func (r *rig) disableKeyLater(region, alias string) {
	time.AfterFunc(5*time.Minute, func() {
		r.cloud.EditKey(region, alias, func(k *kmstypes.KeyMetadata) { k.KeyState = kmstypes.KeyStateDisabled })
	})
}

func TestErrorsOfEC2(t *testing.T) {
	t.Parallel()
	throttle := fakeaws.Error("RequestLimitExceeded", "Request limit exceeded.")
	for name, c := range map[string]struct {
		op     string
		errs   []error
		says   []string // empty: the engine gets over it
		within time.Duration
	}{
		"throttled":               {op: "CopyImage", errs: []error{throttle, throttle, throttle}},
		"server error on read":    {op: "DescribeImages", errs: []error{fakeaws.Error("InternalError", "An internal error has occurred")}},
		"no free slot":            {op: "CopyImage", errs: repeat(100, fakeaws.Error("ResourceLimitExceeded", "Too many snapshot copies in progress. The limit is 20 for this destination region."))},
		"not visible when tagged": {op: "ModifyImageAttribute", errs: []error{fakeaws.Error("InvalidAMIID.NotFound", "The image id does not exist")}},
		"still pending somewhere": {op: "ModifyImageAttribute", errs: []error{fakeaws.Error("InvalidAMIID.Unavailable", "is currently pending and may not be used for this operation")}},
		"token used before":       {op: "CopyImage", errs: []error{fakeaws.Error("IdempotentParameterMismatch", "other parameters")}},
		"quota":                   {op: "CopyImage", errs: []error{fakeaws.Error("ResourceLimitExceeded", "You have reached your quota of 50000 images")}, says: []string{"your quota of 50000"}},
		"not allowed":             {op: "CopyImage", errs: []error{fakeaws.Error("UnauthorizedOperation", "You are not authorized to perform this operation.")}, says: []string{"UnauthorizedOperation", "not authorized"}},
		"snapshots not shared":    {op: "CopyImage", errs: []error{fakeaws.Error("InvalidRequest", "You do not have permission to access the storage of this ami")}, says: []string{"access the storage of this ami"}},
		"bad account":             {op: "ModifyImageAttribute", errs: []error{fakeaws.Error("InvalidAMIAttributeItemValue", "Invalid attribute item value")}, says: []string{"share the image with " + other}},
		"snapshot share refused":  {op: "ModifySnapshotAttribute", errs: []error{fakeaws.Error("OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared")}, says: []string{"OperationNotPermitted", "share snapshot snap-"}},
		"deprecation refused":     {op: "EnableImageDeprecation", errs: []error{fakeaws.Error("InvalidParameter", "bad date")}, says: []string{"deprecate at", "bad date"}},
		"protection refused":      {op: "EnableImageDeregistrationProtection", errs: []error{fakeaws.Error("UnauthorizedOperation", "no")}, says: []string{"protect"}},
		"tagging refused":         {op: "CreateTags", errs: []error{fakeaws.Error("TagPolicyViolation", "no")}, says: []string{"TagPolicyViolation"}},
		"snapshots unreadable":    {op: "DescribeSnapshots", errs: []error{nil, fakeaws.Error("UnauthorizedOperation", "no")}, says: []string{"UnauthorizedOperation"}},
		"permissions unreadable":  {op: "DescribeImageAttribute", errs: []error{fakeaws.Error("UnauthorizedOperation", "no")}, says: []string{"who may use the image"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				source := r.plainSource()
				errs := slices.DeleteFunc(c.errs, func(err error) bool { return err == nil })
				r.cloud.Fail(eu, c.op, errs...)
				results, err := r.execute(source, distribution.Spec{
					Targets: []distribution.Target{{Region: eu}}, DeprecateAt: time.Now().Add(time.Hour), Protect: &distribution.Protection{},
					Share: distribution.Share{Accounts: []string{other}, SnapshotAccounts: []string{other}},
					Meta:  &ami.Meta{Family: "f", Tier: ami.Full, Version: ami.NewVersion(time.Now()), BuiltAt: time.Now()},
				})
				res := byRegion(results)
				if res[home].Err != nil {
					t.Errorf("the source Region suffered: %v", res[home].Err)
				}
				if len(c.says) == 0 {
					if err != nil {
						t.Fatalf("was not got over: %v", err)
					}
					return
				}
				wantError(t, err, append(c.says, eu)...)
				if slices.Contains(r.kept, res[eu].ImageID) {
					t.Errorf("an unfinished image was kept")
				}
				state := tagMap(r.cloud.Images(eu)[res[eu].ImageID].Tags)["goldenami:state"]
				if state == "good" {
					t.Errorf("an unfinished image is marked as good")
				}
			})
		})
	}
}

func repeat(n int, err error) []error { return slices.Repeat([]error{err}, n) }

func TestVerifyFindsEveryDifference(t *testing.T) {
	inBubble(t, func(r *rig) {
		source := r.plainSource()
		r.cloud.AddImage(eu, "plain", "", func(i *types.Image) {
			i.SourceImageId, i.SourceImageRegion = aws.String(source.ImageID), aws.String(home)
			i.Architecture, i.BootMode, i.UsageOperation = types.ArchitectureValuesArm64, types.BootModeValuesUefi, aws.String("RunInstances:0010")
			i.BlockDeviceMappings[1].DeviceName = aws.String("/dev/xvdc")
			i.BlockDeviceMappings[0].Ebs.VolumeSize = aws.Int32(99)
		})
		_, err := r.execute(source, distribution.Spec{Targets: []distribution.Target{{Region: eu}}, Share: distribution.Share{Accounts: []string{other}}})
		wantError(t, err, "architecture", "boot mode", "RunInstances:0010", "/dev/xvdb is missing", "/dev/xvdc is not in the source", "99 GiB")
		if got := r.writes(eu); len(got) != 0 {
			t.Errorf("shared or changed although not verified: %v", got)
		}
	})
}

func TestSharingIsChunkedAndOnlyAdds(t *testing.T) {
	inBubble(t, func(r *rig) {
		source := r.plainSource()
		accounts := make([]string, 0, 600)
		for i := range 600 {
			accounts = append(accounts, aws.ToString(aws.String("1"+strings.Repeat("0", 8)+string(rune('0'+i/100))+string(rune('0'+i/10%10))+string(rune('0'+i%10)))))
		}
		share := distribution.Share{Accounts: accounts, SnapshotAccounts: accounts}
		res := r.done(source, distribution.Spec{Share: share})
		if len(res[home].SharedWith) != 600 {
			t.Errorf("shared with %d", len(res[home].SharedWith))
		}
		for _, c := range r.cloud.Calls() {
			if in, ok := c.Input.(*ec2.ModifyImageAttributeInput); ok && len(in.LaunchPermission.Add) > 500 {
				t.Errorf("%d changes in one call", len(in.LaunchPermission.Add))
			}
		}
		r.cloud.ForgetCalls()
		res = r.done(source, distribution.Spec{Share: distribution.Share{Accounts: []string{other, accounts[0]}}})
		if len(res[home].SharedWith) != 601 || r.ops(home)["ModifyImageAttribute"] != 1 {
			t.Errorf("shared with %d, calls %v", len(res[home].SharedWith), r.ops(home))
		}
	})
}

func TestPanicInARegionIsAResult(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.engine.Keep = func(context.Context, ...string) error { panic("boom") }
		results, err := r.execute(r.plainSource(), distribution.Spec{})
		wantError(t, err, home, "boom", "please report")
		if len(results) != 1 || results[0].Err == nil {
			t.Errorf("%+v", results)
		}
	})
}

func TestKeepThatFailsFailsTheRegion(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.engine.Keep = func(context.Context, ...string) error { return errors.New("disk full") }
		_, err := r.execute(r.plainSource(), distribution.Spec{})
		wantError(t, err, home, "disk full")
	})
}

func TestSourceThatIsNotFit(t *testing.T) {
	inBubble(t, func(r *rig) {
		_, err := r.execute(distribution.Source{Region: home}, distribution.Spec{})
		wantError(t, err, "no source image")
		_, err = r.execute(distribution.Source{Region: home, ImageID: "ami-00000000"}, distribution.Spec{})
		wantError(t, err, "ami-00000000", home)
		source := distribution.Source{Region: home, ImageID: r.cloud.AddImage(home, "bad", "", func(i *types.Image) {
			i.Tags = ami.EC2Tags(ami.Meta{Family: "f", Tier: ami.Full, State: ami.Bad, Version: ami.NewVersion(time.Now()), BuiltAt: time.Now()}.Tags())
		})}
		_, err = r.execute(source, distribution.Spec{})
		wantError(t, err, source.ImageID, `"bad"`)
	})
}

func TestLostTagsAreWrittenAgain(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cloud.DropCopyTags = true
		res := r.done(r.plainSource(), distribution.Spec{
			SkipSource: true, Targets: []distribution.Target{{Region: eu}}, Tags: map[string]string{"a": "b"}, SnapshotTags: map[string]string{"c": "d"},
		})
		if tags := tagMap(r.cloud.Images(eu)[res[eu].ImageID].Tags); tags["a"] != "b" {
			t.Errorf("tags: %v", tags)
		}
		if got := r.ops(eu)["CreateTags"]; got != 3 {
			t.Errorf("%d CreateTags, want one each for the image and two snapshots", got)
		}
	})
}
