//go:build linux

package guest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"
)

// hostKeys deletes all host keys and makes new ones. cloud-init makes an RSA key too; it is left out because
// finding its primes takes longer than the whole boot, and no client of today needs it.
func (b *boot) hostKeys() error {
	old, err := filepath.Glob(b.path("etc/ssh/ssh_host_*"))
	if err != nil {
		return err
	}
	for _, f := range old {
		if err := os.Remove(f); err != nil {
			return err
		}
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	for kind, key := range map[string]crypto.Signer{"ed25519": ed, "ecdsa": ec} {
		if err := b.writeHostKey(kind, key); err != nil {
			return err
		}
	}
	return nil
}

func (b *boot) writeHostKey(kind string, key crypto.Signer) error {
	comment := "root@" + b.Hostname
	block, err := ssh.MarshalPrivateKey(key, comment)
	if err != nil {
		return err
	}
	public, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		return err
	}
	file := b.path("etc/ssh/ssh_host_" + kind + "_key")
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		return err
	}
	line := ssh.MarshalAuthorizedKey(public)
	line = append(line[:len(line)-1], " "+comment+"\n"...)
	if err := os.WriteFile(file+".pub", line, 0o644); err != nil { //nolint:gosec // a public key
		return err
	}
	b.log("new %s host key %s", kind, ssh.FingerprintSHA256(public))
	return nil
}
