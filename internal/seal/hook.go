package seal

import (
	_ "embed" // the hook's program
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/shell"
)

//go:embed program/hook.sh
var hookText string

//go:embed program/final.sh
var finalText string

// atShutdown are the operations that run once more while the guest shuts down:
// those whose objects a session, a service or the shutdown itself may write
// again. What takes long or needs a network has no place among them.
var atShutdown = []string{
	"temp-files", "histories", "credentials", "home-caches", "ssh-client-keys", "crash-dumps", "mail", "dhcp-leases",
	"ssm-agent", "ecs-agent", "cloudwatch-agent", "random-seed", "cloud-init", "scrub-paths", "account-backups", "logs",
	"machine-id", "authorized-keys", "ssh-host-keys", "build-user", "free-blocks",
}

// writeHook writes the function that prints the program of the shutdown.
func writeHook(b *strings.Builder, o Options, prefix string) {
	b.WriteString("# shellcheck disable=SC2016 # it is expanded when it runs\nhook_text() {\n\tprintf '%s' " + shell.Quote(hookProgram(o, prefix)) + "\n}\n")
}

// hookProgram gives the program that the init system runs at the shutdown. It
// obeys skip and keep as the seal does.
func hookProgram(o Options, prefix string) string {
	selected := slices.DeleteFunc(o.Selected(), func(op Operation) bool { return !slices.Contains(atShutdown, op.Name) })
	var b strings.Builder
	writeSettings(&b, o, prefix, selected)
	b.WriteString(baseText)
	b.WriteString(placeText)
	b.WriteString(editText)
	for _, op := range selected {
		b.WriteString(op.text)
	}
	b.WriteString(finalText)
	return b.String()
}
