package ec2_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// windows is the newest image of a Windows Server.
func (c *cloud) windows(version string) types.Image {
	c.t.Helper()
	out := c.images(c.home, &ec2.DescribeImagesInput{
		Owners: []string{"amazon"}, IncludeDeprecated: aws.Bool(true), Filters: []types.Filter{filter("name", "Windows_Server-"+version+"-English*"), filter("platform", "windows")},
	})
	if len(out) != 1 {
		c.t.Fatalf("want one image of Windows Server %s, got %d", version, len(out))
	}
	return out[0]
}

func (c *cloud) launchWindows(key *string) string {
	c.t.Helper()
	run, err := c.home.RunInstances(c.t.Context(), &ec2.RunInstancesInput{
		ImageId: c.windows("2022").ImageId, InstanceType: types.InstanceTypeT3Large, MinCount: aws.Int32(1), MaxCount: aws.Int32(1), KeyName: key,
	})
	id := *must(c.t, run, err).Instances[0].InstanceId
	c.until("running", func() bool { return c.instanceState(id) == types.InstanceStateNameRunning })
	return id
}

func TestWindowsTellsItsPasswordLate(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{Password: world.Duration(4 * time.Minute)})
	pair, err := c.home.CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{KeyName: aws.String("w"), KeyType: types.KeyTypeRsa})
	must(t, 0, err)
	id, keyless := c.launchWindows(pair.KeyName), c.launchWindows(nil)
	data := func(id string) string {
		out, err := c.home.GetPasswordData(t.Context(), &ec2.GetPasswordDataInput{InstanceId: aws.String(id)})
		return *must(t, out, err).PasswordData
	}
	c.clock.Pass(239 * time.Second)
	if got := data(id); got != "" {
		t.Errorf("before its time: %q", got)
	}
	c.clock.Pass(time.Second)
	first := data(id)
	if again := data(id); again != first || first == "" {
		t.Errorf("the password data changes: %q, %q", first, again)
	}
	if got := data(keyless); got != "" {
		t.Errorf("without a key pair: %q", got)
	}
	block, _ := pem.Decode([]byte(*pair.KeyMaterial))
	private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	must(t, 0, err)
	cipher, err := base64.StdEncoding.DecodeString(first)
	must(t, 0, err)
	plain, err := rsa.DecryptPKCS1v15(nil, private, cipher)
	must(t, plain, err)
	if len(plain) != 32 {
		t.Errorf("the password is %q", plain)
	}
	if log := c.guests.log(); log != "" {
		t.Errorf("a guest was asked to %s", log)
	}
}

func TestImagesOfWindowsInstancesAreWindows(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.launchWindows(nil)
	out, err := c.home.CreateImage(t.Context(), &ec2.CreateImageInput{InstanceId: aws.String(id), Name: aws.String("golden windows")})
	made := *must(t, out, err).ImageId
	c.until("the image", func() bool { return c.image(c.home, made).State == types.ImageStateAvailable })
	image := c.image(c.home, made)
	if image.Platform != "windows" || *image.PlatformDetails != "Windows" || *image.UsageOperation != "RunInstances:0002" || *image.BlockDeviceMappings[0].Ebs.VolumeSize != 30 {
		t.Errorf("got %q, %s, %s, %d GiB", image.Platform, *image.PlatformDetails, *image.UsageOperation, *image.BlockDeviceMappings[0].Ebs.VolumeSize)
	}
	if log := c.guests.log(); log != "" {
		t.Errorf("a guest was asked to %s", log)
	}
}
