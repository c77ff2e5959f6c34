//go:build e2e

package e2e

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/crypto/ssh"
)

// build is one run of Packer that builds and seals.
type build struct {
	packer     *packerRun
	report     string
	key, baked ssh.Signer // Packer's, and the one that stays in the image
	was        was
}

// was is what the build's machine was, which none of its image may be again.
type was struct {
	machineID, hostKey string
	units              string // and whether they are enabled
	key                string // the build's public key, in base64
	kept               string // what is left of the user's keys, where any is
	gone               string // the user, where it is removed
	secret             string // a line of its private host key, where it is known
}

const unitFiles = "systemctl list-unit-files --no-legend --no-pager --state=enabled,disabled,masked | awk '{print $1, $2}'"

// password is root's and the user's in the build's machine.
const password = "canary-password"

// byPassword are the two ways in which sshd takes one.
var byPassword = []ssh.AuthMethod{
	ssh.Password(password),
	ssh.KeyboardInteractive(func(_, _ string, questions []string, _ []bool) ([]string, error) {
		return slices.Repeat([]string{password}, len(questions)), nil
	}),
}

// build starts Packer, and comes back when its machine is about to be sealed.
func (s system) build(t *testing.T, e *endpoint) build {
	t.Helper()
	keyFile, key := e.builderKey(t)
	b := build{key: key, baked: newSigner(t), report: filepath.Join(t.TempDir(), "report.json")}
	args := []string{"build", "-color=false"}
	for name, value := range map[string]string{
		"key_file": keyFile, "report": b.report, "owner": s.owner, "image": s.filter, "user": s.user,
		"leaves": strconv.FormatBool(s.leaves), "purge": strconv.FormatBool(s.purge), "baked_key": string(ssh.MarshalAuthorizedKey(b.baked.PublicKey())),
	} {
		args = append(args, "-var", name+"="+strings.TrimSpace(value))
	}
	b.packer = startPacker(t, e.environ(), append(args, "test/e2e/testdata/seal-boot.pkr.hcl")...)
	b.was = s.openShell(t, e, b)
	b.was.key = strings.Fields(string(ssh.MarshalAuthorizedKey(key.PublicKey())))[1]
	if s.leaves {
		b.was.gone = s.user
	}
	if s.purge {
		b.was.kept = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(b.baked.PublicKey()))) + " baked\n"
	}
	return b
}

// openShell logs in to the build's machine beside Packer, types a secret into an
// interactive shell, and leaves it open. It gives what the machine is.
func (s system) openShell(t *testing.T, e *endpoint, b build) was {
	t.Helper()
	g := guest{keyName: "builder", signer: b.key}
	until(t, "a shell in the build's machine", 3*time.Minute, func() bool {
		if b.packer.ended() {
			t.Fatalf("packer ended early: %v\n%s", b.packer.err, b.packer.out)
		}
		found, err := e.ec2(home).DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range found.Reservations {
			if g.address = aws.ToString(r.Instances[0].PublicIpAddress); g.address != "" {
				g.id = aws.ToString(r.Instances[0].InstanceId)
				return g.dial(s.user) == nil
			}
		}
		return false
	})
	t.Cleanup(func() { _ = g.client.Close() }) // it went with the machine
	until(t, "the planting", 2*time.Minute, func() bool {
		if b.packer.ended() {
			t.Fatalf("packer ended early: %v\n%s", b.packer.err, b.packer.out)
		}
		return g.run(t, "ls /run/planted 2>/dev/null || true") != ""
	})
	w := was{hostKey: g.hostKey, machineID: g.run(t, "cat /etc/machine-id"), units: g.run(t, unitFiles)}
	for _, user := range []string{"root", s.user} {
		if id, _ := g.enters(user, byPassword...); id == "" {
			t.Errorf("%s does not get in by password before the seal, so what follows proves nothing", user)
		}
	}
	g.leaveShellOpen(t, "sudo")
	return w
}

// leaveShellOpen types a secret into an interactive shell, and says so to the build.
func (g guest) leaveShellOpen(t *testing.T, asRoot string) {
	t.Helper()
	session, err := g.client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	in, err := session.StdinPipe()
	err = errors.Join(err, session.RequestPty("xterm", 24, 80, ssh.TerminalModes{}), session.Shell())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write([]byte("export TYPED=canary-open-shell\n" + asRoot + " touch /run/typed\n")); err != nil {
		t.Fatal(err)
	}
}

// enters logs in and asks who that is: root may be answered with cloud-init's
// advice to use the other user, and gets no command.
func (g guest) enters(user string, by ...ssh.AuthMethod) (id, answer string) {
	client, err := ssh.Dial("tcp", g.target(), &ssh.ClientConfig{
		User: user, Auth: by, Timeout: 30 * time.Second,
		HostKeyCallback: func(string, net.Addr, ssh.PublicKey) error { return nil },
	})
	if err != nil {
		return "", err.Error()
	}
	defer func() { _ = client.Close() }()
	session, err := client.NewSession()
	if err != nil {
		return "", err.Error()
	}
	out, err := session.CombinedOutput("id -u")
	if answer = strings.TrimSpace(string(out)); err == nil || answer == "0" {
		return answer, answer
	}
	return "", answer
}

// mustRefuse logs in in a way that must lead nowhere.
func (g guest) mustRefuse(t *testing.T, user string, by ...ssh.AuthMethod) {
	t.Helper()
	if id, answer := g.enters(user, by...); id != "" {
		t.Errorf("%s is let in and told %q", user, answer)
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

// newKeyFile is a private key of a test, and the file that holds it.
func newKeyFile(t *testing.T) (signer ssh.Signer, file string) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "builder")
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	if signer, err = ssh.NewSignerFromKey(key); err != nil {
		t.Fatal(err)
	}
	return signer, file
}

func newSigner(t *testing.T) ssh.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// facts are those of the seal's report.
func (b build) facts(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(b.report)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Facts map[string]string `json:"facts"`
	}
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r.Facts
}

// sameLines compares sets of lines.
func sameLines(a, b string) bool {
	one, two := strings.Split(a, "\n"), strings.Split(b, "\n")
	slices.Sort(one)
	slices.Sort(two)
	return slices.Equal(one, two)
}
