package distribution

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]class{
		"RequestLimitExceeded": classBusy, "InternalError": classBusy, "ServiceUnavailable": classBusy, "Unavailable": classBusy,
		"RequestTimeout": classBusy, "ConcurrentTagAccess": classBusy, "ConcurrentSnapshotLimitExceeded": classSlot,
		"InvalidAMIID.NotFound": classUnready, "InvalidAMIID.Unavailable": classUnready, "InvalidSnapshot.NotFound": classUnready,
		"IncorrectState": classUnready, "IdempotentParameterMismatch": classMismatch, "InvalidRequest": classFatal,
		"InvalidParameter": classFatal, "UnauthorizedOperation": classFatal, "AuthFailure": classFatal, "OptInRequired": classFatal,
		"SnapshotLimitExceeded": classFatal, "TagPolicyViolation": classFatal, "ResourceLimitExceeded": classFatal,
	} {
		err := fmt.Errorf("wrapped: %w", &smithy.GenericAPIError{Code: code, Message: "m"})
		if got := classify(err); got != want {
			t.Errorf("%s is %v, want %v", code, got, want)
		}
	}
	slot := &smithy.GenericAPIError{Code: "ResourceLimitExceeded", Message: "Too many snapshot copies in progress. The limit is 20 for this destination region."}
	if got := classify(slot); got != classSlot {
		t.Errorf("a full queue is %v", got)
	}
	if got := classify(errors.New("no such host")); got != classFatal {
		t.Errorf("an error that is not AWS's is %v", got)
	}
}

func TestClientTokenCoversEveryParameter(t *testing.T) {
	t.Parallel()
	base := func() *ec2.CopyImageInput {
		return &ec2.CopyImageInput{
			Name: aws.String("n"), SourceImageId: aws.String("ami-1"), SourceRegion: aws.String("r"), ClientToken: aws.String("ignored"),
			TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeImage, Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}},
		}
	}
	seen := map[string]string{clientToken(base(), "to", "run", nil, 0): "base"}
	if again := clientToken(base(), "to", "run", nil, 0); seen[again] == "" || len(again) > 64 || strings.Trim(again, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		t.Errorf("token %q is not repeatable, or not up to 64 characters of ASCII", again)
	}
	for name, change := range map[string]func(*ec2.CopyImageInput){
		"name":     func(in *ec2.CopyImageInput) { in.Name = aws.String("m") },
		"image":    func(in *ec2.CopyImageInput) { in.SourceImageId = aws.String("ami-2") },
		"Region":   func(in *ec2.CopyImageInput) { in.SourceRegion = aws.String("s") },
		"key":      func(in *ec2.CopyImageInput) { in.KmsKeyId = aws.String("k") },
		"encrypt":  func(in *ec2.CopyImageInput) { in.Encrypted = aws.Bool(true) },
		"minutes":  func(in *ec2.CopyImageInput) { in.SnapshotCopyCompletionDurationMinutes = aws.Int64(15) },
		"describe": func(in *ec2.CopyImageInput) { in.Description = aws.String("d") },
		"tags":     func(in *ec2.CopyImageInput) { in.TagSpecifications[0].Tags[0].Value = aws.String("w") },
	} {
		in := base()
		change(in)
		token := clientToken(in, "to", "run", nil, 0)
		if seen[token] != "" {
			t.Errorf("%s gives the token of %s", name, seen[token])
		}
		seen[token] = name
	}
	for name, token := range map[string]string{
		"to": clientToken(base(), "elsewhere", "run", nil, 0), "run": clientToken(base(), "to", "run2", nil, 0), "dead": clientToken(base(), "to", "run", []string{"ami-9"}, 0), "generation": clientToken(base(), "to", "run", nil, 1),
	} {
		if seen[token] != "" {
			t.Errorf("%s gives the token of %s", name, seen[token])
		}
	}
}

func TestEventIsOneLine(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]Event{
		"eu-west-1 ami-1: progress 40% (1m30s)":        {Kind: EventProgress, Region: "eu-west-1", ImageID: "ami-1", Percent: 40, Elapsed: 90 * time.Second},
		"eu-west-1: waiting, for a slot":               {Kind: EventWaiting, Region: "eu-west-1", Detail: "for a slot", Elapsed: time.Millisecond},
		"eu-west-1 ami-1: failed (2s): no key was set": {Kind: EventFailed, Region: "eu-west-1", ImageID: "ami-1", Elapsed: 2 * time.Second, Err: errors.New("no key was set")},
	} {
		if got := e.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestKeyRemedySaysWhatToDo(t *testing.T) {
	t.Parallel()
	for state, want := range map[kmstypes.KeyState]string{
		kmstypes.KeyStateDisabled: "kms:EnableKey", kmstypes.KeyStatePendingDeletion: "kms:CancelKeyDeletion",
		kmstypes.KeyStatePendingImport: "kms:ImportKeyMaterial", kmstypes.KeyStateUnavailable: "custom key store", kmstypes.KeyStateCreating: "wait",
	} {
		if got := keyRemedy(&kmstypes.KeyMetadata{KeyState: state}); !strings.Contains(got, want) {
			t.Errorf("%s: %q does not say %q", state, got, want)
		}
	}
}

// decided are all attributes of an image that EC2 tells: true for those that a copy
// must have in common with its source.
var decided = map[string]bool{
	"Architecture": true, "VirtualizationType": true, "RootDeviceType": true, "RootDeviceName": true, "BootMode": true,
	"EnaSupport": true, "SriovNetSupport": true, "TpmSupport": true, "Platform": true, "PlatformDetails": true,
	"UsageOperation": true, "ImdsSupport": true, "BlockDeviceMappings": true,

	// The copy's own.
	"ImageId": false, "ImageLocation": false, "ImageOwnerAlias": false, "OwnerId": false, "Name": false, "Description": false,
	"CreationDate": false, "State": false, "StateReason": false, "Tags": false, "Public": false, "LastLaunchedTime": false,
	"SourceImageId": false, "SourceImageRegion": false, "SourceInstanceId": false, "DeprecationTime": false,
	"DeregistrationProtection": false, "PublicSsmParameterName": false, "ImageAllowed": false, "FreeTierEligible": false,
	// EC2 carries these along by itself, some of them late.
	"ProductCodes": false, "ImageWatermarks": false, "ScanResults": false, "InstanceTypeSpecification": false,
	// The same for every image of today: machine, xen, no kernel of its own.
	"ImageType": false, "Hypervisor": false, "KernelId": false, "RamdiskId": false,
}

func TestEveryAttributeOfAnImageIsDecided(t *testing.T) {
	t.Parallel()
	fields := reflect.VisibleFields(reflect.TypeFor[types.Image]())
	known := 0
	for _, f := range fields {
		if !f.IsExported() {
			continue
		}
		if _, ok := decided[f.Name]; !ok {
			t.Errorf("types.Image has %s: decide whether a copy must have it in common with its source", f.Name)
		}
		known++
	}
	if known != len(decided) {
		t.Errorf("%d attributes are decided, and types.Image has %d", len(decided), known)
	}
	if n := len(differences(distinctImage(), types.Image{})); n != countTrue(decided) {
		t.Errorf("differences compares %d attributes, want %d", n, countTrue(decided))
	}
}

// distinctImage differs from the empty one in everything that is compared.
func distinctImage() types.Image {
	return types.Image{
		Architecture: "x", VirtualizationType: "x", RootDeviceType: "x", RootDeviceName: aws.String("x"), BootMode: "x",
		EnaSupport: aws.Bool(true), SriovNetSupport: aws.String("x"), TpmSupport: "x", Platform: "x", PlatformDetails: aws.String("x"),
		UsageOperation: aws.String("x"), ImdsSupport: "x", BlockDeviceMappings: []types.BlockDeviceMapping{{
			DeviceName: aws.String("x"), Ebs: &types.EbsBlockDevice{},
		}},
	}
}

func countTrue(m map[string]bool) int {
	n := 0
	for _, v := range m {
		if v {
			n++
		}
	}
	return n
}

func TestProtectionIsOn(t *testing.T) {
	t.Parallel()
	for state, want := range map[string][2]bool{ // plain, with cooldown
		"enabled": {true, true}, "enabled-with-cooldown": {true, true}, "enabled-without-cooldown": {true, false}, "disabled": {false, false}, "": {false, false},
	} {
		if got := (&Protection{}).isOn(state); got != want[0] {
			t.Errorf("%q: %v", state, got)
		}
		if got := (&Protection{Cooldown: true}).isOn(state); got != want[1] {
			t.Errorf("%q with cooldown: %v", state, got)
		}
	}
}

func TestFastLaunchSendsOnlyWhatWasSet(t *testing.T) {
	t.Parallel()
	in := FastLaunch{}.input("ami-1")
	if in.MaxParallelLaunches != nil || in.SnapshotConfiguration != nil || in.LaunchTemplate != nil || aws.ToString(in.ImageId) != "ami-1" {
		t.Errorf("%+v", in)
	}
	in = FastLaunch{MaxParallelLaunches: 7, TargetResourceCount: 3, TemplateID: "lt-1"}.input("ami-1")
	if *in.MaxParallelLaunches != 7 || *in.SnapshotConfiguration.TargetResourceCount != 3 || *in.LaunchTemplate.Version != "$Latest" ||
		*in.LaunchTemplate.LaunchTemplateId != "lt-1" || in.LaunchTemplate.LaunchTemplateName != nil {
		t.Errorf("%+v", in)
	}
	in = FastLaunch{TemplateName: "n", TemplateVersion: "3"}.input("ami-1")
	if *in.LaunchTemplate.LaunchTemplateName != "n" || *in.LaunchTemplate.Version != "3" || in.LaunchTemplate.LaunchTemplateId != nil {
		t.Errorf("%+v", in)
	}
}
