//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestAmazonEBSLeaks puts faults at amazon-ebs's wait for its new image. It fails,
// cleans up its instance, key pair and security group, and leaves the image with
// both snapshots, of which it tells nothing: it notes the image for its cleanup
// only when the wait has succeeded. The endpoint shows all that is left.
func TestAmazonEBSLeaks(t *testing.T) {
	before := lookUpsBeforeImage(t)
	for _, tc := range []struct {
		name, rule, says, state string
	}{
		{
			"one denied look at the image", fmt.Sprintf(`{"kind":"denied","when":{"action":"DescribeImages","nth":%d}}`, before+1),
			"Error waiting for AMI", "available",
		},
		{
			"denied looks at images from then on", fmt.Sprintf(`{"kind":"denied","when":{"action":"DescribeImages","nth":"%d-"}}`, before+1),
			"DescribeImages returned an error", "available",
		},
		{"the image fails", `{"kind":"image-fails","when":{"action":"CreateImage"}}`, "Error waiting for AMI", "failed"},
		{"the answer to CreateImage is lost", `{"kind":"lost-answer","times":1,"when":{"action":"CreateImage"}}`, "InvalidAMIName.Duplicate", "available"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			plan := filepath.Join(t.TempDir(), "faults.json")
			if err := os.WriteFile(plan, []byte(`{"rules":[`+tc.rule+`]}`), 0o600); err != nil {
				t.Fatal(err)
			}
			c := newConformance(t, "none", "--faults", plan)
			c.run(t, group{name: "leak", fails: tc.says, check: func(t *testing.T, c *conformance, output string) {
				left := c.left(t)
				if len(left) != 3 || !strings.HasPrefix(left[0], "image leak "+tc.state+" ami-") || !strings.HasPrefix(left[1], "snapshot") || !strings.HasPrefix(left[2], "snapshot") {
					t.Errorf("left: %q\n%s", left, output)
				}
				t.Logf("amazon-ebs says:\n%s\nleft:\n%s", output, strings.Join(left, "\n"))
			}})
		})
	}
}

// lookUpsBeforeImage counts how often amazon-ebs looks at images before it makes
// one, in a build without faults, which leaves nothing but its image.
func lookUpsBeforeImage(t *testing.T) int {
	t.Helper()
	c := newConformance(t, "none")
	before := 0
	c.run(t, group{name: "leak", check: func(t *testing.T, c *conformance, _ string) {
		calls := c.calls(t)
		made := slices.IndexFunc(calls, func(call call) bool { return call.Action == "CreateImage" })
		if made < 0 {
			t.Fatal("no image was made")
		}
		before = count(calls[:made], "DescribeImages")
	}})
	c.mustBeTidy(t)
	return before
}

// left are the images, snapshots, instances, volumes, key pairs and security groups
// at home as the control API lists them, which no fault befalls: "kind name state id".
func (c *conformance) left(t *testing.T) []string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.env["AWS_ENDPOINT_URL"]+"/_sandbox/v1/resources?account=123456789012&region="+home, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	type resource struct{ ID, Name, State string }
	var listed struct {
		Regions []struct {
			Images, Snapshots, Instances, Volumes []resource
			KeyPairs                              []resource `json:"key_pairs"`
			SecurityGroups                        []resource `json:"security_groups"`
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&listed); err != nil {
		t.Fatal(err)
	}
	var all []string
	add := func(kind string, list []resource) {
		for _, r := range list {
			if r.State != "terminated" {
				all = append(all, strings.Join(strings.Fields(kind+" "+r.Name+" "+r.State+" "+r.ID), " "))
			}
		}
	}
	for _, r := range listed.Regions {
		add("image", r.Images)
		add("snapshot", r.Snapshots)
		add("instance", r.Instances)
		add("volume", r.Volumes)
		add("key pair", r.KeyPairs)
		add("security group", r.SecurityGroups)
	}
	slices.Sort(all)
	return all
}
