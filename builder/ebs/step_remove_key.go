package ebs

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/shell"
)

// stepRemoveKey takes the temporary key out of the image (ssh_clear_authorized_keys).
// The step of the SDK logs in, and uses sudo, also after a seal has removed the key and
// the logs of log-ins, and it takes no notice of a failure.
//
// Reads: communicator.
type stepRemoveKey struct{ *build }

func (s stepRemoveKey) Run(ctx context.Context, state multistep.StateBag) multistep.StepAction {
	c := s.cfg
	key := c.Comm.SSHTemporaryKeyPairName
	if !c.Comm.SSHClearAuthorizedKeys || c.Comm.Type != "ssh" || key == "" {
		return multistep.ActionContinue
	}
	comm, ok := state.Get("communicator").(packersdk.Communicator)
	if !ok {
		return s.halt("remove the temporary key: there is no connection to the instance")
	}
	cmd := &packersdk.RemoteCmd{Command: removeKey(key)}
	if err := cmd.RunWithUi(ctx, comm, s.ui); err != nil {
		return s.halt("remove the temporary key: %w", err)
	}
	if code := cmd.ExitStatus(); code != 0 {
		return s.halt("remove the temporary key %s from the instance: exit code %d; remove it in a provisioner, or set ssh_clear_authorized_keys = false to keep it in the image", key, code)
	}
	return multistep.ActionContinue
}

func (stepRemoveKey) Cleanup(multistep.StateBag) {}

// removeKey is the command. EC2 puts the pair's name behind the key, and cloud-init
// the key into root's file too. A user's file without the key was cleaned already,
// and root's with it. In both files, lines that hold the name at their end go. The
// name is the user's own words: it reaches sh quoted, and grep and sed escaped.
func removeKey(key string) string {
	line := " " + sedLiteral.Replace(key) + "$"
	return fmt.Sprintf(`f=$HOME/.ssh/authorized_keys
grep -q %[1]s "$f" 2>/dev/null || exit 0
sed -i %[2]s "$f" || exit 1
[ "$(id -u)" = 0 ] && exit 0
sudo -n true 2>/dev/null || { echo 'root may still hold the temporary key: sudo asks for a password' >&2; exit 0; }
sudo -n sh -c '[ ! -f /root/.ssh/authorized_keys ] || sed -i "$1" /root/.ssh/authorized_keys' sh %[2]s`,
		shell.Quote(line), shell.Quote("/"+line+"/d"))
}

// sedLiteral escapes what means something in a basic regular expression, and the
// slash that ends one in sed.
var sedLiteral = strings.NewReplacer(`\`, `\\`, `/`, `\/`, `.`, `\.`, `*`, `\*`, `[`, `\[`, `]`, `\]`, `^`, `\^`, `$`, `\$`)
