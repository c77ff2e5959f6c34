package stage

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goldenami/packer-plugin-goldenami/internal/shell"
)

// MarkerDir is where a machine keeps which stages it has run, one file per
// stage that holds its hash. The folder stays in the image, so that an
// instance knows what was baked.
const MarkerDir = "/var/lib/goldenami/stages"

// Renderer writes the programs. The zero value is what machines get.
type Renderer struct {
	// MarkerDir takes the place of the constant of that name, for tests.
	// StatusFile is beside it.
	MarkerDir string
}

// Render gives the program that bakes one stage, unless its marker says that
// this very content ran before. POSIX sh, to be run as root, or PowerShell, to be
// run as an administrator. The program ends with the exit code of the stage.
func Render(s Stage) []byte { return Renderer{}.Render(s) }

// Render is Render with the renderer's settings.
func (r Renderer) Render(s Stage) []byte {
	if s.PowerShell {
		return psProgram([]Stage{s}, psNoRecorder, nil)
	}
	return r.program([]Stage{s}, noRecorder)
}

// boot gives the program of first boot.
func (r Renderer) boot(all []Stage) []byte { return r.program(all, recorder) }

// program runs stages in order and stops at the first one that fails, because
// later ones may build on it.
func (r Renderer) program(stages []Stage, recorder string) []byte {
	dir := r.MarkerDir
	if dir == "" {
		dir = MarkerDir
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "#!/bin/sh\n# Runs the stages of a golden image, each one once per content.\ngoldenami_dir=%s\n%s%s", shell.Quote(dir), prologue, recorder)
	if slices.ContainsFunc(stages, func(s Stage) bool { return len(s.Secrets) > 0 }) {
		out.WriteString(fetcher)
	}
	for _, s := range stages {
		writeStage(&out, s)
	}
	out.WriteString("goldenami_finish done 0\nexit 0\n")
	return out.Bytes()
}

func writeStage(out *bytes.Buffer, s Stage) {
	hash := s.Hash()
	fmt.Fprintf(out, "\n# stage %s, tier %s\nif goldenami_due %s %s; then\n", s.Name, s.Tier, shell.Quote(s.Name), hash)
	out.WriteString("(\nset -e\n")
	body := s.content
	if !bytes.HasSuffix(body, []byte("\n")) {
		body = append(slices.Clip(body), '\n')
	}
	embed(out, `"$goldenami_script"`, body)
	writeFiles(out, s.Files)
	out.WriteString(")\n[ $? -eq 0 ] && (\n" + environmentDefaults)
	for _, name := range slices.Sorted(maps.Keys(s.Environment)) {
		fmt.Fprintf(out, "export %s=%s\n", name, shell.Quote(s.Environment[name]))
	}
	if len(s.Files) > 0 {
		fmt.Fprintf(out, "export %s=\"$goldenami_files\"\n", FilesVariable)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Secrets)) {
		writeSecret(out, name, s.Secrets[name])
	}
	fmt.Fprintf(out, "exec%s \"$goldenami_script\" </dev/null\n)\ngoldenami_end %s %s \"$?\"\nfi\n", command(s.content), shell.Quote(s.Name), hash)
}

// writeFiles makes the files of a stage anew.
func writeFiles(out *bytes.Buffer, files []File) {
	made := map[string]bool{}
	for _, f := range files {
		at := `"$goldenami_files"/` + shell.Quote(f.Path)
		if folder := path.Dir(f.Path); !made[folder] {
			made[folder] = true
			fmt.Fprintf(out, "mkdir -p \"$goldenami_files\"/%s\n", shell.Quote(folder))
		}
		embed(out, at, f.Content)
		if f.Exec {
			fmt.Fprintf(out, "chmod 0755 %s\n", at)
		}
	}
}

// embed writes a file: text as a quoted here-document, which is exact and still
// to be read by whoever looks at an instance's user data, all else in base64.
func embed(out *bytes.Buffer, to string, content []byte) {
	hash := digest(content)
	switch {
	case len(content) == 0:
		fmt.Fprintf(out, ": >%s\n", to)
	case utf8.Valid(content) && !bytes.ContainsRune(content, 0) && bytes.HasSuffix(content, []byte("\n")):
		end := delimiter(content, hash)
		fmt.Fprintf(out, "cat >%s <<'%s'\n%s%s\n", to, end, content, end)
	default:
		end := delimiter(nil, hash)
		fmt.Fprintf(out, "base64 -d >%s <<'%s'\n%s%s\n", to, end, lines(base64.StdEncoding.EncodeToString(content)), end)
	}
}

// lines breaks a text that has no line of its own.
func lines(text string) string {
	const width = 76
	var out strings.Builder
	for line := range slices.Chunk([]byte(text), width) {
		out.Write(line)
		out.WriteByte('\n')
	}
	return out.String()
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
