package windows

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/powershell"
	"github.com/goldenami/packer-plugin-goldenami/internal/powershell/grammar"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

const nonce = "0123456789abcdef0123456789abcdef"

func full() Options {
	return Options{
		Mode: seal.ModeSeal, Nonce: nonce, Enable: []string{"home-caches", "update-cache"}, ScrubPaths: []string{"C:/build/it's", `D:\é`},
		BuildKey: sealtest.BuildKey, SecretScan: seal.ScanFail, ScanTimeout: time.Minute, Forbidden: []seal.Forbidden{{Label: "forbidden_strings[0]", Value: "it's-a-secret"}},
	}
}

func program(t *testing.T, o Options) string {
	t.Helper()
	text, err := Program(o)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// cmdlets are all that the program calls besides its own functions: each one is in
// Windows PowerShell 5.1 as Windows brings it, and none is an alias.
var cmdlets = []string{
	"Get-ChildItem", "Get-CimAssociatedInstance", "Get-CimInstance", "Get-Item", "Get-NetRoute", "Get-Process", "Get-ScheduledTask", "Get-Service", "Get-WinEvent", "Join-Path",
	"New-Object", "Out-Null", "Remove-Item", "Remove-ItemProperty", "Remove-NetRoute", "Set-ItemProperty", "Set-StrictMode", "Stop-Service", "Test-Path",
	"Unregister-ScheduledTask",
}

// only gives options with which the one operation runs.
func only(name string) Options {
	o := full()
	o.Enable = nil
	for _, other := range order {
		if other != name {
			o.Skip = append(o.Skip, other)
		} else if other == "home-caches" || other == "update-cache" {
			o.Enable = []string{other}
		}
	}
	return o
}

// automatic are variables that PowerShell sets itself.
var automatic = []string{"$home", "$host", "$input", "$args", "$error", "$profile", "$matches", "$pid", "$event", "$sender"}

// TestTheProgramParses: it is PowerShell, printable ASCII, and defines nothing twice.
func TestTheProgramParses(t *testing.T) {
	t.Parallel()
	text := program(t, full())
	tree := grammar.Parse(t, text)[0]
	for _, fault := range tree.Faults {
		t.Errorf("it is no PowerShell: %s", fault)
	}
	for i, function := range tree.Functions {
		if slices.Contains(tree.Functions[:i], function) {
			t.Errorf("it defines %s twice", function)
		}
	}
	for _, variable := range tree.Variables {
		if slices.Contains(automatic, strings.ToLower(variable)) {
			t.Errorf("it uses %s, which PowerShell sets itself", variable)
		}
	}
	for i, b := range []byte(text) {
		if b > '~' || b < ' ' && b != '\n' {
			t.Fatalf("byte %d is %q, which a code page may change", i, b)
		}
	}
}

// TestEveryOperationRunsAlone: with all others skipped, its program still defines what
// it calls.
func TestEveryOperationRunsAlone(t *testing.T) {
	t.Parallel()
	texts := []string{baseText, removeText, checkText, guestText, scanText, preflightText, mainText}
	shared := len(texts) + len(laters)
	for _, name := range laters {
		texts = append(texts, fragment("later", name))
	}
	for _, name := range order {
		texts = append(texts, fragment("ops", name))
	}
	trees := grammar.Parse(t, texts...)
	var functions, commands []string
	for _, tree := range trees[:shared] {
		functions, commands = append(functions, tree.Functions...), append(commands, tree.Commands...)
	}
	for i, name := range order {
		own := trees[shared+i]
		for _, command := range slices.Concat(commands, own.Commands) {
			if !slices.Contains(functions, command) && !slices.Contains(own.Functions, command) && !slices.Contains(cmdlets, command) {
				t.Errorf("%s calls %s, which it does not define and which is no cmdlet", name, command)
			}
		}
		if text := program(t, only(name)); strings.Count(text, "function seal-") != 1 || !strings.Contains(text, "function seal-"+name+" ") {
			t.Errorf("alone, %s is not what runs", name)
		}
	}
	for i, name := range slices.Concat(laters, order) {
		dir, wanted := "ops", []string{"seal-" + name, "check-" + name}
		if i < len(laters) {
			dir, wanted = "later", []string{"later-" + name}
		}
		for _, function := range trees[shared-len(laters)+i].Functions {
			if !slices.Contains(wanted, function) && !strings.HasPrefix(function, name+"-") {
				t.Errorf("%s/%s.ps1: %s is not named for it", dir, name, function)
			}
		}
		for _, function := range wanted {
			if !slices.Contains(trees[shared-len(laters)+i].Functions, function) {
				t.Errorf("%s/%s.ps1 does not define %s", dir, name, function)
			}
		}
	}
}

func TestEveryFragmentIsAnOperation(t *testing.T) {
	t.Parallel()
	for dir, known := range map[string][]string{"ops": order, "later": laters} {
		files, err := fs.Glob(fragments, dir+"/*.ps1")
		if err != nil || len(files) != len(known) {
			t.Errorf("%s has %d files for %d names, %v", dir, len(files), len(known), err)
		}
		for _, name := range known {
			text := fragment(dir, name)
			header := map[string]string{"ops": "# operation: ", "later": "# later: "}[dir]
			if !strings.HasPrefix(text, header+name+"\n") {
				t.Errorf("%s/%s.ps1 does not begin with its name", dir, name)
			}
		}
	}
	for _, op := range Operations() {
		if len(op.Reason) < 20 || len(op.Paths) < 10 || !slices.Contains([]string{"on", "off", "scrub_paths", "secret_scan", "forbidden_strings"}, op.Default) {
			t.Errorf("%+v", op)
		}
	}
	for _, h := range Handovers() {
		if len(h.Reason) < 20 {
			t.Errorf("%+v", h)
		}
	}
}

// TestValuesStandInLiterals: hard values reach the program as strings and as nothing
// else.
func TestValuesStandInLiterals(t *testing.T) {
	t.Parallel()
	o := full()
	o.Keep, o.KeepUsers = []string{"C:/it's $(exit) `n", "C:/\u2019"}, []string{"o'neil $x"}
	o.ScanAllow, o.Forbidden[0].Label = []string{"C:/allow'd $(exit)"}, "the variable \"it's $(exit)\u2019\""
	plain, hard := grammar.Parse(t, program(t, full()))[0], grammar.Parse(t, program(t, o))[0]
	if len(hard.Faults) > 0 || !slices.Equal(plain.Commands, hard.Commands) || !slices.Equal(plain.Variables, hard.Variables) {
		t.Errorf("values changed what the program is: %v", hard.Faults)
	}
	for _, want := range []string{`'C:\it''s $(exit) ` + "`n'", "'o''neil $x'", `'C:\build\it''s'`, "'C:\\allow''d $(exit)'"} {
		if !slices.Contains(hard.Strings, want) {
			t.Errorf("no literal %s", want)
		}
	}
}

// decoded gives the launcher's program.
func decoded(t *testing.T, line string) string {
	t.Helper()
	text, ok := powershell.Program(line)
	if !ok {
		t.Fatalf("%s is no command line of PowerShell", line)
	}
	return text
}

func TestLaunchers(t *testing.T) {
	t.Parallel()
	text := program(t, full())
	for name, line := range map[string]string{"input": Launcher(text), "file": FileLauncher(text, FilePath(nonce))} {
		const limit = 8191 // of cmd.exe, through which WinRM starts programs
		if len(line) > limit {
			t.Errorf("%s: the line has %d characters, Windows takes %d", name, len(line), limit)
		}
		launcher := decoded(t, line)
		grammar.Valid(t, name, launcher)
		if !strings.Contains(launcher, fmt.Sprintf("'%X'", sha256.Sum256([]byte(text)))) || !strings.Contains(launcher, "exit 78\n") {
			t.Errorf("%s does not know the program's hash:\n%s", name, launcher)
		}
		if strings.Contains(line+launcher, nonce) != (name == "file") || strings.Contains(launcher, "build") {
			t.Errorf("%s holds values of the run:\n%s", name, launcher)
		}
		read, run := strings.Index(launcher, "$program = "), strings.Index(launcher, ". ([ScriptBlock]::Create($program))")
		if read < 0 || run < read || strings.Index(launcher, "exit 78") > run {
			t.Errorf("%s runs before it looks:\n%s", name, launcher)
		}
	}
	if file := decoded(t, FileLauncher(text, FilePath(nonce))); strings.Index(file, "[IO.File]::Delete(") > strings.Index(file, "[ScriptBlock]") {
		t.Errorf("the file outlives the start:\n%s", file)
	}
}

func TestProgramsNeedANonce(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "x", strings.ToUpper(nonce), nonce + "0"} {
		o := full()
		o.Nonce = bad
		if _, err := Program(o); err == nil {
			t.Errorf("%q passes", bad)
		}
	}
}

func TestTheTableHasEveryOperation(t *testing.T) {
	t.Parallel()
	table := Markdown()
	for _, name := range Names() {
		if !regexp.MustCompile("(?m)^\\| `" + name + "` \\| (on|off|on with `(scrub_paths|secret_scan|forbidden_strings)`) \\| .+ \\| .+ \\|$").MatchString(table) {
			t.Errorf("%s is not in\n%s", name, table)
		}
	}
}
