package ec2

import (
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("GetPasswordData", getPasswordData) }

type passwordData struct {
	ID        string    `xml:"instanceId"`
	Timestamp wire.Time `xml:"timestamp"`
	Data      string    `xml:"passwordData" simplified:"every Windows instance with an RSA key pair tells a password, also one of an image that was not made ready by Sysprep"`
}

// getPasswordData is empty for Linux, for an instance without an RSA key pair, and
// until Windows has told its password, minutes after the launch.
func getPasswordData(c *action.Call, in *instanceOnly) (*passwordData, error) {
	found, err := findInstances(c, []string{in.ID})
	if err != nil {
		return nil, err
	}
	i := found[0]
	told := i.Launched.Add(time.Duration(c.World.Delays.In(c.Region).Password))
	if i.PasswordData == "" && i.Platform == world.Windows && i.State == world.StateRunning && !c.Now.Before(told) {
		i.PasswordData = newPassword(c, i.KeyName)
	}
	return &passwordData{ID: in.ID, Timestamp: wire.Time(c.Now), Data: i.PasswordData}, nil
}

// newPassword is a random password for the key pair: PKCS #1 v1.5, in base64 (EC2
// API reference, GetPasswordData); "" where no RSA key can read it.
func newPassword(c *action.Call, keyName string) string {
	pair := c.Mine().KeyPairs[keyName]
	if pair == nil {
		return ""
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(pair.PublicKey))
	if err != nil {
		return ""
	}
	crypto, isKey := public.(ssh.CryptoPublicKey)
	if !isKey {
		return ""
	}
	key, isRSA := crypto.CryptoPublicKey().(*rsa.PublicKey)
	if !isRSA {
		return ""
	}
	return base64.StdEncoding.EncodeToString(encryptPKCS1(c.World, key, password(c.World)))
}

// passwordLength and passwordAlphabet are those of EC2Launch: 32 characters of
// four kinds, without what looks alike.
const (
	passwordLength   = 32
	passwordAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789!@#$%&*()-=.;?"
)

func password(w *world.World) []byte {
	b := make([]byte, passwordLength)
	_, _ = w.Read(b)
	for n := range b {
		b[n] = passwordAlphabet[int(b[n])%len(passwordAlphabet)]
	}
	return b
}

// encryptPKCS1 is RSAES-PKCS1-v1_5 of RFC 8017 with the world's random bytes: the
// standard library takes its own, and the same seed would not give the same answer.
func encryptPKCS1(w *world.World, key *rsa.PublicKey, message []byte) []byte {
	size := key.Size()
	block := make([]byte, size)
	block[1] = 2
	padding := block[2 : size-len(message)-1]
	_, _ = w.Read(padding)
	for n, b := range padding {
		if b == 0 {
			padding[n] = 1
		}
	}
	copy(block[size-len(message):], message)
	c := new(big.Int).Exp(new(big.Int).SetBytes(block), big.NewInt(int64(key.E)), key.N)
	return c.FillBytes(make([]byte, size))
}
