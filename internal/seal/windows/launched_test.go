package windows

import (
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/powershell"
)

func TestLaunchersAreKnownAgain(t *testing.T) {
	t.Parallel()
	text := program(t, full())
	for line, want := range map[string]string{Launcher(text): "", FileLauncher(text, FilePath(nonce)): nonce} {
		if got, ok := Launched(line); !ok || got != want {
			t.Errorf("%q %t of %s", got, ok, decoded(t, line))
		}
	}
	if _, ok := powershell.Program("x"); ok {
		t.Error("a word is a command line of PowerShell")
	}
}

// Other programs, and launchers that somebody has changed, are none.
func TestOtherCommandsAreNoLaunchers(t *testing.T) {
	t.Parallel()
	text := program(t, full())
	input, file := decoded(t, Launcher(text)), decoded(t, FileLauncher(text, FilePath(nonce)))
	for name, other := range map[string]string{
		"nothing":       "",
		"other":         "Get-Date",
		"more before":   "Get-Date\n" + input,
		"more after":    input + "Get-Date\n",
		"no hash":       strings.Replace(input, "-ne '", "-eq '", 1),
		"another exit":  strings.Replace(input, "exit 78", "exit 0", 1),
		"other folder":  strings.ReplaceAll(file, "C:/Windows/Temp/", "C:/Temp/"),
		"another file":  strings.Replace(file, nonce, strings.Repeat("f", 32), 1),
		"two commands":  strings.Replace(file, "'"+FilePath(nonce)+"'", "'"+FilePath(nonce)+"'+(Get-Date)", 1),
		"no whole name": strings.ReplaceAll(file, nonce, nonce[1:]),
	} {
		if other == input || other == file {
			t.Fatalf("%s changes nothing", name)
		}
		if got, ok := Launched(powershell.Command(other)); ok || got != "" {
			t.Errorf("%s is a launcher of %q", name, got)
		}
	}
	if _, ok := Launched("powershell.exe -Command x"); ok {
		t.Error("a command line is a launcher")
	}
}

func TestFilesOfPrograms(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		FilePath(nonce): true, "C:/Windows/Temp/script-1.ps1": false, FilePath(nonce) + "x": false, FilePath("x"): false, "C:/x/" + nonce + ".ps1": false, FilePath("../" + nonce): false,
	} {
		if got := IsFile(path); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
}
