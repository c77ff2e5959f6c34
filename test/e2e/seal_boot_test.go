//go:build e2e

package e2e

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/crypto/ssh"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
)

// system is a machine with an init system that is sealed.
type system struct {
	name          string
	suite         string // of the root, for scripts/guest-root.sh
	owner, filter string // of the vendor's image
	user          string
	// purge is for a machine without cloud-init: users come with their keys, and
	// network and host keys from elsewhere.
	purge bool
	// leaves is whether the build's user is removed; cloud-init makes it again.
	leaves bool
}

const debian = "136693071363"

var systems = []system{
	{name: "Debian 12", suite: "bookworm", owner: debian, filter: "debian-12-amd64-*", user: "admin"},
	{name: "Debian 13", suite: "trixie", owner: debian, filter: "debian-13-amd64-*", user: "admin", leaves: true},
	// Its own unit for host keys waits for a first boot, which is none with an
	// empty machine-id.
	{name: "Debian 13 without cloud-init", suite: "trixie", owner: debian, filter: "debian-13-amd64-*", user: "admin", purge: true},
	{name: "Ubuntu 24.04", suite: "noble", owner: "099720109477", filter: "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*", user: "ubuntu", leaves: true},
}

// TestSealOnBootedMachines builds images of machines with an init system, looks
// at their disks after the shutdown, and boots two machines of each.
func TestSealOnBootedMachines(t *testing.T) {
	t.Parallel()
	if err := instance.Supported(); err != nil {
		t.Skip("machines cannot boot here: ", err)
	}
	turns := make(chan struct{}, 2) // a machine with two processors boots no more at a time
	for _, s := range systems {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			turns <- struct{}{}
			defer func() { <-turns }()
			s.sealed(t)
		})
	}
}

func (s system) sealed(t *testing.T) {
	e := startEndpoint(t, "instant", "-guest", "boot", "-base", guestRoot(t, s.suite))
	b := s.build(t, e)
	output, err := b.packer.wait(t, buildLimit)
	if err != nil {
		t.Fatalf("packer build: %v\n%s", err, output)
	}
	for line := range strings.Lines(output) {
		if strings.Contains(line, "Sealed in") {
			t.Log(strings.TrimSpace(line))
		}
	}
	facts := b.facts(t)
	if facts["shutdown-hook"] != "systemd" {
		t.Errorf("the hook at the shutdown is %q", facts["shutdown-hook"])
	}
	if made := strings.Contains(facts["host-keys"], "which the seal installs"); made != s.purge {
		t.Errorf("host keys are %q", facts["host-keys"])
	}
	for _, wrong := range wrongOnDisk(t, filepath.Join(filepath.Dir(e.log), "state"), b.was) {
		t.Errorf("on the disk after the shutdown: %s", wrong)
	}
	images, err := e.ec2(home).DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}})
	if err != nil || len(images.Images) != 1 {
		t.Fatalf("%d images, %v", len(images.Images), err)
	}
	launch := func(name string) guest {
		return e.boot(t, name, &ec2.RunInstancesInput{ImageId: images.Images[0].ImageId, InstanceType: types.InstanceTypeT3Small})
	}
	one, two := launch("one"), launch("two")
	var ids [2]string
	for i, g := range []*guest{&one, &two} {
		ids[i] = s.mustBeItself(t, b, g)
	}
	if ids[0] == ids[1] || one.hostKey == two.hostKey {
		t.Errorf("two machines have the ids %q and the host keys %q and %q", ids, one.hostKey, two.hostKey)
	}
}

// mustBeItself checks one machine of the image, and gives its machine-id.
func (s system) mustBeItself(t *testing.T, b build, g *guest) (id string) {
	t.Helper()
	launchKey := g.signer
	if s.purge {
		g.signer = b.baked
	}
	g.enter(t, s.user)
	if state := g.run(t, "systemctl is-system-running --wait || true; systemctl --failed --plain --no-legend"); state != "running" {
		t.Errorf("the system is %s", state)
	}
	if id = g.run(t, "cat /etc/machine-id"); len(id) != 32 || id == b.was.machineID {
		t.Errorf("machine id %q, and %q in the build", id, b.was.machineID)
	}
	if g.hostKey == "" || g.hostKey == b.was.hostKey {
		t.Errorf("host key %q, and %q in the build", g.hostKey, b.was.hostKey)
	}
	units := b.was.units
	if s.purge {
		units += "\ngoldenami-host-keys.service enabled"
	}
	if now := g.run(t, unitFiles); !sameLines(now, units) {
		t.Errorf("units were\n%s\nand are\n%s", units, now)
	}
	if boots := g.run(t, "sudo journalctl --list-boots --no-pager -q | grep -Ec '^ *-?[0-9]'"); boots != "1" {
		t.Errorf("the journal holds %s boots", boots)
	}
	if journals := g.run(t, "sudo ls /var/log/journal 2>/dev/null || true"); strings.Contains(journals, b.was.machineID) {
		t.Errorf("journals of %s", journals)
	}
	for _, user := range []string{"root", s.user} {
		g.mustRefuse(t, user, byPassword...)
		g.mustRefuse(t, user, ssh.PublicKeys(b.key))
	}
	g.mustRefuse(t, "root", ssh.PublicKeys(launchKey))
	return id
}

// guestRoot is the root of the suite that machines boot from, made when it is not
// there yet.
func guestRoot(t *testing.T, suite string) string {
	t.Helper()
	out, err := exec.Command(filepath.Join(built.root, "scripts/guest-root.sh"), suite).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 3 {
		t.Skipf("this system is not tested here: %s", exit.Stderr)
	}
	if errors.As(err, &exit) {
		t.Fatalf("%v: %s", err, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
