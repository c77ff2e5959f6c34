package stage

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/powershell"
)

// windowsStages are stages that are hard to hand on.
func windowsStages(t *testing.T) []Stage {
	t.Helper()
	patch := Stage{Name: "patch", Tier: ami.OSOnly, PowerShell: true, Inline: []string{"Write-Host 'é </powershell>'", "\"$env:A\""}}
	patch.Environment = map[string]string{"A": "it's <b>", "B": "plain 'x' $y", "C": "‘smart’", "D": ""}
	patch.Files = []File{{Path: "conf/a.ini", Content: []byte("x\r\ny")}, {Path: "it's"}}
	app := Stage{Name: "app", Tier: ami.Full, PowerShell: true, Inline: []string{"exit 3"}}
	return loaded(t, patch, app)
}

// saved finds what a program writes to files: path expression and content.
func saved(t *testing.T, program string) [][2]string {
	t.Helper()
	var all [][2]string
	for _, m := range regexp.MustCompile(`(?m)^\s*GoldenamiSave (.+) '([A-Za-z0-9+/=]*)'$`).FindAllStringSubmatch(program, -1) {
		content, err := base64.StdEncoding.DecodeString(m[2])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, [2]string{m[1], string(content)})
	}
	return all
}

func TestPowerShellProgramHoldsWhatItRuns(t *testing.T) {
	t.Parallel()
	all := windowsStages(t)
	program := string(psProgram(all, psRecorder, []byte("Get-Date # ü\n")))
	for i, b := range []byte(program) {
		if b > '~' || b < ' ' && b != '\n' && b != '\t' || b == '<' {
			t.Fatalf("byte %d is %q: an agent or the code page of a machine would change it", i, b)
		}
	}
	const mark = "\ufeff"
	want := [][2]string{
		{"$goldenamiScript", mark + "$ErrorActionPreference = 'Stop'\nWrite-Host 'é </powershell>'\n\"$env:A\"\nexit [int]$LASTEXITCODE\n"},
		{`(Join-Path $goldenamiFiles 'conf\a.ini')`, "x\r\ny"},
		{`(Join-Path $goldenamiFiles 'it''s')`, ""},
		{"$goldenamiScript", mark + "$ErrorActionPreference = 'Stop'\nexit 3\nexit [int]$LASTEXITCODE\n"},
		{"$goldenamiOwn", mark + "Get-Date # ü\n"},
	}
	if got := saved(t, program); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("it writes\n%q\nwant\n%q", got, want)
	}
	assigned := regexp.MustCompile(`(?m)^\t\t\$environment\['([A-Z_]+)'\] = (.+)$`).FindAllStringSubmatch(program, -1)
	values := map[string]string{}
	for _, m := range assigned {
		values[m[1]] = m[2]
	}
	for name, value := range all[0].Environment {
		got, err := psValue(values[name])
		if err != nil || got != value {
			t.Errorf("%s is %s, which is %q, %v, not %q", name, values[name], got, err, value)
		}
	}
	if values[FilesVariable] != "$goldenamiFiles" {
		t.Errorf("%s is %q", FilesVariable, values[FilesVariable])
	}
}

// TestPowerShellGuards: a stage runs where its hash is new and none before it failed;
// its marker comes after its success, and its end before the next one begins.
func TestPowerShellGuards(t *testing.T) {
	t.Parallel()
	all := windowsStages(t)
	program := string(psProgram(all, psRecorder, nil))
	at := 0
	for _, s := range all {
		for _, line := range []string{
			fmt.Sprintf("\nif (($goldenamiCode -eq 0) -and (GoldenamiDue '%s' '%s')) {\n", s.Name, s.Hash()),
			"\n\t\t$code = GoldenamiRun $environment $goldenamiScript @()\n",
			fmt.Sprintf("\n\tGoldenamiEnd '%s' '%s' $code\n}\n", s.Name, s.Hash()),
		} {
			next := strings.Index(program[at:], line)
			if next < 0 {
				t.Fatalf("after byte %d there is no %q in\n%s", at, line, program)
			}
			at += next
		}
	}
	_, end, _ := strings.Cut(program, "function GoldenamiEnd")
	if failed, marked := strings.Index(end, "\t\treturn\n"), strings.Index(end, "GoldenamiReplace (Join-Path $goldenamiDir $name) $hash"); failed < 0 || marked < failed {
		t.Error("a stage that failed gets a marker")
	}
	for _, definition := range regexp.MustCompile(`\bGoldenami[A-Z][a-z]+`).FindAllString(program, -1) {
		if !strings.Contains(program, "function "+definition) {
			t.Errorf("%s is not defined", definition)
		}
	}
	balanced(t, program)
	balanced(t, string(Render(all[0])))
	if strings.Contains(string(Render(all[0])), "status.json") {
		t.Error("baking leaves a status")
	}
}

// balanced fails unless braces and brackets outside of strings close one another.
func balanced(t *testing.T, program string) {
	t.Helper()
	var open []byte
	for n, line := range strings.Split(program, "\n") {
		inString := false
		for _, b := range []byte(line) {
			switch {
			case b == '\'':
				inString = !inString
			case inString:
			case b == '#':
				goto next
			case strings.IndexByte("({[", b) >= 0:
				open = append(open, b)
			case strings.IndexByte(")}]", b) >= 0:
				if len(open) == 0 || strings.IndexByte("({[", open[len(open)-1]) != strings.IndexByte(")}]", b) {
					t.Fatalf("line %d: %c closes nothing: %s", n+1, b, line)
				}
				open = open[:len(open)-1]
			}
		}
		if inString {
			t.Fatalf("line %d leaves a string open: %s", n+1, line)
		}
	next:
	}
	if len(open) > 0 {
		t.Fatalf("%q is left open", open)
	}
}

// psValue evaluates what powershell.Literal writes, by the rules of PowerShell for strings in
// single quotes: a doubled quote is one, and the typographic quotes are quotes too.
func psValue(expression string) (string, error) {
	const call = "([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String("
	if rest, found := strings.CutPrefix(expression, call); found {
		quoted, ends := strings.CutSuffix(rest, ")))")
		text, err := psValue(quoted)
		if !ends || err != nil {
			return "", fmt.Errorf("%s: %w", expression, err)
		}
		raw, err := base64.StdEncoding.DecodeString(text)
		return string(raw), err
	}
	quote := func(r rune) bool { return strings.ContainsRune("'\u2018\u2019\u201a\u201b", r) }
	runes := []rune(expression)
	if len(runes) < 2 || !quote(runes[0]) {
		return "", fmt.Errorf("%s is no string", expression)
	}
	var out strings.Builder
	for i := 1; i < len(runes); i++ {
		switch {
		case !quote(runes[i]):
			out.WriteRune(runes[i])
		case i+1 < len(runes) && quote(runes[i+1]):
			i++
			out.WriteRune(runes[i])
		case i+1 == len(runes):
			return out.String(), nil
		default:
			return "", fmt.Errorf("%s goes on after its end", expression)
		}
	}
	return "", fmt.Errorf("%s does not end", expression)
}

func FuzzPowerShellQuoting(f *testing.F) {
	for _, seed := range []string{"", "'", "''", "a'b\"c", "$(x)", "`n", "‘’‚‛", "</powershell>", "é", "\n", "\r\n", "@'", "#", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !utf8.ValidString(value) {
			return
		}
		expression := powershell.Literal(value)
		if got, err := psValue(expression); err != nil || got != value {
			t.Fatalf("%q became %s, which is %q, %v", value, expression, got, err)
		}
		for _, b := range []byte(expression) {
			if b > '~' || b < ' ' || b == '<' {
				t.Fatalf("%q became %s", value, expression)
			}
		}
	})
}

func TestPowerShellStagesAreChecked(t *testing.T) {
	t.Parallel()
	utf16 := filepath.Join(t.TempDir(), "utf16.ps1")
	if err := os.WriteFile(utf16, []byte("\xff\xfea\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Stage){
		`name: "con" cannot be the name of a file on Windows`: func(s *Stage) { s.Name = "con" },
		`name: "a." cannot be`:                                func(s *Stage) { s.Name = "a." },
		`files: "b:c" cannot be`:                              func(s *Stage) { s.Files = []File{{Path: "a/b:c"}} },
		`files: "NUL.txt" cannot be`:                          func(s *Stage) { s.Files = []File{{Path: "NUL.txt"}} },
		`secrets: they are fetched on Linux alone`:            func(s *Stage) { s.Tier, s.Secrets = Boot, map[string]string{"A": "ssm:/a"} },
		`environment: path is there in other letters`:         func(s *Stage) { s.Environment = map[string]string{"PATH": "a", "path": "b"} },
		`script: it is UTF-16`:                                func(s *Stage) { s.Inline, s.Script = nil, utf16 },
		`inline: it is not UTF-8`:                             func(s *Stage) { s.Inline = []string{"\xe9"} },
	} {
		s := Stage{Name: "s", Tier: ami.Full, PowerShell: true, Inline: []string{"true"}}
		change(&s)
		if _, err := Load([]Stage{s}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	a, b := Stage{Name: "App", Tier: ami.Full, PowerShell: true, Inline: []string{"x"}}, Stage{Name: "app", Tier: ami.Full, PowerShell: true, Inline: []string{"x"}}
	if _, err := Load([]Stage{a, b}); err == nil || !strings.Contains(err.Error(), "there is another stage of this name") {
		t.Errorf("names that differ in case: %v", err)
	}
	crlf := Stage{Name: "s", Tier: ami.Full, PowerShell: true, Inline: []string{"a\r\nb"}}
	if _, err := Load([]Stage{crlf}); err != nil {
		t.Error(err)
	}
}
