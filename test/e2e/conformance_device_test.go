//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// deviceGroups are about volumes at launch and devices of the image.
var deviceGroups = []group{
	{name: "launch_devices", live: liveLaunchDevices, check: func(t *testing.T, c *conformance, _ string) {
		i := c.image(t, home, "launch_devices")
		mustHaveDevices(t, i, "/dev/xvda gp3 12 4000 250 clear delete", "/dev/sdf io1 10 500 0 encrypted delete", "/dev/sdg io2 4 200 0 clear delete",
			"/dev/sdh gp2 8 0 0 clear delete", "/dev/sdi ephemeral0")
		for _, s := range c.snapshotsOf(t, home, i) {
			if aws.ToBool(s.Encrypted) && aws.ToString(s.KmsKeyId) != c.keys[home] {
				t.Errorf("the key of %s is %s", aws.ToString(s.SnapshotId), aws.ToString(s.KmsKeyId))
			}
		}
	}},
	{name: "image_devices", check: func(t *testing.T, c *conformance, _ string) {
		mustHaveDevices(t, c.image(t, home, "image_devices"), "/dev/xvda gp3 20 5000 300 clear delete", "/dev/sdb ephemeral0",
			"/dev/sdf st1 30 0 0 encrypted keep", "/dev/sdg gp2 8 0 0 clear keep")
	}},
	{name: "no_ephemeral", check: func(t *testing.T, c *conformance, _ string) {
		mustHaveDevices(t, c.image(t, home, "no_ephemeral"), "/dev/xvda gp3 8 3000 125 clear delete")
	}},
	{name: "leftover_volume", region: ohio, check: func(t *testing.T, c *conformance, _ string) {
		found, err := c.ec2(ohio).DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{})
		if err != nil || len(found.Volumes) != 1 || aws.ToInt32(found.Volumes[0].Size) != 3 || found.Volumes[0].State != types.VolumeStateAvailable {
			t.Errorf("volumes: %+v, %v", found, err)
		}
	}},
}

// deviceLine is a device in a few words.
func deviceLine(m types.BlockDeviceMapping) string {
	e := m.Ebs
	switch {
	case m.NoDevice != nil:
		return aws.ToString(m.DeviceName) + " none"
	case e == nil:
		return aws.ToString(m.DeviceName) + " " + aws.ToString(m.VirtualName)
	}
	encrypted, end := "clear", "keep"
	if aws.ToBool(e.Encrypted) {
		encrypted = "encrypted"
	}
	if aws.ToBool(e.DeleteOnTermination) {
		end = "delete"
	}
	return fmt.Sprintf("%s %s %d %d %d %s %s", aws.ToString(m.DeviceName), e.VolumeType, aws.ToInt32(e.VolumeSize), aws.ToInt32(e.Iops), aws.ToInt32(e.Throughput), encrypted, end)
}

func mustHaveDevices(t *testing.T, i types.Image, want ...string) {
	t.Helper()
	var got []string
	for _, m := range i.BlockDeviceMappings {
		got = append(got, deviceLine(m))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("devices of %s:\n%q\nnot\n%q", aws.ToString(i.Name), got, want)
	}
}

// liveLaunchDevices looks at the volumes while the build has them.
func liveLaunchDevices(t *testing.T, c *conformance, i types.Instance) {
	found, err := c.ec2(home).DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{Filters: []types.Filter{filter("attachment.instance-id", *i.InstanceId)}})
	if err != nil {
		t.Error(err)
		return
	}
	var got []string
	for _, v := range found.Volumes {
		mustHaveTags(t, *v.VolumeId, v.Tags, map[string]string{"purpose": "build"})
		got = append(got, fmt.Sprintf("%s %s %d %d %d %t", aws.ToString(v.Attachments[0].Device), v.VolumeType, aws.ToInt32(v.Size), aws.ToInt32(v.Iops), aws.ToInt32(v.Throughput), aws.ToString(v.KmsKeyId) == c.keys[home]))
	}
	slices.Sort(got)
	want := []string{"/dev/sdf io1 10 500 0 true", "/dev/sdg io2 4 200 0 false", "/dev/sdh gp2 8 100 0 false", "/dev/xvda gp3 12 4000 250 false"}
	if !slices.Equal(got, want) {
		t.Errorf("volumes:\n%q\nnot\n%q", got, want)
	}
}
