package ec2

import (
	"strconv"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

type snapshotItem struct {
	ID           string        `xml:"snapshotId"`
	VolumeID     string        `xml:"volumeId"`
	Status       string        `xml:"status"`
	Message      string        `xml:"statusMessage,omitempty"`
	Started      wire.Time     `xml:"startTime"`
	Completed    *wire.Time    `xml:"completionTime,omitempty"`
	Progress     string        `xml:"progress"`
	OwnerID      string        `xml:"ownerId"`
	OwnerAlias   string        `xml:"ownerAlias,omitempty"`
	Size         int64         `xml:"volumeSize"`
	Description  string        `xml:"description"`
	Encrypted    bool          `xml:"encrypted"`
	KMSKeyARN    string        `xml:"kmsKeyId,omitempty"`
	Bytes        *int64        `xml:"fullSnapshotSizeInBytes,omitempty"`
	Tags         wire.Set[tag] `xml:"tagSet,omitempty"`
	StorageTier  string        `xml:"storageTier"`
	TransferType string        `xml:"transferType,omitempty"`
	Minutes      int64         `xml:"completionDurationMinutes,omitempty"`
}

// snapshotItemOf is the snapshot as the caller sees it. Tags are the owner's alone.
func snapshotItemOf(c *action.Call, s *world.Snapshot) snapshotItem {
	item := untaggedItemOf(c, s)
	if s.OwnerID == c.Account {
		item.Tags = tagSet(seenTags(c, s.ID, c.Mine().TagsOf(s.ID)))
	}
	return item
}

// untaggedItemOf is [snapshotItemOf] without the tags. A copy just accepted tells
// neither its size nor whether it is encrypted: both read as if it were empty and
// plain.
func untaggedItemOf(c *action.Call, s *world.Snapshot) snapshotItem {
	state := s.State(c.Now)
	item := snapshotItem{
		ID: s.ID, VolumeID: s.VolumeID, Status: state, Started: wire.Time(s.Started), OwnerID: s.OwnerID,
		OwnerAlias: c.World.Account(s.OwnerID).Alias, Size: s.Size, Description: s.Description, Encrypted: s.Encrypted, KMSKeyARN: s.KMSKeyARN,
		StorageTier: "standard", TransferType: s.TransferType, Minutes: s.CompletionMinutes, Progress: strconv.Itoa(s.Percent(c.Now)) + "%",
	}
	switch {
	case state == "error":
		item.Message, item.Progress = s.Failure, "0%"
		item.Size, item.Encrypted, item.KMSKeyARN = 0, false, ""
	case !s.Settled(c.Now):
		item.Message, item.Progress = "Metadata not updated", "0%"
		item.Size, item.Encrypted, item.KMSKeyARN = 0, false, ""
	case state == "completed":
		at := wire.Time(s.ReadyAt)
		item.Completed, item.Bytes = &at, &s.Bytes
	}
	return item
}

// snapshotValues is what a snapshot has under the name of a filter.
func snapshotValues(c *action.Call, s *world.Snapshot, name string) ([]string, bool) {
	if strings.HasPrefix(name, "tag") { // tag:KEY, tag-key, tag-value
		if s.OwnerID != c.Account {
			return tagValues(nil, name)
		}
		return tagValues(seenTags(c, s.ID, c.Mine().TagsOf(s.ID)), name)
	}
	item := untaggedItemOf(c, s)
	switch name {
	case "description":
		return one(item.Description)
	case "encrypted":
		return boolean(item.Encrypted)
	case "owner-alias":
		return optional(item.OwnerAlias)
	case "owner-id":
		return one(item.OwnerID)
	case "progress":
		return one(item.Progress)
	case "snapshot-id":
		return one(item.ID)
	case "start-time":
		return one(s.Started.Format(timestamp))
	case "status":
		return one(item.Status)
	case "storage-tier":
		return one(item.StorageTier)
	case "transfer-type":
		return optional(item.TransferType)
	case "volume-id":
		return one(item.VolumeID)
	case "volume-size":
		return one(strconv.FormatInt(item.Size, 10))
	}
	return nil, false
}
