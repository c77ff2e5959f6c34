package windows

import (
	"embed"
	"slices"
	"strings"
	"sync"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
)

//go:embed ops/*.ps1 later/*.ps1
var fragments embed.FS

// order is the sequence in which operations run: what needs its files overwritten
// before what would only unlink them, logs after what makes lines in them, the keys of
// sshd late, because it may take no new connection from then on, and the event logs
// last, because all else is in them.
var order = []string{
	"packer-leftovers",
	"user-data",
	"temp-files",
	"histories",
	"credentials",
	"home-caches",
	"ssh-client-keys",
	"crash-dumps",
	"recycle-bin",
	"update-cache",
	"unattend-files",
	"autologon",
	"rdp-history",
	"rdp-certificate",
	"local-users",
	"ssm-agent",
	"ecs-agent",
	"cloudwatch-agent",
	"puppet",
	"chef",
	"salt",
	"other-agents",
	"metadata-routes",
	"launch-agent",
	"scrub-paths",
	"logs",
	"shadow-copies",
	"authorized-keys",
	"build-key",
	"ssh-host-keys",
	"secret-scan",
	"forbidden-strings",
	"event-logs",
}

// laters are what the report hands to the step that runs sysprep.
var laters = []string{"winrm", "ssm-agent", "launch-agent", "generalize"}

// Names gives the operations' names in the order in which they run.
func Names() []string { return slices.Clone(order) }

// Operations gives all operations in the order in which they run.
func Operations() []seal.Operation { return slices.Clone(operations()) }

// Markdown gives the operations as a table of the documentation.
func Markdown() string { return seal.MarkdownOf(operations()) }

var operations = sync.OnceValue(func() []seal.Operation {
	ops := make([]seal.Operation, 0, len(order))
	for _, name := range order {
		ops = append(ops, seal.Described(name, fragment("ops", name)))
	}
	return ops
})

func fragment(dir, name string) string {
	text, err := fragments.ReadFile(dir + "/" + name + ".ps1")
	if err != nil {
		panic("seal: the build lacks the fragment of " + name) // embedded: a test reads every one
	}
	return string(text)
}

// Handovers gives what the report may hand to sysprep, without what was found.
func Handovers() []seal.Handover {
	all := make([]seal.Handover, 0, len(laters))
	for _, name := range laters {
		all = append(all, seal.Handover{Name: name, Reason: seal.Described(name, fragment("later", name)).Reason})
	}
	return all
}

// lines takes the comments out of a program: it is read by a machine, and WinRM sends
// it in small pieces.
func lines(program string) string {
	var kept []string
	for line := range strings.SplitSeq(program, "\n") {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}
