package seal

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
)

// buildKey gives the line of the public key with which the build logs in, or
// nothing where the build has none or keeps it in an agent. Builders tell the
// public half only of a key that they made; of a user's own they tell the private
// half, or the file that it is in.
func buildKey(data map[string]any) string {
	if public, _ := data["SSHPublicKey"].(string); strings.TrimSpace(public) != "" {
		return public
	}
	private, _ := data["SSHPrivateKey"].(string)
	if file, _ := data["SSHPrivateKeyFile"].(string); private == "" && file != "" {
		text, err := os.ReadFile(file) //nolint:gosec // the user's own ssh_private_key_file
		if err != nil {
			return "" // the communicator has read it, or has logged in by other means
		}
		private = string(text)
	}
	signer, err := ssh.ParsePrivateKey([]byte(private))
	var locked *ssh.PassphraseMissingError
	switch {
	case err == nil:
		return string(ssh.MarshalAuthorizedKey(signer.PublicKey()))
	case errors.As(err, &locked) && locked.PublicKey != nil: // OpenSSH's files hold it beside what is encrypted
		return string(ssh.MarshalAuthorizedKey(locked.PublicKey))
	default:
		return ""
	}
}
