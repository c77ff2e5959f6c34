package servicequotas_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T) (*sandboxtest.Started, *servicequotas.Client) {
	t.Helper()
	s := sandboxtest.Start(t, sandbox.Options{})
	return s, servicequotas.NewFromConfig(s.Config(sandboxtest.Home, "eu-west-1"))
}

func must[T any](t *testing.T, out T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The value that is told is the one at which EC2 refuses.
func TestTheQuotaOfPublicImagesIsTheOneEnforced(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	out, err := c.GetServiceQuota(t.Context(), &servicequotas.GetServiceQuotaInput{ServiceCode: aws.String("ec2"), QuotaCode: aws.String("L-0E3CBAB9")})
	q := must(t, out, err).Quota
	if *q.QuotaName != "Public AMIs" || *q.QuotaArn != "arn:aws:servicequotas:eu-west-1:"+sandboxtest.Home+":ec2/L-0E3CBAB9" || !q.Adjustable || q.GlobalQuota {
		t.Errorf("quota: %+v", q)
	}
	images := s.EC2(sandboxtest.Home, "eu-west-1")
	publish := func(name string) error {
		volume, err := images.CreateVolume(t.Context(), &ec2.CreateVolumeInput{AvailabilityZone: aws.String("eu-west-1a"), Size: aws.Int32(1)})
		snapshot, err2 := images.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: must(t, volume, err).VolumeId})
		image, err3 := images.RegisterImage(t.Context(), &ec2.RegisterImageInput{
			Name: aws.String(name), RootDeviceName: aws.String("/dev/xvda"), VirtualizationType: aws.String("hvm"), Architecture: ec2types.ArchitectureValuesX8664,
			BlockDeviceMappings: []ec2types.BlockDeviceMapping{{DeviceName: aws.String("/dev/xvda"), Ebs: &ec2types.EbsBlockDevice{SnapshotId: must(t, snapshot, err2).SnapshotId}}},
		})
		_, err = images.ModifyImageAttribute(t.Context(), &ec2.ModifyImageAttributeInput{
			ImageId: must(t, image, err3).ImageId, LaunchPermission: &ec2types.LaunchPermissionModifications{Add: []ec2types.LaunchPermission{{Group: ec2types.PermissionGroupAll}}},
		})
		return err
	}
	for n := range int(*q.Value) {
		must(t, 0, publish("public "+string(rune('a'+n))))
	}
	var refusal smithy.APIError
	if err := publish("one more"); !errors.As(err, &refusal) || refusal.ErrorCode() != "ResourceLimitExceeded" {
		t.Errorf("one more than %v: %v", *q.Value, err)
	}
}

func TestQuotasAreListed(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	services, err := c.ListServices(t.Context(), &servicequotas.ListServicesInput{MaxResults: aws.Int32(1)})
	if got := must(t, services, err); len(got.Services) != 1 || *got.Services[0].ServiceCode != "ebs" || got.NextToken == nil {
		t.Errorf("services: %+v", got)
	}
	for _, s := range []string{"ebs", "ec2"} {
		mine, err := c.ListServiceQuotas(t.Context(), &servicequotas.ListServiceQuotasInput{ServiceCode: aws.String(s)})
		defaults, err2 := c.ListAWSDefaultServiceQuotas(t.Context(), &servicequotas.ListAWSDefaultServiceQuotasInput{ServiceCode: aws.String(s)})
		if a, b := must(t, mine, err).Quotas, must(t, defaults, err2).Quotas; len(a) == 0 || len(a) != len(b) || *a[0].Value != *b[0].Value || *b[0].QuotaArn == *a[0].QuotaArn {
			t.Errorf("%s: %+v and %+v", s, a, b)
		}
	}
	one, err := c.GetAWSDefaultServiceQuota(t.Context(), &servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: aws.String("ebs"), QuotaCode: aws.String("L-E137849C")})
	if *must(t, one, err).Quota.Value != 2000 {
		t.Errorf("throughput: %+v", one.Quota)
	}
	_, err = c.GetServiceQuota(t.Context(), &servicequotas.GetServiceQuotaInput{ServiceCode: aws.String("ec2"), QuotaCode: aws.String("L-00000000")})
	var refusal smithy.APIError
	if !errors.As(err, &refusal) || refusal.ErrorCode() != "NoSuchResourceException" {
		t.Errorf("an unknown quota: %v", err)
	}
}
