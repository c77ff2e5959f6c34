package seal

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed ops/*.sh
var fragments embed.FS

// order is the sequence in which operations run, and why: what may still make
// log lines or wake daemons comes early, logs come after it, the machine-id
// after the logs (package triggers rewrite it), and what ends access to the
// guest last, host keys at the very end (OpenSSH before 9.8 refuses every new
// connection from then on).
var order = []string{
	"package-caches",
	"temp-files",
	"histories",
	"ssh-client-keys",
	"account-backups",
	"dhcp-leases",
	"ssm-agent",
	"random-seed",
	"cloud-init",
	"hostname",
	"logs",
	"machine-id",
	"authorized-keys",
	"ssh-host-keys",
}

// Operation is one thing that the seal removes and then proves gone.
type Operation struct {
	Name   string // as users write it in skip, for example ssh-host-keys
	Reason string // why an image must not carry it
	Paths  string // where it stands, for people
	text   string // the fragment with its two shell functions
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
		ops = append(ops, Operation{
			Name:   name,
			Reason: header(string(text), "reason"),
			Paths:  header(string(text), "paths"),
			text:   string(text),
		})
	}
	return ops
})

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

// unknown explains a name that no operation has.
func unknown(name string) error {
	return fmt.Errorf("no operation is called %q; did you mean %q? The operations are %s",
		name, nearest(name), strings.Join(order, ", "))
}

// nearest gives the operation whose name takes the fewest edits to become name.
func nearest(name string) string {
	return slices.MinFunc(order, func(a, b string) int { return edits(name, a) - edits(name, b) })
}

// edits is the Levenshtein distance, in bytes: operations' names are ASCII.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
