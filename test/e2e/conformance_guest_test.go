//go:build e2e

package e2e

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/crypto/ssh"
)

// guestGroups are about a guest that amazon-ebs logs in to.
var guestGroups = []group{
	{name: "key_pair_rsa", template: "key_pair.pkr.hcl", vars: map[string]string{"key_type": "rsa"}, live: checkKeyPair("rsa"), check: checkKeyPairImage("rsa")},
	{name: "key_pair_ed25519", template: "key_pair.pkr.hcl", vars: map[string]string{"key_type": "ed25519"}, live: checkKeyPair("ed25519"), check: checkKeyPairImage("ed25519")},
	{name: "private_key_file", live: func(t *testing.T, _ *conformance, i types.Instance) {
		if aws.ToString(i.KeyName) != "conformance" {
			t.Errorf("key pair %q", aws.ToString(i.KeyName))
		}
	}, check: func(t *testing.T, c *conformance, output string) {
		c.image(t, home, "private_key_file")
		if !strings.Contains(output, "Successful login as admin") || strings.Contains(output, "Creating temporary keypair") {
			t.Errorf("packer says:\n%s", output)
		}
	}},
}

// TestConformanceGuests runs the option groups that need a guest to log in to.
func TestConformanceGuests(t *testing.T) {
	c := newConformance(t, "linux")
	c.importKeyPair(t)
	t.Run("group", func(t *testing.T) {
		for _, g := range guestGroups {
			t.Run(g.name, func(t *testing.T) {
				t.Parallel()
				c.run(t, g)
			})
		}
	})
	c.mustBeTidy(t)
}

// importKeyPair makes a key pair of the user's own.
func (c *conformance) importKeyPair(t *testing.T) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "conformance")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	line, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.ec2(home).ImportKeyPair(t.Context(), &ec2.ImportKeyPairInput{KeyName: aws.String("conformance"), PublicKeyMaterial: ssh.MarshalAuthorizedKey(line)})
	if err != nil {
		t.Fatal(err)
	}
	c.values["private_key"] = file
	c.keep(home, "key pair", "conformance")
}

// checkKeyPair looks at the temporary key pair while it is there.
func checkKeyPair(kind string) func(*testing.T, *conformance, types.Instance) {
	return func(t *testing.T, c *conformance, i types.Instance) {
		found, err := c.ec2(home).DescribeKeyPairs(t.Context(), &ec2.DescribeKeyPairsInput{KeyNames: []string{aws.ToString(i.KeyName)}})
		if err != nil || string(found.KeyPairs[0].KeyType) != kind {
			t.Errorf("key pair: %+v, %v", found, err)
		}
	}
}

func checkKeyPairImage(kind string) func(*testing.T, *conformance, string) {
	return func(t *testing.T, c *conformance, output string) {
		c.image(t, home, "key_pair_"+kind)
		if !strings.Contains(output, "keys: ssh-"+kind+" ") || !strings.Contains(output, "from user data") {
			t.Errorf("the guest says:\n%s", output)
		}
	}
}
