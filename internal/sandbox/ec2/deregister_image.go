package ec2

import (
	"net/url"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/authorize"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

func init() { add("DeregisterImage", deregisterImage) }

type deregisterImageInput struct {
	ImageID         string `q:"ImageId,required"`
	DeleteSnapshots bool   `q:"DeleteAssociatedSnapshots"`
}

type deregisterImageOutput struct {
	Return  bool                            `xml:"return"`
	Results wire.Set[snapshotDeletedResult] `xml:"deleteSnapshotResultSet"`
}

type snapshotDeletedResult struct {
	SnapshotID string `xml:"snapshotId"`
	Code       string `xml:"returnCode"`
}

// deregisterImage removes an image; on a pending copy it cancels the copy. Its
// snapshots stay unless asked for, and also then where another image uses them or
// another account owns them: the answer is a success all the same.
func deregisterImage(c *action.Call, in *deregisterImageInput) (*deregisterImageOutput, error) {
	image, err := ownImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	// unverified: code and text; the rule is documented
	if image.Protection != "" && image.Protection != "disabled" {
		return nil, wire.Errorf("OperationNotPermitted", "The image %s is protected from deregistration. Disable deregistration protection first.", image.ID)
	}
	if c.Now.Before(image.ProtectedUntil) {
		return nil, wire.Errorf("OperationNotPermitted", "The image %s is protected from deregistration until %s, when the cooldown ends.", image.ID, image.ProtectedUntil.Format(timestamp))
	}
	emptyBin(c)
	keepImage(c, image)
	image.Deregistered, image.Public, image.Permissions, image.FastLaunch = true, false, nil, nil
	c.Mine().DropTags(image.ID)
	out := &deregisterImageOutput{Return: true}
	if in.DeleteSnapshots {
		for _, id := range image.SnapshotIDs() {
			out.Results = append(out.Results, snapshotDeletedResult{SnapshotID: id, Code: deleteAssociated(c, id)})
		}
	}
	return out, nil
}

func deleteAssociated(c *action.Call, id string) string {
	s := c.World.FindSnapshot(c.Region, id)
	switch {
	case s == nil:
		return "client-error"
	case s.OwnerID != c.Account:
		return "missing-permissions"
	case authorize.Also(c, "DeleteSnapshot", url.Values{"SnapshotId": {id}}) != nil:
		return "missing-permissions"
	case len(usersOf(c, id)) > 0:
		return "skipped"
	}
	removeSnapshot(c, s)
	return "success"
}
