package stage

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/shell"
)

// MarkerDir is where a machine keeps which stages it has run, one file per
// stage that holds its hash. The folder stays in the image, so that an
// instance knows what was baked.
const MarkerDir = "/var/lib/goldenami/stages"

// Renderer writes the programs. The zero value is what machines get.
type Renderer struct {
	// MarkerDir takes the place of the constant of that name, for tests.
	MarkerDir string
}

// Render gives the program that runs one stage, unless its marker says that
// this very content ran before. POSIX sh, to be run as root. The program ends
// with the exit code of the stage.
func Render(s Stage) []byte { return Renderer{}.Render(s) }

// Render is Render with the renderer's settings.
func (r Renderer) Render(s Stage) []byte { return r.program([]Stage{s}) }

// prologue defines the three functions that every stage uses. The marker is
// moved into its place, so that a machine that loses power has all of it or
// none.
const prologue = `umask 022
goldenami_say() { printf 'goldenami: %s\n' "$*" >&2; }
mkdir -p "$goldenami_dir" || { goldenami_say "cannot make $goldenami_dir: run this as root"; exit 1; }
goldenami_tmp=$(mktemp -d "${TMPDIR:-/tmp}/goldenami.XXXXXXXX") || { goldenami_say 'cannot make a temporary folder'; exit 1; }
trap 'rm -rf "$goldenami_tmp"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
goldenami_script=$goldenami_tmp/stage
goldenami_due() {
	[ -r "$goldenami_dir/$1" ] || return 0
	IFS= read -r goldenami_was <"$goldenami_dir/$1" || :
	[ "$goldenami_was" != "$2" ] && return 0
	goldenami_say "stage $1: done before"
	return 1
}
goldenami_end() {
	[ "$3" -eq 0 ] || { goldenami_say "stage $1: failed with exit code $3"; exit "$3"; }
	printf '%s\n' "$2" >"$goldenami_tmp/marker" &&
		cp "$goldenami_tmp/marker" "$goldenami_dir/.$1.new" &&
		mv -f "$goldenami_dir/.$1.new" "$goldenami_dir/$1" ||
		{ goldenami_say "stage $1: cannot write its marker"; exit 1; }
	goldenami_say "stage $1: done"
}
`

// environmentDefaults make a stage see the same surroundings under sudo, as
// the communicator starts it, and under cloud-init, which sets no HOME.
const environmentDefaults = `cd / || exit 1
export HOME=/root
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
`

// program runs stages in order and stops at the first one that fails, because
// later ones may build on it.
func (r Renderer) program(stages []Stage) []byte {
	dir := r.MarkerDir
	if dir == "" {
		dir = MarkerDir
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "#!/bin/sh\n# Runs the stages of a golden image, each one once per content.\ngoldenami_dir=%s\n%s", shell.Quote(dir), prologue)
	for _, s := range stages {
		writeStage(&out, s)
	}
	out.WriteString("exit 0\n")
	return out.Bytes()
}

// writeStage embeds the script as a quoted here-document: exact, and still to
// be read by whoever looks at an instance's user data.
func writeStage(out *bytes.Buffer, s Stage) {
	hash := s.Hash()
	end := delimiter(s.content, hash)
	body := s.content
	if !bytes.HasSuffix(body, []byte("\n")) {
		body = append(slices.Clip(body), '\n')
	}
	fmt.Fprintf(out, "\n# stage %s, tier %s\nif goldenami_due %s %s; then\n", s.Name, s.Tier, shell.Quote(s.Name), hash)
	fmt.Fprintf(out, "cat >\"$goldenami_script\" <<'%s'\n%s%s\n", end, body, end)
	out.WriteString("(\n" + environmentDefaults)
	for _, name := range slices.Sorted(maps.Keys(s.Environment)) {
		fmt.Fprintf(out, "export %s=%s\n", name, shell.Quote(s.Environment[name]))
	}
	fmt.Fprintf(out, "exec%s \"$goldenami_script\" </dev/null\n)\ngoldenami_end %s %s \"$?\"\nfi\n", command(s.content), shell.Quote(s.Name), hash)
}

// command gives the interpreter of a script's first line as the Linux kernel
// reads it: a path and at most one argument. Without such a line it is sh.
func command(content []byte) string {
	firstLine, _, _ := bytes.Cut(content, []byte("\n"))
	line, found := strings.CutPrefix(string(firstLine), "#!")
	line = strings.Trim(line, " \t")
	if !found || line == "" {
		return " /bin/sh"
	}
	interpreter, argument := line, ""
	if at := strings.IndexAny(line, " \t"); at >= 0 {
		interpreter, argument = line[:at], strings.Trim(line[at:], " \t")
	}
	if argument == "" {
		return " " + shell.Quote(interpreter)
	}
	return " " + shell.Quote(interpreter) + " " + shell.Quote(argument)
}

// delimiter gives a line that ends the here-document and is no line of it.
func delimiter(content []byte, hash string) string {
	end := "GOLDENAMI_" + strings.ToUpper(hash[:16])
	for bytes.Contains(content, []byte(end)) {
		end += "_"
	}
	return end
}
