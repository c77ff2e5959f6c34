package ec2

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // EC2 publishes MD5 fingerprints of imported keys
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // EC2 publishes SHA-1 fingerprints of RSA keys
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// newKey makes a key of type rsa or ed25519 and its private half in a format, pem
// or ppk.
func newKey(w *world.World, kind, format, comment string) (*world.KeyPair, string, error) {
	key, block, secret, err := newPrivate(w, kind)
	if err != nil {
		return nil, "", err
	}
	public, err := ssh.NewPublicKey(secret.public)
	if err != nil {
		return nil, "", fmt.Errorf("encode a public key: %w", err)
	}
	if kind == "ed25519" {
		key.Fingerprint = sha256Fingerprint(public)
	}
	key.Type, key.PublicKey = kind, authorizedLine(public, comment)
	if format == "ppk" {
		return key, putty(public, secret.parts, comment), nil
	}
	return key, string(pem.EncodeToMemory(block)), nil
}

// privateParts are a private key as PuTTY's format has it: the public half, and the
// parts of the private one as they lie in the file.
type privateParts struct {
	public any
	parts  []byte
}

func newPrivate(w *world.World, kind string) (*world.KeyPair, *pem.Block, privateParts, error) {
	if kind == "ed25519" {
		seed := make([]byte, ed25519.SeedSize)
		_, _ = w.Read(seed)
		private := ed25519.NewKeyFromSeed(seed)
		block, err := ssh.MarshalPrivateKey(private, "")
		if err != nil {
			return nil, nil, privateParts{}, fmt.Errorf("encode an ED25519 key: %w", err)
		}
		parts := ssh.Marshal(struct{ Seed []byte }{bytes.TrimRight(seed, "\x00")}) // a number, its lowest byte first
		return &world.KeyPair{}, block, privateParts{private.Public(), parts}, nil
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, privateParts{}, fmt.Errorf("generate an RSA key: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, privateParts{}, fmt.Errorf("encode an RSA key: %w", err)
	}
	sum := sha1.Sum(pkcs8) //nolint:gosec // see the import
	parts := ssh.Marshal(struct{ D, P, Q, Inverse *big.Int }{private.D, private.Primes[0], private.Primes[1], private.Precomputed.Qinv})
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)}
	return &world.KeyPair{Fingerprint: colons(sum[:])}, block, privateParts{&private.PublicKey, parts}, nil
}

// putty writes a key in version 2 of PuTTY's format, without a passphrase (PuTTY
// User Manual, appendix "PPK file format").
func putty(public ssh.PublicKey, private []byte, comment string) string {
	blob := public.Marshal()
	secret := sha1.Sum([]byte("putty-private-key-file-mac-key")) //nolint:gosec // the format's own
	mac := hmac.New(sha1.New, secret[:])
	mac.Write(ssh.Marshal(struct {
		Type, Encryption, Comment string
		Public, Private           []byte
	}{public.Type(), "none", comment, blob, private}))
	var out strings.Builder
	fmt.Fprintf(&out, "PuTTY-User-Key-File-2: %s\nEncryption: none\nComment: %s\n", public.Type(), comment)
	for _, part := range []struct {
		name string
		blob []byte
	}{{"Public", blob}, {"Private", private}} {
		lines := wrapped(base64.StdEncoding.EncodeToString(part.blob), 64)
		fmt.Fprintf(&out, "%s-Lines: %d\n%s\n", part.name, len(lines), strings.Join(lines, "\n"))
	}
	fmt.Fprintf(&out, "Private-MAC: %x\n", mac.Sum(nil))
	return out.String()
}

func wrapped(text string, width int) []string {
	var lines []string
	for len(text) > width {
		lines, text = append(lines, text[:width]), text[width:]
	}
	return append(lines, text)
}

func errKeyFormat() error {
	return wire.Errorf("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
}

// importedKey reads a public key as ImportKeyPair takes it: a line of OpenSSH without
// options, and RSA also as SSH2 writes it (RFC 4716). The fingerprint of RSA is MD5
// of the public key's DER form. The name takes the place of the comment.
func importedKey(text []byte, name string) (*world.KeyPair, error) {
	if bytes.ContainsFunc(text, func(r rune) bool { return r > 127 }) {
		return nil, errASCII("PublicKeyMaterial")
	}
	public, err := parsePublic(string(text))
	if err != nil {
		return nil, errKeyFormat()
	}
	key := &world.KeyPair{PublicKey: authorizedLine(public, name)}
	switch public.Type() {
	case ssh.KeyAlgoED25519:
		key.Type, key.Fingerprint = "ed25519", sha256Fingerprint(public)
	case ssh.KeyAlgoRSA:
		crypto, known := public.(ssh.CryptoPublicKey)
		if !known {
			return nil, errKeyFormat()
		}
		der, err := x509.MarshalPKIXPublicKey(crypto.CryptoPublicKey())
		if err != nil {
			return nil, errKeyFormat()
		}
		sum := md5.Sum(der) //nolint:gosec // see the import
		key.Type, key.Fingerprint = "rsa", colons(sum[:])
	default:
		return nil, errKeyFormat()
	}
	return key, nil
}

func parsePublic(text string) (ssh.PublicKey, error) {
	const begin, end = "---- BEGIN SSH2 PUBLIC KEY ----", "---- END SSH2 PUBLIC KEY ----"
	body, ssh2 := strings.CutPrefix(strings.TrimSpace(text), begin)
	if !ssh2 {
		public, _, options, _, err := ssh.ParseAuthorizedKey([]byte(text))
		if err == nil && len(options) > 0 {
			err = errKeyFormat()
		}
		return public, err
	}
	var blob strings.Builder
	for line := range strings.Lines(strings.TrimSuffix(body, end)) {
		if line = strings.TrimSpace(line); !strings.Contains(line, ":") { // a header otherwise
			blob.WriteString(line)
		}
	}
	raw, err := base64.StdEncoding.DecodeString(blob.String())
	if err != nil {
		return nil, errKeyFormat()
	}
	public, err := ssh.ParsePublicKey(raw)
	if err == nil && public.Type() != ssh.KeyAlgoRSA {
		err = errKeyFormat()
	}
	return public, err
}

func authorizedLine(key ssh.PublicKey, comment string) string {
	return strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(key)), "\n") + " " + comment
}

func sha256Fingerprint(key ssh.PublicKey) string {
	sum := sha256.Sum256(key.Marshal())
	return base64.StdEncoding.EncodeToString(sum[:])
}

func colons(sum []byte) string {
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02x", b)
	}
	return strings.Join(parts, ":")
}
