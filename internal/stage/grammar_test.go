package stage

import (
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/goldenami/packer-plugin-goldenami/internal/powershell/grammar"
)

// commands are the cmdlets and programs that stages call on Windows.
var commands = []string{"Join-Path", "Out-Host", "Out-Null", "icacls.exe", "powershell.exe"}

// TestEveryPowerShellDocumentParses: what is baked and what every kind of user data
// runs is PowerShell, and calls nothing that it does not define.
func TestEveryPowerShellDocumentParses(t *testing.T) {
	t.Parallel()
	all := windowsStages(t)
	own := []byte("<powershell>\nGet-Date # </x>\n</powershell>\n<persist>true</persist>\n")
	texts := map[string]string{}
	for name, script := range map[string][]byte{"alone": nil, "with own": own} {
		parts, err := elements(must(t)(UserData(PowerShell, all, script)))
		if err != nil || parts[0].name != "powershell" {
			t.Fatalf("%+v, %v", parts, err)
		}
		texts["user data "+name] = parts[0].content
	}
	var document struct {
		Tasks []struct{ Inputs []struct{ Content string } }
	}
	if err := yaml.Unmarshal(must(t)(UserData(EC2LaunchV2, all, nil)), &document); err != nil {
		t.Fatal(err)
	}
	texts["a task of EC2Launch v2"] = document.Tasks[0].Inputs[0].Content
	for _, s := range all {
		texts["stage "+s.Name] = string(Render(s))
	}
	for name, text := range texts {
		tree := grammar.Parse(t, text)[0]
		for _, fault := range tree.Faults {
			t.Errorf("%s is no PowerShell: %s", name, fault)
		}
		for _, command := range tree.Commands {
			if !slices.Contains(tree.Functions, command) && !slices.Contains(commands, command) {
				t.Errorf("%s calls %s, which it does not define", name, command)
			}
		}
		for _, written := range saved(t, text) {
			if strings.HasSuffix(written[0], "Script") || strings.HasSuffix(written[0], "Own") {
				grammar.Valid(t, name+" writes what", strings.TrimPrefix(written[1], "\ufeff"))
			}
		}
	}
}

// TestNoValueLeavesItsPlace: whatever a stage's environment and files are called and
// hold, the program calls the same and has the same variables.
func TestNoValueLeavesItsPlace(t *testing.T) {
	t.Parallel()
	all := windowsStages(t)
	plain := grammar.Parse(t, string(psProgram(all, psRecorder, nil)))[0]
	for _, value := range []string{"'", "''; exit", "$(exit)", "`n", "\u2019; exit", "</powershell>", "\n}", "@'\n'@", "#", "\x00"} {
		changed := slices.Clone(all)
		changed[0].Environment = map[string]string{"A": value, "B": value, "C": "x", "D": ""}
		tree := grammar.Parse(t, string(psProgram(changed, psRecorder, nil)))[0]
		if len(tree.Faults) > 0 || !slices.Equal(tree.Commands, plain.Commands) || !slices.Equal(tree.Variables, plain.Variables) {
			t.Errorf("%q: %v", value, tree.Faults)
		}
	}
}
