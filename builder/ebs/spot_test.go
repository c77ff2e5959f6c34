package ebs

import (
	"strings"
	"testing"
)

// TestSpot builds on a Spot instance with the device mappings that make the step of
// amazon-ebs panic.
func TestSpot(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.build(r.with(fields{
		"spot_price": "auto", "spot_instance_types": []string{"t3.small"}, "instance_type": nil,
		"launch_block_device_mappings": []fields{
			{"device_name": "/dev/sdb", "no_device": true}, {"device_name": "/dev/sdc", "virtual_name": "ephemeral0"},
		},
	}))
	if len(a.Images) != 1 {
		t.Errorf("artifact %q", a.Id())
	}
	if r.sent.count("StopInstances") != 0 {
		t.Error("a one-time Spot instance cannot be stopped, and was asked to")
	}
	if !strings.Contains(r.output.String(), "cannot be stopped") {
		t.Error("the user was not told that the instance runs while it is imaged")
	}
	if !r.sent.has("CreateLaunchTemplate", `.*MetadataOptions\.HttpTokens=required`, `.*VirtualName=ephemeral0`) {
		t.Error("the launch template lacks an option")
	}
	if left := r.leftovers(region); len(left) > 0 {
		t.Errorf("left behind: %v\n%s", left, r.output)
	}
}

func TestEncryptionByACopy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.build(r.with(fields{
		"encrypt_boot":                 true,
		"launch_block_device_mappings": []fields{{"device_name": "/dev/xvda", "encrypted": false, "volume_size": 8}},
	}))
	image := r.image(region, a.Images[region])
	if e := image.BlockDeviceMappings[0].Ebs.Encrypted; e == nil || !*e {
		t.Error("the image is not encrypted")
	}
	if *image.Name != "app-1" {
		t.Errorf("the image is called %q", *image.Name)
	}
	if left := r.images(region); len(left) != 2 {
		t.Errorf("besides the image and its snapshot there is something: %v", left)
	}
}
