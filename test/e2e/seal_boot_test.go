//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/crypto/ssh"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
)

// TestSealOnBootedMachines builds an image of a machine with an init system,
// looks at its disk after the shutdown, and boots two machines of it.
func TestSealOnBootedMachines(t *testing.T) {
	if err := instance.Supported(); err != nil {
		t.Skip("machines cannot boot here: ", err)
	}
	e := startEndpoint(t, "instant", "-guest", "boot", "-base", guestRoot(t))
	keyFile, signer := e.builderKey(t)
	report := filepath.Join(t.TempDir(), "report.json")
	build := startPacker(t, e.environ(), "build", "-color=false", "-var", "key_file="+keyFile, "-var", "report="+report, "test/e2e/testdata/seal-boot.pkr.hcl")
	before := e.openShell(t, build, signer)
	output, err := build.wait(t, buildLimit)
	if err != nil {
		t.Fatalf("packer build: %v\n%s", err, output)
	}
	for line := range strings.Lines(output) {
		if strings.Contains(line, "Sealed in") {
			t.Log(strings.TrimSpace(line))
		}
	}
	if hook := fact(t, report, "shutdown-hook"); hook != "systemd" {
		t.Errorf("the hook at the shutdown is %q", hook)
	}
	t.Run("the disk after the shutdown", func(t *testing.T) {
		for _, wrong := range wrongOnDisk(t, filepath.Join(filepath.Dir(e.log), "state"), before) {
			t.Error(wrong)
		}
	})
	images, err := e.ec2(home).DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}})
	if err != nil || len(images.Images) != 1 {
		t.Fatalf("%d images, %v", len(images.Images), err)
	}
	image := aws.ToString(images.Images[0].ImageId)
	var ids, keys [2]string
	t.Run("machines of the image", func(t *testing.T) {
		for i, name := range []string{"one", "two"} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				g := e.launch(t, image, name)
				g.mustBeItself(t, before)
				ids[i], keys[i] = g.run(t, "cat /etc/machine-id"), g.hostKey
			})
		}
	})
	if ids[0] == ids[1] || keys[0] == keys[1] {
		t.Errorf("two machines have the ids %q and the host keys %q", ids, keys)
	}
}

// was is what the build's machine was, which none of its image may be again.
type was struct {
	machineID, hostKey string
	units              string // and whether they are enabled
}

const unitFiles = "systemctl list-unit-files --no-legend --no-pager --state=enabled,disabled,masked | awk '{print $1, $2}' | sort"

// mustBeItself checks one machine of the image.
func (g guest) mustBeItself(t *testing.T, built was) {
	t.Helper()
	if state := g.run(t, "systemctl is-system-running --wait || true; systemctl --failed --plain --no-legend"); state != "running" {
		t.Errorf("the system is %s", state)
	}
	if id := g.run(t, "cat /etc/machine-id"); len(id) != 32 || id == built.machineID {
		t.Errorf("machine id %q, and %q in the build", id, built.machineID)
	}
	if g.hostKey == "" || g.hostKey == built.hostKey {
		t.Errorf("host key %q, and %q in the build", g.hostKey, built.hostKey)
	}
	if units := g.run(t, unitFiles); units != built.units {
		t.Errorf("units were\n%s\nand are\n%s", built.units, units)
	}
	if boots := g.run(t, "sudo journalctl --list-boots --no-pager -q | wc -l"); boots != "1" {
		t.Errorf("the journal holds %s boots", boots)
	}
	if id := g.run(t, "sudo ls /var/log/journal 2>/dev/null || true"); strings.Contains(id, built.machineID) {
		t.Errorf("journals of %s", id)
	}
	g.mustRefuse(t, "root", ssh.Password("canary"))
	g.mustRefuse(t, "root", ssh.PublicKeys(g.signer))
	g.mustRefuse(t, "admin", ssh.Password("canary"))
}

// mustRefuse logs in in a way that must lead nowhere: root may be answered with
// cloud-init's advice to use the other user, and gets no command.
func (g guest) mustRefuse(t *testing.T, user string, by ssh.AuthMethod) {
	t.Helper()
	client, err := ssh.Dial("tcp", net.JoinHostPort(g.address, "22"), &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{by}, Timeout: 30 * time.Second,
		HostKeyCallback: func(string, net.Addr, ssh.PublicKey) error { return nil },
	})
	if err != nil {
		return
	}
	defer func() { _ = client.Close() }()
	session, err := client.NewSession()
	if err != nil {
		return
	}
	if out, err := session.CombinedOutput("id -u"); err == nil || strings.TrimSpace(string(out)) == "0" {
		t.Errorf("%s is let in and told %q", user, out)
	}
}

// builderKey is the build's key, which the test knows too.
func (e *endpoint) builderKey(t *testing.T) (file string, signer ssh.Signer) {
	t.Helper()
	pair, err := e.ec2(home).CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{KeyName: aws.String("builder"), KeyType: types.KeyTypeEd25519})
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(aws.ToString(pair.KeyMaterial))
	if signer, err = ssh.ParsePrivateKey(text); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "builder.pem")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file, signer
}

// openShell logs in to the build's machine beside Packer, types a secret into an
// interactive shell, and leaves it open. It gives what the machine is.
func (e *endpoint) openShell(t *testing.T, build *packerRun, signer ssh.Signer) was {
	t.Helper()
	g := guest{keyName: "builder", signer: signer}
	until(t, "a shell in the build's machine", 2*time.Minute, func() bool {
		if build.ended() {
			t.Fatalf("packer ended early: %v\n%s", build.err, build.out)
		}
		found, err := e.ec2(home).DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range found.Reservations {
			if g.address = aws.ToString(r.Instances[0].PublicIpAddress); g.address != "" {
				g.id = aws.ToString(r.Instances[0].InstanceId)
				return g.dial("admin") == nil
			}
		}
		return false
	})
	t.Cleanup(func() { _ = g.client.Close() }) // it went with the machine
	g.run(t, "cloud-init status --wait")
	w := was{hostKey: g.hostKey, machineID: g.run(t, "cat /etc/machine-id")}
	session, err := g.client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	in, err := session.StdinPipe()
	err = errors.Join(err, session.RequestPty("xterm", 24, 80, ssh.TerminalModes{}), session.Shell())
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the planting", time.Minute, func() bool {
		return g.run(t, "ls /etc/shadow- /home/admin/.ssh/known_hosts 2>/dev/null | wc -l") == "2"
	})
	w.units = g.run(t, unitFiles)
	if _, err := in.Write([]byte("export TYPED=canary-open-shell\nsudo touch /run/typed\n")); err != nil {
		t.Fatal(err)
	}
	return w
}

// fact reads one of the seal's facts from its report.
func fact(t *testing.T, report, name string) string {
	t.Helper()
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Facts map[string]string `json:"facts"`
	}
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r.Facts[name]
}

// guestRoot is the root that machines boot from, made when it is not there yet.
func guestRoot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command(filepath.Join(built.root, "scripts/guest-root.sh")).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("%v: %s", err, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
