package seal

import (
	"crypto/rand"
	_ "embed" // the program's parts
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/shell"
)

//go:embed program/base.sh
var baseText string

//go:embed program/place.sh
var placeText string

//go:embed program/edit.sh
var editText string

//go:embed program/sshd.sh
var sshdText string

//go:embed program/scan.sh
var scanText string

//go:embed program/preflight.sh
var preflightText string

//go:embed program/forbidden.sh
var forbiddenText string

//go:embed program/swap.sh
var swapText string

//go:embed program/fit.sh
var fitText string

//go:embed program/return.sh
var returnText string

//go:embed program/user.sh
var userText string

//go:embed program/quiesce.sh
var quiesceText string

//go:embed program/main.sh
var mainText string

// Launcher is the one remote command. It holds no value of a template. It
// becomes root by what the guest has, without asking for a password, and runs
// the program that it finds on its standard input. The word after sh -c stands
// in single quotes on one line, which every login shell reads alike, csh and
// fish included. On a terminal (ssh_pty) a shell that reads its standard input
// would be an interactive one, with completion and a history; without a terminal
// on stderr it is not. It ends with [ExitNoRoot] where there is no way to root.
const Launcher = `/bin/sh -c '` +
	`if [ -t 0 ]; then stty -echo; exec 2>/dev/null; fi; ` +
	`if [ "$(id -u)" = 0 ]; then exec /bin/sh -s; fi; ` +
	`if sudo -n true </dev/null >/dev/null 2>&1; then exec sudo -n /bin/sh -s; fi; ` +
	`if doas -n true </dev/null >/dev/null 2>&1; then exec doas -n /bin/sh -s; fi; ` +
	`echo "goldenami-seal: neither root nor sudo or doas without a password" >&2; exit 77'`

// Exit statuses of the program and its launcher. The report is what counts; the
// status is there for runs that ended before one was made.
const (
	ExitSealed  = 0  // nothing is left, nothing failed
	ExitLeft    = 1  // an operation failed or a check found something
	ExitRefused = 2  // preflight refused; nothing was changed
	ExitNoRoot  = 77 // no way to become root; the program did not start
)

var validNonce = regexp.MustCompile(`^[0-9a-f]{32}$`)

// NewNonce gives 128 random bits as the mark of one run's report lines.
func NewNonce() (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("random mark for the seal's report: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// Program gives the text of the sh program for o, ready for the standard input
// of [Launcher]. A test binary never gets a program for [LiveRoot]: it would
// seal the developer's machine.
func Program(o Options) (string, error) {
	if err := o.Validate(); err != nil {
		return "", err
	}
	if o.RemoveBuildUser {
		if err := removable(o.BuildUser); err != nil {
			return "", fmt.Errorf("remove_build_user: %w", err)
		}
	}
	if !validNonce.MatchString(o.Nonce) {
		return "", errors.New("the seal's program needs a nonce of 32 hex digits")
	}
	prefix, err := rootPrefix(o.Root)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	writeSettings(&b, o, prefix, o.Selected())
	writeForbidden(&b, o)
	b.WriteString(baseText)
	b.WriteString(placeText)
	b.WriteString(editText)
	b.WriteString(sshdText)
	b.WriteString(scanText)
	b.WriteString(forbiddenText)
	b.WriteString(swapText)
	b.WriteString(preflightText)
	b.WriteString(fitText)
	b.WriteString(returnText)
	b.WriteString(userText)
	writeHook(&b, o, prefix)
	b.WriteString(hookText)
	b.WriteString(quiesceText)
	for _, op := range o.Selected() {
		b.WriteString(op.text)
	}
	b.WriteString(mainText)
	return b.String(), nil
}

// rootPrefix gives what stands before every path of the guest: nothing for the
// running guest, the directory for a mounted one.
func rootPrefix(root string) (string, error) {
	switch {
	case root == LiveRoot && testing.Testing():
		return "", errors.New("a test must name the root that it seals; / is this machine")
	case root == LiveRoot:
		return "", nil
	case !strings.HasPrefix(root, "/") || path.Clean(root) != root || strings.ContainsRune(root, 0):
		return "", fmt.Errorf("root %q is not a clean absolute path", root)
	}
	return root, nil
}

// writeSettings writes the only part of the program that depends on options.
// Each value passes through Quote.
func writeSettings(b *strings.Builder, o Options, prefix string, selected []Operation) {
	fmt.Fprintf(b, "GA_ROOT=%s\nGA_LIVE=%t\nGA_NONCE=%s\nGA_MODE=%s\nGA_ALLOW_NO_HOST_KEYS=%t\nGA_ALLOW_NO_LAUNCH_KEY=%t\nGA_ALLOW_NO_NETWORK=%t\n",
		shell.Quote(prefix), prefix == "", shell.Quote(o.Nonce), shell.Quote(string(o.Mode)),
		o.AllowNoHostKeys, o.AllowNoLaunchKey, o.AllowNoNetwork)

	// Where a path of the root stands in a pattern of find.
	fmt.Fprintf(b, "GA_ROOT_GLOB=%s\n", shell.Quote(globLiteral(prefix)))

	fmt.Fprintf(b, "GA_BANNER=%s\nGA_BUILD_KEY=%s\n", shell.Quote(strings.TrimRight(o.Banner, "\n")), shell.Quote(o.keyText()))

	fmt.Fprintf(b, "GA_BUILD_USER=%s\n", shell.Quote(o.BuildUser))
	fmt.Fprintf(b, "GA_SECRET_SCAN=%s\nGA_SCAN_TIMEOUT=%d\n", shell.Quote(string(o.SecretScan)), int(o.ScanTimeout.Seconds()))
	var allowed strings.Builder
	for _, p := range append(slices.Clone(stockKeys), o.ScanAllow...) {
		full := prefix + strings.TrimSuffix(p, "/")
		fmt.Fprintf(&allowed, "\t%s | %s/*) return 0 ;;\n", shell.Quote(full), shell.Quote(full))
	}
	// scan_allowed PATH: whether the secret scan passes over it.
	fmt.Fprintf(b, "scan_allowed() {\n\tcase $1 in\n%s\t*) return 1 ;;\n\tesac\n}\n", allowed.String())

	b.WriteString("each_operation() {\n")
	for _, op := range selected {
		fmt.Fprintf(b, "\t\"$1\" %s %s\n", shell.Quote(op.Name), op.function())
	}
	b.WriteString("}\n")

	writeKept(b, o, prefix)
	writeUsers(b, o.KeepUsers)

	// each_scrubbed FUNCTION: calls it with every path of scrub_paths.
	b.WriteString("each_scrubbed() {\n")
	for _, p := range o.ScrubPaths {
		fmt.Fprintf(b, "\t\"$1\" %s\n", shell.Quote(prefix+strings.TrimSuffix(p, "/")))
	}
	b.WriteString("\t:\n}\n")
}

// writeKept writes the functions that know what is never touched.
func writeKept(b *strings.Builder, o Options, prefix string) {
	var cases, tests, each strings.Builder
	for _, keep := range slices.Concat(o.Keep, alwaysKept) {
		full := prefix + strings.TrimSuffix(keep, "/")
		fmt.Fprintf(&cases, "\t%s | %s/*) return 0 ;;\n", shell.Quote(full), shell.Quote(full))
		fmt.Fprintf(&tests, " \\\n\t\t! -path %s ! -path %s", shell.Quote(globLiteral(full)), shell.Quote(globLiteral(full)+"/*"))
	}
	for _, keep := range o.Keep {
		fmt.Fprintf(&each, "\t\"$1\" %s\n", shell.Quote(prefix+strings.TrimSuffix(keep, "/")))
	}
	// kept PATH: whether keep names it or a directory above it.
	fmt.Fprintf(b, "kept() {\n\tcase $1 in\n%s\t*) return 1 ;;\n\tesac\n}\n", cases.String())
	// find_below DIR TESTS: find, blind to what is kept and to what is mounted below,
	// and within a time where "bounded" has one. "-xdev" passes over other file
	// systems, and not over directories of this one that are mounted once more.
	fmt.Fprintf(b, `bounded=
find_below() (
	below=$1
	shift
	set -f
	IFS=$newline
	for mount in $mounts; do
		case $mount in "${below%%/}"/*)
			mount=$(literal "$mount")
			set -- ! -path "$mount" ! -path "$mount/*" "$@"
			;;
		esac
	done
	unset IFS
	$bounded find "$below" -depth -mindepth 1 -xdev%s "$@"
)
`, tests.String())
	fmt.Fprintf(b, "each_kept() {\n%s\t:\n}\n", each.String())
}

// writeUsers writes the functions that know whose access stays.
func writeUsers(b *strings.Builder, users []string) {
	var cases, each strings.Builder
	for _, name := range users {
		fmt.Fprintf(&cases, "\t%s) return 0 ;;\n", shell.Quote(name))
		fmt.Fprintf(&each, "\t\"$1\" %s\n", shell.Quote(name))
	}
	// kept_user NAME: whether keep_users names it.
	fmt.Fprintf(b, "kept_user() {\n\tcase $1 in\n%s\t*) return 1 ;;\n\tesac\n}\n", cases.String())
	fmt.Fprintf(b, "each_kept_user() {\n%s\t:\n}\n", each.String())
}
