//go:build e2e

package e2e

import (
	"os"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

// machine prints what makes a machine of the family what it is: the files of all
// stages with their content, and the stages that it counts as done.
const machine = `sudo sh -c 'cd / && find opt usr/local/share/golden var/lib/goldenami/stages -type f | sort | xargs sha256sum'`

// checkFirstBoot starts a machine of each image with the user data that the build
// wrote. What a tier does not bake must be there after the boot, and nothing else.
func (e *endpoint) checkFirstBoot(t *testing.T, userData string, images ...ami.Image) {
	t.Helper()
	data, err := os.ReadFile(userData)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(userData); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the user data holds the stages' environment and has mode %v, %v", info.Mode(), err)
	}
	want := ""
	for _, image := range images {
		g := e.launchWith(t, image.ID, "boot-"+string(image.Tier), data)
		var status stage.Status
		until(t, "the first boot of "+g.id, time.Minute, func() bool {
			status, err = stage.ParseStatus([]byte(g.run(t, "cat "+stage.StatusFile+" || :")))
			return err == nil && status.State != stage.StateRunning
		})
		if got := g.run(t, "ls /var/lib/goldenami/stages | sort | tr '\\n' ' '"); status.State != stage.StateDone || len(status.Stages) != 3 || got != "app patch runtime" {
			t.Errorf("%s: markers %q, status %+v", image.Tier, got, status)
		}
		if got := g.run(t, "/opt/runtime/bin/run-app /opt/app/current/app"); got != "app 1.4.2 on runtime 21.0.9" {
			t.Errorf("%s: the application says %q", image.Tier, got)
		}
		got := g.run(t, machine)
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%s ends as another machine than %s:\n%s\nand\n%s", image.Tier, images[0].Tier, got, want)
		}
		e.terminate(t, g)
	}
}
