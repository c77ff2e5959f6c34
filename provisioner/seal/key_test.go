package seal

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"
)

func TestBuildKeyIsKnownFromWhateverTheBuilderTells(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sshPublic, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	line := string(ssh.MarshalAuthorizedKey(sshPublic))
	plain, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(plain), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data map[string]any
		want string
	}{
		"made by the builder": {map[string]any{"SSHPublicKey": line, "SSHPrivateKey": "not looked at"}, line},
		"a private key":       {map[string]any{"SSHPublicKey": "", "SSHPrivateKey": string(pem.EncodeToMemory(plain))}, line},
		"with a passphrase":   {map[string]any{"SSHPrivateKey": string(pem.EncodeToMemory(locked))}, line},
		"a file":              {map[string]any{"SSHPrivateKey": "", "SSHPrivateKeyFile": file}, line},
		"no such file":        {map[string]any{"SSHPrivateKeyFile": file + ".gone"}, ""},
		"a password":          {map[string]any{"SSHPublicKey": "", "Password": "x"}, ""},
		"no key":              {map[string]any{"SSHPrivateKey": "text"}, ""},
	} {
		if got := buildKey(c.data); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
