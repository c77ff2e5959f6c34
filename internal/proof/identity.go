package proof

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Identity is what makes a machine that machine.
type Identity struct {
	Machine   string   // its name in errors, such as the instance's id
	HostKeys  []string // "type SHA256:…", sorted
	MachineID string   // empty where the machine has none
	Hostname  string
}

// Probe is a command for a POSIX shell that prints what ParseIdentity reads. It needs
// no privileges.
const Probe = `printf 'hostname %s\n' "$(uname -n)"
printf 'machine-id %s\n' "$(cat /etc/machine-id 2>/dev/null)"
for f in /etc/ssh/ssh_host_*.pub; do [ ! -r "$f" ] || printf 'host-key %s\n' "$(cat "$f")"; done`

// ParseIdentity reads what Probe printed on a machine. Lines of others, such as a
// banner, are ignored. It fails where the host name is missing, because then the probe
// has not run.
func ParseIdentity(machine, output string) (Identity, error) {
	id := Identity{Machine: machine}
	for line := range strings.Lines(output) {
		what, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		value = strings.TrimSpace(value)
		switch what {
		case "hostname":
			id.Hostname = value
		case "machine-id":
			if value != "uninitialized" { // what systemd's first boot is still to fill
				id.MachineID = value
			}
		case "host-key":
			key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(value))
			if err != nil {
				return Identity{}, fmt.Errorf("%s has a public host key that is none (%q): %w", machine, value, err)
			}
			id.AddHostKey(key)
		}
	}
	if id.Hostname == "" {
		return Identity{}, fmt.Errorf("%s did not tell its host name; it printed %q", machine, output)
	}
	return id, nil
}

// AddHostKey adds a key that the machine was seen to have, if it is not known yet.
func (i *Identity) AddHostKey(key ssh.PublicKey) {
	text := key.Type() + " " + ssh.FingerprintSHA256(key)
	if at, known := slices.BinarySearch(i.HostKeys, text); !known {
		i.HostKeys = slices.Insert(i.HostKeys, at, text)
	}
}

// Distinct gives nil if no two of the machines share a trait. The error names each
// trait that is shared, its value, whose it is and where to mend it.
func Distinct(machines ...Identity) error {
	var errs []error
	for n, one := range machines {
		for _, other := range machines[n+1:] {
			errs = append(errs, one.shared(other)...)
		}
	}
	return errors.Join(errs...)
}

func (i Identity) shared(other Identity) []error {
	var errs []error
	same := func(trait, value, mend string) {
		errs = append(errs, fmt.Errorf("%s and %s have the same %s (%s), so it is in the image: %s", i.Machine, other.Machine, trait, value, mend))
	}
	for _, key := range i.HostKeys {
		if slices.Contains(other.HostKeys, key) {
			same("SSH host key", key, "remove /etc/ssh/ssh_host_* at the end of the build, as goldenami-seal does, and let cloud-init make new ones")
		}
	}
	if i.MachineID != "" && i.MachineID == other.MachineID {
		same("machine-id", i.MachineID, "empty /etc/machine-id at the end of the build, as goldenami-seal does")
	}
	if i.Hostname == other.Hostname {
		same("host name", i.Hostname, "remove /etc/hostname at the end of the build and let cloud-init set it (preserve_hostname: false)")
	}
	return errs
}
