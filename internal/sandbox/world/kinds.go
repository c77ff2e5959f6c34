package world

import (
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world/packed"
)

// kinds are the resources of which a Region has so many that they are kept packed.
type kinds struct {
	images    *kind[Image]
	snapshots *kind[Snapshot]
	tags      *kind[TagSet]
}

// plan names the fields whose text is one of few in a whole world.
var plan = packed.Plan{
	Repeated: []string{
		"OwnerID", "OwnerAlias", "Region", "Architecture", "RootDeviceName", "VirtualizationType", "Platform", "PlatformDetails", "UsageOperation",
		"BootMode", "ImdsSupport", "TpmSupport", "SriovSupport", "SourceImageRegion", "SourceRegion", "Protection", "DefaultUser", "Device", "Type",
		"KMSKeyID", "KMSKeyARN", "UserID", "Group", "TransferType", "ProductCodes", "Code",
	},
	Without: []string{"ID"},
}

func newKinds(words *packed.Words) *kinds {
	return &kinds{
		images: &kind[Image]{
			label: "images", codec: packed.New[Image](words, plan),
			identify: func(i *Image, id string) { i.ID = id },
			settled:  func(i *Image, now time.Time) bool { return !i.Held && !now.Before(i.ReadyAt) },
			name:     func(i *Image) string { return i.Name },
			open: func(i *Image) (bool, []string) {
				return i.Public && !i.Deregistered, permitted(i.Permissions)
			},
			layers: func(*Image) []string { return nil },
		},
		snapshots: &kind[Snapshot]{
			label: "snapshots", codec: packed.New[Snapshot](words, plan),
			identify: func(s *Snapshot, id string) { s.ID = id },
			settled:  func(s *Snapshot, now time.Time) bool { return !s.Held && !now.Before(s.ReadyAt) },
			name:     func(*Snapshot) string { return "" },
			open: func(s *Snapshot) (bool, []string) {
				for _, p := range s.Permissions {
					if p.Group == "all" {
						return true, permitted(s.Permissions)
					}
				}
				return false, permitted(s.Permissions)
			},
			layers: func(s *Snapshot) []string { return s.Layers },
		},
		tags: &kind[TagSet]{
			label: "tags", codec: packed.New[TagSet](words, plan),
			identify: func(*TagSet, string) {},
			settled:  func(*TagSet, time.Time) bool { return true },
			name:     func(*TagSet) string { return "" },
			open:     func(*TagSet) (bool, []string) { return false, nil },
			layers:   func(*TagSet) []string { return nil },
		},
	}
}

// permitted are the accounts among permissions.
func permitted(list []Permission) []string {
	var accounts []string
	for _, p := range list {
		if p.UserID != "" {
			accounts = append(accounts, p.UserID)
		}
	}
	return accounts
}

// mode is what tables see of the world around them.
type mode struct {
	// changing is set while [World.Do] runs.
	changing bool
	// sweep counts the rounds of [World.Sweep].
	sweep int
}

func (m *mode) writing() bool { return m != nil && m.changing }
