package capture_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"math/rand/v2"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"golang.org/x/crypto/ssh"
)

// edwards and modulus are public keys of which nobody has the private ones.
var edwards = ed25519.NewKeyFromSeed([]byte(strings.Repeat("s", ed25519.SeedSize))).Public().(ed25519.PublicKey)

func modulus(bits int) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits)-1)
	return &rsa.PublicKey{N: n.Add(n, big.NewInt(65537)), E: 65537}
}

// line is a public key as OpenSSH writes it, without a comment.
func line(key any) string {
	public, err := ssh.NewPublicKey(key)
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public)))
}

// rfc4716 is a public key in the format of SSH2.
func rfc4716(key any) string {
	blob := strings.Fields(line(key))[1]
	var lines []string
	for len(blob) > 70 {
		lines, blob = append(lines, blob[:70]), blob[70:]
	}
	lines = append(lines, blob)
	return "---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"probe\"\n" + strings.Join(lines, "\n") + "\n---- END SSH2 PUBLIC KEY ----\n"
}

func spki(key any) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err)
	}
	return der
}

func spkiText(key any) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki(key)}))
}

func curve() *ecdsa.PublicKey {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.NewChaCha8([32]byte{}))
	if err != nil {
		panic(err)
	}
	return &private.PublicKey
}

func imported(material string) func(r *rig) error {
	return func(r *rig) error {
		return done(r.own().ImportKeyPair(r.t.Context(), &ec2.ImportKeyPairInput{KeyName: aws.String("probe"), PublicKeyMaterial: []byte(material)}))
	}
}

func taken(did, material string) observation {
	return observation{
		did: "import " + did, do: imported(material), status: success,
		has: []string{"<keyName>probe</keyName>", "<keyFingerprint>"}, lacks: []string{"<tagSet"},
	}
}

func notTaken(did, material string) observation {
	return observation{
		did: "import " + did, do: imported(material), status: refusal,
		code: "InvalidKey.Format", message: "Key is not in valid OpenSSH public key format",
	}
}

const beyondASCII = "Value for parameter PublicKeyMaterial is invalid. Character sets beyond ASCII are not supported."

// importedKeys are observations of ImportKeyPair.
var importedKeys = []observation{
	taken("RSA of 512 bits", line(modulus(512))),
	taken("RSA of 1024 bits", line(modulus(1024))),
	taken("RSA of 2048 bits", line(modulus(2048))),
	taken("RSA with a comment", line(modulus(2048))+" own comment\n"),
	taken("RSA as SSH2 writes it", rfc4716(modulus(2048))),
	taken("ED25519", line(edwards)),
	taken("ED25519 with a comment", line(edwards)+" own comment\n"),
	notTaken("ED25519 as SSH2 writes it", rfc4716(edwards)),
	notTaken("RSA as PEM", spkiText(modulus(2048))),
	notTaken("ED25519 as PEM", spkiText(edwards)),
	notTaken("RSA with options", "no-port-forwarding "+line(modulus(2048))),
	notTaken("ED25519 with options", "no-port-forwarding "+line(edwards)),
	notTaken("ECDSA", line(curve())),
	notTaken("what is no key", "not a public key"),
	{did: "import RSA as DER", do: imported(string(spki(modulus(2048)))), status: refusal, code: invalid, message: beyondASCII},
	{did: "import ED25519 as DER", do: imported(string(spki(edwards))), status: refusal, code: invalid, message: beyondASCII},
	{
		did: "import a name that is taken, and no key", do: func(r *rig) error { must(r, 0, createKey(plainKey)(r)); return imported("bad")(r) },
		status: refusal, code: "InvalidKeyPair.Duplicate", message: "The keypair already exists",
	},
	{
		did: "import nothing", do: imported(""), status: refusal, code: "MissingParameter",
		message: "The request must contain the parameter PublicKeyMaterial",
	},
	{
		did: "try to import what is no key", status: dryRun, code: "DryRunOperation", message: dryRunText,
		do: func(r *rig) error {
			return done(r.own().ImportKeyPair(r.t.Context(), &ec2.ImportKeyPairInput{
				KeyName: aws.String("probe"), PublicKeyMaterial: []byte("not a public key"), DryRun: aws.Bool(true),
			}))
		},
	},
	{
		did: "describe an imported key", do: func(r *rig) error {
			must(r, 0, imported(line(edwards)+" own comment")(r))
			out, err := r.own().DescribeKeyPairs(r.t.Context(), &ec2.DescribeKeyPairsInput{IncludePublicKey: aws.Bool(true)})
			if err == nil && *out.KeyPairs[0].PublicKey != line(edwards)+" probe\n" {
				r.t.Errorf("want the name in place of the comment, got %q", *out.KeyPairs[0].PublicKey)
			}
			return err
		}, status: success, has: []string{"<tagSet/>", "<keyType>ed25519</keyType>"},
	},
	{
		did: "fingerprint of an imported RSA key", do: imported(line(modulus(512))), status: success,
		has: []string{"<keyFingerprint>34:38:83:18:89:df:de:bc:68:7a:99:4b:28:1b:de:e7</keyFingerprint>"},
	},
}
