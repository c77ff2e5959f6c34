//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// remains are places in which an instance of a sealed image must find nothing:
// each command prints what is left of the build.
var remains = map[string]string{
	"shell histories":                "sudo find /root /home -name '.*_history' -size +0",
	"private keys of users":          "sudo find /root/.ssh /home/*/.ssh -name 'id_*' 2>/dev/null || true",
	"temporary files":                "sudo find /tmp /var/tmp -mindepth 1 -newermt 2000-01-01 ! -path '*ssh*'",
	"state of other instances":       "sudo ls /var/lib/cloud/instances 2>/dev/null | grep -vx \"$(cat /var/lib/cloud/data/instance-id 2>/dev/null || echo none)\" || true",
	"package archives":               "sudo find /var/cache/apt/archives -name '*.deb' 2>/dev/null || true",
	"backups of the accounts' files": "sudo ls /etc/passwd- /etc/shadow- /etc/group- /etc/gshadow- 2>/dev/null || true",
}

// checkSealed logs in to two machines of the full image and to one of the base
// image: what two machines of one image share of an identity came from the image.
func (e *endpoint) checkSealed(t *testing.T, full, base ami.Image) {
	t.Helper()
	for _, image := range []ami.Image{full, base} {
		if !strings.HasPrefix(image.Seal, "seal operations=") {
			t.Errorf("by its tags the %s image is sealed %q", image.Tier, image.Seal)
		}
	}
	one, two := e.launch(t, full.ID, "one"), e.launch(t, full.ID, "two")
	for what, command := range remains {
		if left := one.run(t, command); left != "" {
			t.Errorf("%s are left in the image:\n%s", what, left)
		}
	}
	if one.hostKey == "" || one.hostKey == two.hostKey {
		t.Errorf("two machines have the host key %q", one.hostKey)
	}
	const machineID = "cat /etc/machine-id"
	if id := one.run(t, machineID); id != "" && id != "uninitialized" && id == two.run(t, machineID) {
		t.Errorf("two machines have the machine id %q", id)
	}
	for _, g := range []guest{one, two} {
		keys := g.run(t, "sudo cat /home/*/.ssh/authorized_keys /root/.ssh/authorized_keys 2>/dev/null || true")
		for line := range strings.Lines(keys) {
			if !strings.HasSuffix(strings.TrimSpace(line), " "+g.keyName) {
				t.Errorf("%s was launched with %q and lets in %s", g.id, g.keyName, line)
			}
		}
	}
	if got := one.run(t, "/opt/runtime/bin/run-app /opt/app/current/app"); got != "app 1.4.2 on runtime 21.0.9" {
		t.Errorf("the application says %q", got)
	}
	const markers = "ls /var/lib/goldenami/stages | sort | tr '\\n' ' '"
	if got := one.run(t, markers); got != "app patch runtime" {
		t.Errorf("stages in the full image: %q", got)
	}
	below := e.launch(t, base.ID, "below")
	if got := below.run(t, markers); got != "patch" {
		t.Errorf("stages in the OS-only image: %q", got)
	}
	for _, g := range []guest{one, two, below} {
		e.terminate(t, g)
	}
}
