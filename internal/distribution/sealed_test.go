package distribution_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
)

// An image of no family has one tag of ours that is true of its copies too.
func TestCopiesOfAnyImageTellOfItsSeal(t *testing.T) {
	t.Parallel()
	const sealed = "seal operations=41 removed=213 bytes=48211004 warnings=0"
	for name, c := range map[string]struct{ tag, want string }{
		"sealed": {sealed, sealed}, "audited": {"audit operations=41 left=2", "audit operations=41 left=2"}, "never": {}, "written by somebody": {"very well", ""},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				source := distribution.Source{Region: home, ImageID: r.cloud.AddImage(home, "web", "", func(i *types.Image) {
					i.Tags = ami.EC2Tags(map[string]string{"goldenami:run": "r-1", "team": "web"})
					if c.tag != "" {
						i.Tags = append(i.Tags, ami.EC2Tags(map[string]string{"goldenami:seal": c.tag})...)
					}
				})}
				r.done(source, distribution.Spec{Targets: []distribution.Target{{Region: eu}}})
				for _, call := range r.cloud.Calls() {
					in, ok := call.Input.(*ec2.CopyImageInput)
					if !ok {
						continue
					}
					for _, spec := range in.TagSpecifications {
						if tags := tagMap(spec.Tags); tags["goldenami:seal"] != c.want || tags["goldenami:run"] != "" {
							t.Errorf("the copy's %s is created with %v", spec.ResourceType, tags)
						}
					}
				}
			})
		})
	}
}
