package proof

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func newKey(t *testing.T) ssh.PublicKey {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// printed is the probe's output on a machine.
func printed(hostname, machineID string, keys ...ssh.PublicKey) string {
	var out strings.Builder
	fmt.Fprintf(&out, "hostname %s\nmachine-id %s\n", hostname, machineID)
	for _, k := range keys {
		fmt.Fprintf(&out, "host-key %s root@build\n", bytes.TrimSpace(ssh.MarshalAuthorizedKey(k)))
	}
	return out.String()
}

func parsed(t *testing.T, machine, output string) Identity {
	t.Helper()
	id, err := ParseIdentity(machine, output)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestWhatTwoMachinesShareIsNamed(t *testing.T) {
	t.Parallel()
	mine, yours := newKey(t), newKey(t)
	one := parsed(t, "i-one", "Welcome!\n"+printed("ip-10-0-0-1", "aaaa", mine))
	for name, c := range map[string]struct {
		other string
		want  []string
	}{
		"nothing":       {printed("ip-10-0-0-2", "bbbb", yours), nil},
		"a host key":    {printed("ip-10-0-0-2", "bbbb", yours, mine), []string{"SSH host key", ssh.FingerprintSHA256(mine)}},
		"a machine-id":  {printed("ip-10-0-0-2", "aaaa", yours), []string{"machine-id", "aaaa"}},
		"a host name":   {printed("ip-10-0-0-1", "bbbb", yours), []string{"host name", "ip-10-0-0-1"}},
		"no machine-id": {printed("ip-10-0-0-2", "", yours), nil},
		"everything":    {printed("ip-10-0-0-1", "aaaa", mine), []string{"SSH host key", "machine-id", "host name"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := Distinct(one, parsed(t, "i-two", c.other), parsed(t, "i-three", printed("third", "cccc")))
			if (err == nil) != (c.want == nil) {
				t.Fatalf("error %v", err)
			}
			for _, text := range append(c.want, "i-one", "i-two") {
				if err != nil && !strings.Contains(err.Error(), text) {
					t.Errorf("%q is not in: %v", text, err)
				}
			}
		})
	}
}

func TestMachinesWithoutAnIDShareNone(t *testing.T) {
	t.Parallel()
	if err := Distinct(parsed(t, "a", printed("one", "uninitialized")), parsed(t, "b", printed("two", "uninitialized"))); err != nil {
		t.Error(err)
	}
}

func TestTheKeyOfTheHandshakeCounts(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	one, two := parsed(t, "a", printed("one", "1", key)), parsed(t, "b", printed("two", "2"))
	one.AddHostKey(key)
	two.AddHostKey(key)
	if len(one.HostKeys) != 1 {
		t.Errorf("one key is there %d times", len(one.HostKeys))
	}
	if err := Distinct(one, two); err == nil {
		t.Error("the machines showed the same key")
	}
}

func TestAnAnswerThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for _, output := range []string{"", "sh: syntax error", "hostname \n", "hostname a\nhost-key ssh-ed25519 nonsense\n"} {
		if id, err := ParseIdentity("i-one", output); err == nil || !strings.Contains(err.Error(), "i-one") {
			t.Errorf("%q gave %+v, %v", output, id, err)
		}
	}
}

// TestTheProbeTellsOfThisMachine runs the real command.
func TestTheProbeTellsOfThisMachine(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("sh", "-c", Probe).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	name, err := exec.Command("uname", "-n").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := parsed(t, "here", string(out)).Hostname; got != strings.TrimSpace(string(name)) {
		t.Errorf("host name %q, not %q", got, name)
	}
}
