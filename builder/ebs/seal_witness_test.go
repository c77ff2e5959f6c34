package ebs

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
)

// teller is a guest that answers every command with the same text.
type teller struct {
	far
	says string
}

func (g *teller) Start(_ context.Context, cmd *packersdk.RemoteCmd) error {
	if cmd.Stdin != nil {
		if _, err := io.Copy(io.Discard, cmd.Stdin); err != nil {
			return err
		}
	}
	if cmd.Stdout != nil {
		if _, err := io.WriteString(cmd.Stdout, g.says); err != nil {
			return err
		}
	}
	cmd.SetExited(0)
	return nil
}

const (
	nonce = "0123456789abcdef0123456789abcdef"
	clean = "@goldenami " + nonce + " start t:seal\n@goldenami " + nonce + " op t:logs t:sealed t:3 t:77 x:\n@goldenami " + nonce + " warning t:x\n" +
		"@goldenami " + nonce + " check t:logs t:0\n@goldenami " + nonce + " end t:0\n"
)

// sealing is a provisioner that seals, and does more after it.
func sealing(more func(packersdk.Communicator) error) sender {
	return func(c packersdk.Communicator) error {
		var report strings.Builder
		cmd := &packersdk.RemoteCmd{Command: seal.Launcher, Stdin: strings.NewReader("GA_ROOT=''\nGA_NONCE='" + nonce + "'\n"), Stdout: &report}
		if err := c.Start(context.Background(), cmd); err != nil {
			return err
		}
		if more == nil {
			return nil
		}
		return more(c)
	}
}

// provisioned runs the step with a provisioner and a guest, and gives the build after it
// and what it said.
func provisioned(t *testing.T, hook packersdk.Hook, guest packersdk.Communicator) (*build, string) {
	t.Helper()
	r := &rig{t: t, output: &output{}}
	b := &build{cfg: &Config{}, ui: r.ui(), state: new(multistep.BasicStateBag), meta: &ami.Meta{}}
	for key, value := range map[string]any{"hook": hook, "ui": b.ui, "communicator_config": &b.cfg.Comm, "communicator": guest} {
		b.state.Put(key, value)
	}
	if action := (&StepProvision{build: b}).Run(t.Context(), b.state); action != multistep.ActionContinue {
		t.Fatalf("%v: %v", action, b.state.Get("error"))
	}
	return b, r.output.String()
}

// The image's tags tell of a seal that was the last thing and went well.
func TestSealIsNotedForTheTags(t *testing.T) {
	t.Parallel()
	run := func(c packersdk.Communicator) error {
		return c.Start(context.Background(), &packersdk.RemoteCmd{Command: "apt-get install x"})
	}
	cases := map[string]struct {
		says string
		send sender
		want string
		said bool
	}{
		"sealed":          {says: clean, send: sealing(nil), want: "seal operations=1 removed=3 bytes=77 warnings=1"},
		"sealed twice":    {says: clean, send: sealing(sealing(nil)), want: "seal operations=1 removed=3 bytes=77 warnings=1"},
		"a command after": {says: clean, send: sealing(run), said: true},
		"an upload after": {says: clean, send: sealing(func(c packersdk.Communicator) error { return c.Upload("/tmp/x", strings.NewReader("x"), nil) }), said: true},
		"a folder after":  {says: clean, send: sealing(func(c packersdk.Communicator) error { return c.UploadDir("/tmp/x", "/x", nil) }), said: true},
		"not to its end":  {says: strings.Replace(clean, " end ", " note ", 1), send: sealing(nil)},
		"no seal":         {says: clean, send: run},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, said := provisioned(t, c.send, &teller{far: far{got: map[string]int64{}}, says: c.says})
			if b.sealed != c.want || b.meta.Seal != c.want {
				t.Errorf("noted %q and %q", b.sealed, b.meta.Seal)
			}
			if strings.Contains(said, "after goldenami-seal") != c.said {
				t.Errorf("said %q", said)
			}
		})
	}
}
