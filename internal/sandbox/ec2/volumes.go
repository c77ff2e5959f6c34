package ec2

import (
	"strconv"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("CreateVolume", createVolume)
	add("DeleteVolume", deleteVolume)
	add("DescribeVolumes", describeVolumes)
}

func errNoVolume(id string) error {
	return wire.Errorf("InvalidVolume.NotFound", "The volume '%s' does not exist.", id)
}

type volumeItem struct {
	ID          string                   `xml:"volumeId"`
	Size        int64                    `xml:"size"`
	SnapshotID  string                   `xml:"snapshotId"`
	Zone        string                   `xml:"availabilityZone"`
	ZoneID      string                   `xml:"availabilityZoneId"`
	Status      string                   `xml:"status"`
	Created     wire.Time                `xml:"createTime"`
	Attachments wire.Set[attachmentItem] `xml:"attachmentSet"`
	Tags        wire.Set[tag]            `xml:"tagSet,omitempty"`
	Type        string                   `xml:"volumeType"`
	IOPS        int64                    `xml:"iops,omitempty"`
	Throughput  int64                    `xml:"throughput,omitempty"`
	Encrypted   bool                     `xml:"encrypted"`
	KMSKeyARN   string                   `xml:"kmsKeyId,omitempty"`
	MultiAttach bool                     `xml:"multiAttachEnabled"`
}

type attachmentItem struct {
	VolumeID            string    `xml:"volumeId"`
	InstanceID          string    `xml:"instanceId"`
	Device              string    `xml:"device"`
	Status              string    `xml:"status"`
	Attached            wire.Time `xml:"attachTime"`
	DeleteOnTermination bool      `xml:"deleteOnTermination"`
}

func volumeItemOf(r *world.Region, v *world.Volume) volumeItem {
	item := volumeItem{
		ID: v.ID, Size: v.Size, SnapshotID: v.SnapshotID, Zone: v.AvailabilityZone, ZoneID: world.ZoneID(r.Name, v.AvailabilityZone), Status: v.State, Created: wire.Time(v.Created), Type: v.Type,
		IOPS: v.IOPS, Throughput: v.Throughput, Encrypted: v.Encrypted, KMSKeyARN: v.KMSKeyARN, Tags: tagSet(r.TagsOf(v.ID)),
	}
	if v.InstanceID != "" {
		item.Attachments = wire.Set[attachmentItem]{{
			VolumeID: v.ID, InstanceID: v.InstanceID, Device: v.Device, Status: "attached", Attached: wire.Time(attachedAt(v)),
			DeleteOnTermination: v.DeleteOnTermination,
		}}
	}
	return item
}

// attachedAt is when the volume was attached.
func attachedAt(v *world.Volume) time.Time {
	if v.Attached.IsZero() {
		return v.Created
	}
	return v.Attached
}

type createVolumeInput struct {
	Zone       string             `q:"AvailabilityZone"`
	ZoneID     string             `q:"AvailabilityZoneId"`
	Size       *int64             `q:"Size"`
	SnapshotID string             `q:"SnapshotId"`
	Type       string             `q:"VolumeType"`
	IOPS       *int64             `q:"Iops"`
	Throughput *int64             `q:"Throughput"`
	Encrypted  *bool              `q:"Encrypted"`
	KMSKeyID   string             `q:"KmsKeyId"`
	Token      string             `q:"ClientToken"`
	Tags       []tagSpecification `q:"TagSpecification"`
}

func createVolume(c *action.Call, in *createVolumeInput) (*volumeItem, error) {
	mine := c.Mine()
	if earlier, err := tokenResult(c, "CreateVolume", in.Token); err != nil || mine.Volumes[earlier] != nil {
		if err != nil {
			return nil, err
		}
		item := volumeItemOf(mine, mine.Volumes[earlier])
		return &item, nil
	}
	zone, err := in.check(c)
	if err != nil {
		return nil, err
	}
	tags, err := tagsFor(in.Tags, "volume")
	if err != nil {
		return nil, err
	}
	v, err := newVolume(c, wantedVolume{
		snapshotID: in.SnapshotID, kind: in.Type, keyID: in.KMSKeyID, size: figure(in.Size), iops: figure(in.IOPS), throughput: figure(in.Throughput), encrypted: in.Encrypted,
	}, zone)
	if err != nil {
		return nil, err
	}
	mine.Volumes[v.ID] = v
	mine.SetTags(v.ID, tags)
	rememberToken(c, mine, "CreateVolume", in.Token, v.ID)
	item := volumeItemOf(mine, v)
	item.Status = "creating" // it is available at once, but EC2 answers so
	return &item, nil
}

func figure(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

type deleteVolumeInput struct {
	ID string `q:"VolumeId,required"`
}

func deleteVolume(c *action.Call, in *deleteVolumeInput) (*done, error) {
	mine := c.Mine()
	v := mine.Volumes[in.ID]
	if v == nil {
		return nil, errNoVolume(in.ID)
	}
	if v.InstanceID != "" {
		return nil, wire.Errorf("VolumeInUse", "Volume %s is currently attached to %s", v.ID, v.InstanceID)
	}
	delete(mine.Volumes, in.ID)
	mine.DropTags(in.ID)
	return ok, nil
}

type describeVolumesInput struct {
	IDs []string `q:"VolumeId"`
	described
}

type describeVolumesOutput struct {
	Volumes   wire.Set[volumeItem] `xml:"volumeSet"`
	NextToken string               `xml:"nextToken,omitempty"`
}

func describeVolumes(c *action.Call, in *describeVolumesInput) (*describeVolumesOutput, error) {
	mine := c.Mine()
	ids, err := selected(mine.Volumes, in.IDs, "InvalidVolume.NotFound", "The volume '%s' does not exist.")
	if err != nil {
		return nil, err
	}
	var all []volumeItem
	for _, id := range seen(c, ids, func(id string) string { return id }) {
		item := volumeItemOf(mine, mine.Volumes[id])
		match, err := matchAll(in.Filters, func(name string) ([]string, bool) { return volumeValues(item, mine.TagsOf(id), name) })
		if err != nil {
			return nil, err
		}
		if match {
			all = append(all, item)
		}
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, 1000)
	return &describeVolumesOutput{Volumes: part, NextToken: next}, err
}

func volumeValues(v volumeItem, tags map[string]string, name string) ([]string, bool) {
	if len(v.Attachments) > 0 {
		a := v.Attachments[0]
		switch name {
		case "attachment.instance-id":
			return one(a.InstanceID)
		case "attachment.device":
			return one(a.Device)
		case "attachment.status":
			return one(a.Status)
		case "attachment.delete-on-termination":
			return boolean(a.DeleteOnTermination)
		}
	}
	switch name {
	case "attachment.instance-id", "attachment.device", "attachment.status", "attachment.delete-on-termination":
		return nil, true
	case "availability-zone":
		return one(v.Zone)
	case "encrypted":
		return boolean(v.Encrypted)
	case "size":
		return one(strconv.FormatInt(v.Size, 10))
	case "snapshot-id":
		return optional(v.SnapshotID)
	case "status":
		return one(v.Status)
	case "volume-id":
		return one(v.ID)
	case "volume-type":
		return one(v.Type)
	}
	return tagValues(tags, name)
}
