package ec2_test

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // PuTTY's format
	"encoding/base64"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/crypto/ssh"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// TestKeysForPuTTY reads version 2 of PuTTY's file and checks its seal, and that the
// private numbers fit the public one.
func TestKeysForPuTTY(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	made, err := c.home.CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{KeyName: aws.String("putty"), KeyFormat: types.KeyFormatPpk})
	lines := strings.Split(*must(t, made, err).KeyMaterial, "\n")
	part := func(name string) []byte {
		for n, line := range lines {
			if count, found := strings.CutPrefix(line, name+"-Lines: "); found {
				size, err := strconv.Atoi(count)
				raw, err2 := base64.StdEncoding.DecodeString(strings.Join(lines[n+1:n+1+must(t, size, err)], ""))
				return must(t, raw, err2)
			}
		}
		t.Fatalf("no %s lines: %s", name, lines)
		return nil
	}
	public, private := part("Public"), part("Private")
	secret := sha1.Sum([]byte("putty-private-key-file-mac-key")) //nolint:gosec // PuTTY's format
	mac := hmac.New(sha1.New, secret[:])
	for _, s := range []string{"ssh-rsa", "none", "putty", string(public), string(private)} {
		fmt.Fprintf(mac, "%s%s", []byte{byte(len(s) >> 24), byte(len(s) >> 16), byte(len(s) >> 8), byte(len(s))}, s)
	}
	if want := fmt.Sprintf("Private-MAC: %x", mac.Sum(nil)); lines[len(lines)-2] != want {
		t.Errorf("want %s, got %s", want, lines[len(lines)-2])
	}
	var n struct{ D, P, Q, Inverse *big.Int }
	must(t, 0, ssh.Unmarshal(private, &n))
	key, err := ssh.ParsePublicKey(public)
	var blob struct {
		Type string
		E, N *big.Int
	}
	must(t, 0, ssh.Unmarshal(must(t, key, err).Marshal(), &blob))
	if new(big.Int).Mul(n.P, n.Q).Cmp(blob.N) != 0 || new(big.Int).Mod(new(big.Int).Mul(n.Q, n.Inverse), n.P).Cmp(big.NewInt(1)) != 0 {
		t.Error("the private numbers do not fit the public one")
	}
}
