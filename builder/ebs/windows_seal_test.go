package ebs

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/windows"
)

// powerShell is a guest that runs what it got as Windows does: only the program of
// which the command knows the file or which came on standard input.
type powerShell struct {
	packersdk.MockCommunicator
	says  string
	files map[string]string
	lost  bool // the connection ends with the command
}

func (g *powerShell) Upload(path string, r io.Reader, _ *os.FileInfo) error {
	text, err := io.ReadAll(r)
	g.files[path] = string(text)
	return err
}

func (g *powerShell) Start(_ context.Context, cmd *packersdk.RemoteCmd) error {
	var program string
	switch nonce, ok := windows.Launched(cmd.Command); {
	case ok && nonce != "":
		program = g.files[windows.FilePath(nonce)]
	case ok:
		text, err := io.ReadAll(cmd.Stdin)
		if err != nil {
			return err
		}
		program = string(text)
	}
	if program == "" {
		cmd.SetExited(0)
		return nil
	}
	// Windows ends lines with two characters, and WinRM cuts where it likes.
	report := strings.NewReader(strings.ReplaceAll(g.says, "\n", "\r\n"))
	if _, err := io.CopyBuffer(cmd.Stdout, struct{ io.Reader }{report}, make([]byte, 11)); err != nil {
		return err
	}
	cmd.SetExited(0)
	if g.lost {
		return errors.New("unknown error Post \"https://203.0.113.7:5986/wsman\": EOF")
	}
	return nil
}

// sealingWindows is a provisioner that seals over WinRM or SSH, and does more after it.
func sealingWindows(t *testing.T, overSSH bool, more func(packersdk.Communicator) error) sender {
	t.Helper()
	program, err := windows.Program(windows.Options{Mode: seal.ModeSeal, Nonce: nonce})
	if err != nil {
		t.Fatal(err)
	}
	return func(c packersdk.Communicator) error {
		var report strings.Builder
		cmd := &packersdk.RemoteCmd{Command: windows.FileLauncher(program, windows.FilePath(nonce)), Stdout: &report}
		if overSSH {
			cmd.Command, cmd.Stdin = windows.Launcher(program), strings.NewReader(program)
		} else if err := c.Upload(windows.FilePath(nonce), strings.NewReader(program), nil); err != nil {
			return err
		}
		if err := c.Start(context.Background(), cmd); err != nil && !strings.Contains(report.String(), " end t:0") {
			return err
		}
		if more == nil {
			return nil
		}
		return more(c)
	}
}

// The image's tags tell of a seal of Windows too, on both ways to it.
func TestSealOfWindowsIsNoted(t *testing.T) {
	t.Parallel()
	const summary = "seal operations=1 removed=3 bytes=77 warnings=1"
	run := func(c packersdk.Communicator) error {
		return c.Start(context.Background(), &packersdk.RemoteCmd{Command: "powershell.exe -EncodedCommand RwBlAHQALQBEAGEAdABlAA=="})
	}
	again := strings.ReplaceAll(clean, nonce, strings.Repeat("f", 32))
	for name, c := range map[string]struct {
		says string
		lost bool
		more func(packersdk.Communicator) error
		want string
	}{
		"sealed":               {says: clean, want: summary},
		"lost after the end":   {says: clean, lost: true, want: summary},
		"a command after":      {says: clean, more: run},
		"an upload after":      {says: clean, more: func(c packersdk.Communicator) error { return c.Upload("C:/x", strings.NewReader("x"), nil) }},
		"not to its end":       {says: strings.Replace(clean, " end ", " note ", 1)},
		"something is left":    {says: strings.Replace(clean, " check t:logs t:0", " check t:logs t:1", 1)},
		"another run's report": {says: again},
	} {
		for way, overSSH := range map[string]bool{"winrm": false, "ssh": true} {
			t.Run(name+" over "+way, func(t *testing.T) {
				t.Parallel()
				b, _ := provisioned(t, sealingWindows(t, overSSH, c.more), &powerShell{says: c.says, files: map[string]string{}, lost: c.lost})
				if b.sealed != c.want || b.meta.Seal != c.want {
					t.Errorf("noted %q and %q", b.sealed, b.meta.Seal)
				}
			})
		}
	}
}

// The image of a sealed Windows machine carries the tag; that of one which was not
// sealed has none.
func TestImagesOfSealedWindowsCarryTheTag(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, c := range map[string]struct {
		send func(packersdk.Communicator) error
		want string
	}{
		"over-winrm": {sealingWindows(t, false, nil), "seal operations=1 removed=3 bytes=77 warnings=1"},
		"over-ssh":   {sealingWindows(t, true, nil), "seal operations=1 removed=3 bytes=77 warnings=1"},
		"not-sealed": {func(c packersdk.Communicator) error {
			return c.Start(context.Background(), &packersdk.RemoteCmd{Command: "hostname"})
		}, ""},
	} {
		r.hook = sender(func(comm packersdk.Communicator) error {
			witness, ok := comm.(*sealWitness)
			if !ok {
				return errors.New("provisioners do not get the witness")
			}
			witness.Communicator = &powerShell{says: clean, files: map[string]string{}}
			return c.send(comm)
		})
		a := r.build(r.with(fields{"communicator": "none", "ami_name": name}))
		tag := ""
		for _, each := range r.image(region, a.Images[region]).Tags {
			if *each.Key == "goldenami:seal" {
				tag = *each.Value
			}
		}
		if tag != c.want {
			t.Errorf("%s: the tag is %q", name, tag)
		}
	}
}

// The program of a seal is no upload of the template's.
func TestSealOfWindowsIsNoInput(t *testing.T) {
	t.Parallel()
	comm := &powerShell{says: clean, files: map[string]string{}}
	said, action := provision(t, comm, &InputsConfig{}, sealingWindows(t, false, nil))
	if action != multistep.ActionContinue || said != "" || len(comm.files) != 1 {
		t.Errorf("%v, said %q", action, said)
	}
}
