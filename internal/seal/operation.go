package seal

import (
	"cmp"
	"embed"
	"slices"
	"strings"
	"sync"
)

//go:embed ops/*.sh
var fragments embed.FS

// order is the sequence in which operations run, and why: what asks the network
// or makes log lines comes early, logs come after it, the machine-id after the
// logs (package triggers rewrite it), and what ends access to the guest last,
// host keys at the very end (OpenSSH before 9.8 refuses every new connection
// from then on). Only then the free blocks: they are those of what was removed.
var order = []string{
	"subscriptions",
	"package-caches",
	"package-history",
	"temp-files",
	"histories",
	"credentials",
	"home-caches",
	"ssh-client-keys",
	"crash-dumps",
	"mail",
	"at-jobs",
	"user-crontabs",
	"installer-leftovers",
	"dhcp-leases",
	"network-names",
	"resolv-conf",
	"fstab",
	"storage-identities",
	"disk-bindings",
	"database-identities",
	"domain-membership",
	"ssm-agent",
	"ecs-agent",
	"cloudwatch-agent",
	"kubelet",
	"puppet",
	"chef",
	"salt",
	"other-agents",
	"random-seed",
	"cloud-init",
	"hostname",
	"scrub-paths",
	"passwords",
	"account-backups",
	"ssh-no-dns",
	"ssh-banner",
	"ssh-hardening",
	"logs",
	"machine-id",
	"authorized-keys",
	"ssh-host-keys",
	"build-key",
	"build-user",
	"secret-scan",
	"forbidden-strings",
	"scanner",
	"swap",
	"free-blocks",
}

// Operation is one thing that the seal removes and then proves gone.
type Operation struct {
	Name   string // as users write it in skip, for example ssh-host-keys
	Reason string // why an image must not carry it
	Paths  string // where it stands, for people
	// Default is when it runs without being named: "on", "off", or the name of
	// the option that is set.
	Default string
	text    string // the fragment with its two shell functions
}

// function is the name in the program: NAME_seal and NAME_check follow it.
func (o Operation) function() string { return strings.ReplaceAll(o.Name, "-", "_") }

// Operations gives all operations in the order in which they run.
func Operations() []Operation { return slices.Clone(operations()) }

// Names gives the operations' names in the order in which they run.
func Names() []string { return slices.Clone(order) }

var operations = sync.OnceValue(func() []Operation {
	ops := make([]Operation, 0, len(order))
	for _, name := range order {
		text, err := fragments.ReadFile("ops/" + name + ".sh")
		if err != nil {
			panic("seal: the build lacks the fragment of " + name) // embedded: a test reads every one
		}
		op := Described(name, string(text))
		op.text = string(text)
		ops = append(ops, op)
	}
	return ops
})

// Described gives the operation of a fragment by the comments on its top.
func Described(name, fragment string) Operation {
	return Operation{
		Name:    name,
		Reason:  header(fragment, "reason"),
		Paths:   header(fragment, "paths"),
		Default: cmp.Or(header(fragment, "default"), "on"),
	}
}

// header reads "# key: value" from a fragment; following lines that are
// indented ("#   more") continue it.
func header(text, key string) string {
	var value []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if rest, ok := strings.CutPrefix(line, "# "+key+": "); ok {
			value = append(value, rest)
		} else if rest, ok := strings.CutPrefix(line, "#   "); ok && value != nil {
			value = append(value, rest)
		} else if value != nil {
			break
		}
	}
	return strings.Join(value, " ")
}
