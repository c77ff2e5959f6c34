//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// verifyArgs are the arguments that build the tested family with these variables.
func verifyArgs(vars ...string) []string {
	var args []string
	for _, v := range vars {
		args = append(args, "-var", v)
	}
	return append(args, "test/e2e/testdata/verify.pkr.hcl")
}

// inState gives the images of a tier in a state, the newest first.
func (e *endpoint) inState(t *testing.T, tier ami.Tier, states ...ami.State) []ami.Image {
	t.Helper()
	found, err := ami.Find(t.Context(), e.ec2(home), home, ami.Query{Family: family, Tier: tier, States: states})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestVerify builds a family whose images are tested, then lets later ones fail.
func TestVerify(t *testing.T) {
	e := startEndpoint(t, "instant")
	output := e.mustBuild(t, verifyArgs(`test=echo "$GREETING"`)...)
	made := e.calls(t)
	base, full := e.image(t, home, ami.OSOnly), e.image(t, home, ami.Full)
	good := imagesOf(base, full)
	e.mustHold(t, good, output)

	t.Run("an image that passes is good", func(t *testing.T) {
		for _, want := range []string{
			"tested with love", "share no host key, machine-id or host name",
			"Image " + base.ID + " passed its test", "Image " + full.ID + " passed its test",
		} {
			if !strings.Contains(output, want) {
				t.Errorf("the output does not say %q:\n%s", want, output)
			}
		}
		if got := count(made, "RunInstances"); got != 4 {
			t.Errorf("%d launches, not one to build and one to test each of two images", got)
		}
	})
	t.Run("the README tells the permissions", func(t *testing.T) { mustBeAllowed(t, made) })
	t.Run("an image that is used again is not tested again", func(t *testing.T) {
		e.mustChange(t, 0, func() { output = e.mustBuild(t, verifyArgs(`test=echo "$GREETING"`)...) })
		e.mustHold(t, good, output)
	})
	t.Run("a failed test removes the image, and its child is not begun", func(t *testing.T) {
		before := e.calls(t)
		output := e.mustFail(t, verifyArgs("rebuild=always", "test=exit 7")...)
		for _, want := range []string{"failed its test", "exit code 7", "removed"} {
			if !strings.Contains(output, want) {
				t.Errorf("the output does not say %q:\n%s", want, output)
			}
		}
		if got := count(e.calls(t)[len(before):], "CreateImage"); got != 1 {
			t.Errorf("%d images were made, not the base alone\n%s", got, output)
		}
		e.mustHold(t, good, output)
	})
	t.Run("a stage that fails at first boot fails the image that lacks it", func(t *testing.T) {
		output := e.mustFail(t, append([]string{"-only=goldenami-ebs.base"}, verifyArgs("rebuild=always", "unique_identity=false", "app=exit 3")...)...)
		if !strings.Contains(output, "have not run as they should: app") {
			t.Errorf("the output does not name the stage:\n%s", output)
		}
		e.mustHold(t, good, output)
	})
	t.Run("what is not sealed is found out", func(t *testing.T) {
		output := e.mustFail(t, append([]string{"-only=goldenami-ebs.base"}, verifyArgs("sealed=false")...)...)
		if !strings.Contains(output, "have the same machine-id") || !strings.Contains(output, "the build instance and i-") {
			t.Errorf("the output does not name the machine-id:\n%s", output)
		}
		e.mustHold(t, good, output)
	})
	t.Run("a failed image is kept when asked", func(t *testing.T) {
		output := e.mustFail(t, append([]string{"-only=goldenami-ebs.base"}, verifyArgs("rebuild=always", "test=exit 7", "on_failure=keep")...)...)
		bad := e.inState(t, ami.OSOnly, ami.Bad)
		if len(bad) != 1 || !strings.Contains(output, "Kept although it failed its test: "+bad[0].ID) {
			t.Fatalf("bad images: %v\n%s", bad, output)
		}
		held := append(slices.Clone(good), imagesOf(bad...)...)
		slices.Sort(held)
		e.mustHold(t, held, output)
		if newest := e.inState(t, ami.OSOnly); len(newest) != 1 || newest[0].ID != base.ID {
			t.Errorf("good images: %v", newest)
		}
	})
}

// TestVerifyInterrupted presses Ctrl-C while the first image is tested.
func TestVerifyInterrupted(t *testing.T) {
	e := startEndpoint(t, "instant")
	run := startPacker(t, e.environ(), append([]string{"build", "-color=false"}, verifyArgs("test=echo under test; sleep 600")...)...)
	until(t, "the test", 2*time.Minute, func() bool {
		if run.ended() {
			t.Fatalf("packer ended early:\n%s", run.out)
		}
		return strings.Contains(run.out.String(), "base: under test\n")
	})
	run.interrupt(t)
	output, err := run.wait(t, time.Minute)
	if err == nil {
		t.Errorf("packer ended with success after Ctrl-C:\n%s", output)
	}
	if got := count(e.calls(t), "RunInstances"); got != 2 {
		t.Errorf("%d launches, not one to build and one to test\n%s", got, output)
	}
	e.mustHold(t, nil, output)
}

// cloudConfig is user data of the customer's own: it writes a file before the stages, and
// has a line run after them.
const cloudConfig = `#cloud-config
write_files:
  - path: /etc/customer
    content: "é from cloud-config\n"
runcmd:
  - cat /etc/customer /opt/app/release >>/opt/app/customer
`

// TestVerifyOnMachines builds on guests that boot systemd and cloud-init: the test asks
// cloud-init, finds host keys that were baked in, and finds what the customer's own user
// data did, once and beside the stages. Those with secrets ask cloud-init for the Region.
func TestVerifyOnMachines(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("guests that boot need root")
	}
	root, err := exec.Command(filepath.Join(built.root, "scripts", "guest-root.sh")).Output()
	if err != nil {
		t.Fatalf("make the guests' root: %v", err)
	}
	e := startEndpoint(t, "instant", "--guest", "boot", "--base", strings.TrimSpace(string(root)))
	only := []string{"-only=goldenami-ebs.base"}
	output := e.mustFail(t, append(only, verifyArgs("sealed=false", "shell=echo 'ssh_deletekeys: false' | sudo tee /etc/cloud/cloud.cfg.d/99-keep.cfg")...)...)
	for _, want := range []string{"have the same SSH host key", "have the same machine-id"} {
		if !strings.Contains(output, want) {
			t.Errorf("the output does not say %q:\n%s", want, output)
		}
	}
	e.mustHold(t, nil, output)
	output = e.mustBuild(t, append(only, verifyArgs("user_data="+cloudConfig, `test=cloud-init status | grep -q done
[ "$(cat /opt/app/customer)" = "$(printf 'é from cloud-config\n1')" ]
[ "$(cloud-init query region)" = us-east-1 ]`)...)...)
	e.mustHold(t, imagesOf(e.image(t, home, ami.OSOnly)), output)
	output = e.mustFail(t, append(only, verifyArgs("rebuild=always", "app=exit 3")...)...)
	if !strings.Contains(output, "cloud-init failed") {
		t.Errorf("the output does not tell of cloud-init:\n%s", output)
	}
}
