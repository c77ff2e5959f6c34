package ebs

import (
	"context"
	"strconv"
	"time"

	awscommon "github.com/hashicorp/packer-plugin-amazon/common"
	"github.com/hashicorp/packer-plugin-sdk/multistep/commonsteps"
	"github.com/hashicorp/packer-plugin-sdk/packerbuilderdata"
)

// goldenData are the names, besides those of amazon-ebs, under which provisioners
// and post-processors find what this build knows, as ${build.GoldenTier}.
var goldenData = []string{
	"GoldenFamily",        // the family, empty without one, like all that follow
	"GoldenTier",          // os-only, hybrid or full
	"GoldenVersion",       // the image's version, equal in all Regions
	"GoldenFingerprint",   // the hash of what decides the content
	"GoldenParent",        // the AMI that the image is built on
	"GoldenParentVersion", // its version, empty where that is the source AMI
	"GoldenExpiresAt",     // when the shelf life ends
	"GoldenReused",        // "true" where an existing image is the result
	"GoldenReason",        // why it was built, or that it was reused or rolled back to
}

func generatedDataNames() []string { return append(awscommon.GetGeneratedDataList(), goldenData...) }

// putGoldenData makes the values known. Every name gets one, on every path: Packer
// shows a missing one as <unknown>, which breaks shell commands that hold it.
func (b *build) putGoldenData() {
	data := packerbuilderdata.GeneratedData{State: b.state}
	values := map[string]string{"GoldenReused": strconv.FormatBool(b.reused())}
	if meta := b.meta; meta != nil {
		values["GoldenFamily"], values["GoldenTier"] = meta.Family, string(meta.Tier)
		values["GoldenVersion"], values["GoldenFingerprint"] = meta.Version, meta.Fingerprint
		values["GoldenParent"], values["GoldenParentVersion"] = meta.Parent, meta.ParentVersion
		values["GoldenExpiresAt"] = meta.ExpiresAt.UTC().Format(time.RFC3339)
		values["GoldenReason"] = string(b.decision.Reason)
		switch {
		case b.cfg.Rollback != nil:
			values["GoldenReason"] = "rolled back"
		case b.reused():
			values["GoldenReason"] = "reused"
		}
	}
	for _, name := range goldenData {
		data.Put(name, values[name])
	}
}

// completeGeneratedData gives what post-processors see. Where nothing was launched
// the SDK's own names get their values here, since no provisioner step does it.
func (b *build) completeGeneratedData(ctx context.Context) map[string]any {
	if _, ok := b.state.GetOk("instance_id"); !ok {
		b.state.Put("instance_id", "reused")
	}
	(&awscommon.StepSetGeneratedData{GeneratedData: &packerbuilderdata.GeneratedData{State: b.state}}).Run(ctx, b.state)
	b.putGoldenData()
	return commonsteps.PopulateProvisionHookData(b.state)
}
