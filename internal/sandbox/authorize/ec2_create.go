package authorize

import "strings"

// copyImage needs the source, the new image and its new snapshots: a share of the
// source's snapshots is checked by the action.
func (e *ec2Call) copyImage() {
	e.onIn(first(e.form.Get("SourceRegion"), e.Region), "image", e.form.Get("SourceImageId")) // unverified: that the ARN has the source's Region
	e.makes("image")
	e.makes("snapshot")
}

// copySnapshot needs the source and, with an id of *, the copy. Both are
// snapshots: aws:ResourceAccount and ec2:Owner tell them apart.
func (e *ec2Call) copySnapshot() {
	e.onIn(first(e.form.Get("SourceRegion"), e.Region), "snapshot", e.form.Get("SourceSnapshotId")) // unverified: that the ARN has the source's Region
	e.makes("snapshot")
}

func (e *ec2Call) createImage() {
	e.on("instance", e.form.Get("InstanceId"))
	e.makes("image")
	e.makes("snapshot")
}

func (e *ec2Call) createSnapshot() {
	e.on("volume", e.form.Get("VolumeId"))
	n := e.makes("snapshot")
	n.Context.Set("ec2:ParentVolume", e.arn(e.Region, e.Account, "volume", e.form.Get("VolumeId")))
}

func (e *ec2Call) registerImage() {
	e.makes("image")
	for _, at := range e.indexes("BlockDeviceMapping") {
		if id := e.form.Get("BlockDeviceMapping." + at + ".Ebs.SnapshotId"); id != "" {
			e.on("snapshot", id)
		}
	}
}

func (e *ec2Call) createVolume() {
	n := e.makes("volume")
	e.volumeKeys(n, "", e.form.Get("AvailabilityZone"))
	if id := e.form.Get("SnapshotId"); id != "" {
		e.on("snapshot", id)
	}
}

// volumeKeys are the keys of a new volume, from the parameters below a prefix.
func (e *ec2Call) volumeKeys(n *Need, prefix, zone string) {
	n.Context.SetNotEmpty("ec2:AvailabilityZone", zone)
	n.Context.Set("ec2:Encrypted", first(strings.ToLower(e.form.Get(prefix+"Encrypted")), "false"))
	n.Context.SetNotEmpty("ec2:VolumeIops", e.form.Get(prefix+"Iops"))
	n.Context.SetNotEmpty("ec2:VolumeSize", e.form.Get(prefix+"Size")+e.form.Get(prefix+"VolumeSize"))
	n.Context.SetNotEmpty("ec2:VolumeThroughput", e.form.Get(prefix+"Throughput"))
	n.Context.Set("ec2:VolumeType", first(e.form.Get(prefix+"VolumeType"), "gp2"))
	if id := e.form.Get(prefix + "SnapshotId"); id != "" {
		n.Context.Set("ec2:ParentSnapshot", e.arn(e.Region, "", "snapshot", id))
	}
}

// createKeyPair makes the one resource whose name the caller chooses.
func (e *ec2Call) createKeyPair() {
	n := e.makes("key-pair")
	n.Resource = e.arn(e.Region, e.Account, "key-pair", e.form.Get("KeyName"))
	n.Context.SetNotEmpty("ec2:KeyPairName", e.form.Get("KeyName"))
	n.Context.Set("ec2:KeyPairType", first(e.form.Get("KeyType"), "rsa"))
}

// createSecurityGroup needs the group and its VPC, the default one where none is
// named.
func (e *ec2Call) createSecurityGroup() {
	vpc := e.form.Get("VpcId")
	for _, id := range sortedKeys(e.mine.VPCs) {
		if vpc == "" && e.mine.VPCs[id].IsDefault {
			vpc = id
		}
	}
	e.makes("security-group").Context.Set("ec2:Vpc", e.arn(e.Region, e.Account, "vpc", vpc))
	if vpc != "" {
		e.on("vpc", vpc)
	}
}

// createFleet needs the fleet and its templates. What each launch needs is checked
// as it is made: a fleet of type instant answers with it inside a success.
func (e *ec2Call) createFleet() {
	e.makes("fleet")
	for _, at := range e.indexes("LaunchTemplateConfigs") {
		spec := "LaunchTemplateConfigs." + at + ".LaunchTemplateSpecification."
		if id := first(e.form.Get(spec+"LaunchTemplateId"), e.form.Get(spec+"LaunchTemplateName")); id != "" {
			e.on("launch-template", id)
		}
	}
}
