package stage

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

func TestPowerShellDocuments(t *testing.T) {
	t.Parallel()
	all := windowsStages(t)
	own := "\n<script>\r\necho 1\r\n</script>\n<powershell>\nGet-Date\n</powershell>\n<persist>true</persist>\n"
	data := string(must(t)(UserData(PowerShell, all, []byte(own))))
	parts, err := elements([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range parts {
		got = append(got, e.name)
	}
	if fmt.Sprint(got) != "[powershell script persist]" || parts[1].text != "<script>\r\necho 1\r\n</script>" || parts[2].content != "true" {
		t.Errorf("elements %q", parts)
	}
	if want := string(psProgram(all, psRecorder, []byte("\nGet-Date\n"))); parts[0].content != "\n"+want {
		t.Errorf("the script is\n%s\nwant\n%s", parts[0].content, want)
	}
	if alone := must(t)(UserData(PowerShell, nil, []byte(own))); string(alone) != own {
		t.Errorf("without stages: %q", alone)
	}
	if none, err := UserData(PowerShell, nil, nil); len(none) > 0 || err != nil {
		t.Errorf("nothing gave %q, %v", none, err)
	}
	for bad, want := range map[string]string{
		"Get-Date": "outside of", "<powershell>x": "has no </powershell>", "<persist>true</persist>": "nothing to run",
		"<powershell>x</powershell><PowerShell>y</PowerShell>": "there are two", "<powershell>x</powershell> y": "outside of",
	} {
		if _, err := UserData(PowerShell, all, []byte(bad)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", bad, err, want)
		}
	}
}

func TestEC2LaunchTasks(t *testing.T) {
	t.Parallel()
	all := windowsStages(t)
	for own, after := range map[string][]string{
		"": nil,
		"version: 1.0 # mine\ntasks:\n- task: enableOpenSsh\n- task: executeScript\n  inputs:\n  - frequency: always\n    type: batch\n    content: |-\n      echo 1\n": {"enableOpenSsh", "executeScript"},
	} {
		data := must(t)(UserData(EC2LaunchV2, all, []byte(own)))
		if !bytes.Equal(data, must(t)(UserData(EC2LaunchV2, all, []byte(own)))) {
			t.Error("not the same twice")
		}
		var read struct {
			Version string
			Tasks   []struct {
				Task   string
				Inputs []struct{ Frequency, Type, RunAs, Content string }
			}
		}
		if err := yaml.Unmarshal(bytes.ReplaceAll(data, []byte("runAs"), []byte("runas")), &read); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, task := range read.Tasks {
			names = append(names, task.Task)
		}
		if fmt.Sprint(names) != fmt.Sprint(append([]string{"executeScript"}, after...)) || len(read.Tasks[0].Inputs) != 1 {
			t.Fatalf("tasks %q of\n%s", names, data)
		}
		first := read.Tasks[0].Inputs[0]
		if first.Frequency != "once" || first.Type != "powershell" || first.RunAs != "localSystem" || first.Content != string(psProgram(all, psRecorder, nil)) {
			t.Errorf("%+v", first)
		}
		if own != "" && (!strings.Contains(string(data), "version: 1.0") || read.Tasks[2].Inputs[0].Content != "echo 1") {
			t.Errorf("the customer's tasks became\n%s", data)
		}
	}
	for bad, want := range map[string]string{"a: [": "no YAML", "version: 1.0\n": "no tasks", "<powershell>x</powershell>": "no YAML"} {
		if _, err := UserData(EC2LaunchV2, all, []byte(bad)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", bad, err, want)
		}
	}
}

func TestWindowsUserDataIsNotCompressed(t *testing.T) {
	t.Parallel()
	long := loaded(t, Stage{Name: "long", Tier: ami.Full, PowerShell: true, Inline: []string{strings.Repeat("Get-Date\n", 2000)}})
	for _, f := range []Format{PowerShell, EC2LaunchV2} {
		if _, err := UserData(f, long, nil); err == nil || !strings.Contains(err.Error(), `stage "long"`) || !strings.Contains(err.Error(), "no compressed form") {
			t.Errorf("%s: %v", f, err)
		}
	}
}
