package ec2

import (
	"crypto/ed25519"
	"crypto/md5" //nolint:gosec // EC2 publishes MD5 fingerprints of imported keys
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // EC2 publishes SHA-1 fingerprints of RSA keys
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("CreateKeyPair", createKeyPair)
	add("ImportKeyPair", importKeyPair)
	add("DeleteKeyPair", deleteKeyPair)
	add("DescribeKeyPairs", describeKeyPairs)
}

type createKeyPairInput struct {
	Name   string             `q:"KeyName,required"`
	Type   string             `q:"KeyType"`
	Format string             `q:"KeyFormat"`
	Tags   []tagSpecification `q:"TagSpecification"`
}

type createKeyPairOutput struct {
	ID          string        `xml:"keyPairId"`
	Name        string        `xml:"keyName"`
	Fingerprint string        `xml:"keyFingerprint"`
	Material    string        `xml:"keyMaterial"`
	Tags        wire.Set[tag] `xml:"tagSet,omitempty"`
}

// createKeyPair makes a real key and gives the private half once. The
// fingerprint is SHA-1 of the PKCS#8 form for RSA, SHA-256 in OpenSSH's spelling
// for ED25519 (EC2 User Guide, "Verify the fingerprint of your key pair").
func createKeyPair(c *action.Call, in *createKeyPairInput) (*createKeyPairOutput, error) {
	tags, err := tagsFor(in.Tags, "key-pair")
	if err != nil {
		return nil, err
	}
	if err := freeKeyName(c.Mine(), in.Name); err != nil {
		return nil, err
	}
	if in.Format != "" && in.Format != "pem" {
		return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter KeyFormat is invalid. This endpoint gives pem.", in.Format)
	}
	key, material, err := newKey(c.World, in.Type, in.Name)
	if err != nil {
		return nil, err
	}
	key.ID, key.Name, key.Created = c.World.NewID("key"), in.Name, c.Now
	mine := c.Mine()
	mine.KeyPairs[key.Name] = key
	mine.SetTags(key.ID, tags)
	return &createKeyPairOutput{ID: key.ID, Name: key.Name, Fingerprint: key.Fingerprint, Material: material, Tags: tagSet(tags)}, nil
}

func freeKeyName(r *world.Region, name string) error {
	if len(name) > 255 {
		return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter KeyName is invalid. Length exceeds maximum of 255.", name)
	}
	if r.KeyPairs[name] != nil {
		return wire.Errorf("InvalidKeyPair.Duplicate", "The keypair already exists")
	}
	return nil
}

func newKey(w *world.World, kind, comment string) (*world.KeyPair, string, error) {
	switch kind {
	case "", "rsa":
		private, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, "", fmt.Errorf("generate an RSA key: %w", err)
		}
		public, err := ssh.NewPublicKey(&private.PublicKey)
		if err != nil {
			return nil, "", fmt.Errorf("encode an RSA key: %w", err)
		}
		pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
		if err != nil {
			return nil, "", fmt.Errorf("encode an RSA key: %w", err)
		}
		sum := sha1.Sum(pkcs8) //nolint:gosec // see the import
		block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)}
		key := &world.KeyPair{Type: "rsa", Fingerprint: colons(sum[:]), PublicKey: authorizedLine(public, comment)}
		return key, string(pem.EncodeToMemory(block)), nil
	case "ed25519":
		seed := make([]byte, ed25519.SeedSize)
		_, _ = w.Read(seed)
		private := ed25519.NewKeyFromSeed(seed)
		sshKey, err := ssh.NewPublicKey(private.Public())
		if err != nil {
			return nil, "", fmt.Errorf("encode an ED25519 key: %w", err)
		}
		block, err := ssh.MarshalPrivateKey(private, "")
		if err != nil {
			return nil, "", fmt.Errorf("encode an ED25519 key: %w", err)
		}
		key := &world.KeyPair{Type: "ed25519", Fingerprint: sha256Fingerprint(sshKey), PublicKey: authorizedLine(sshKey, comment)}
		return key, string(pem.EncodeToMemory(block)), nil
	}
	return nil, "", wire.Errorf("InvalidParameterValue", "Invalid value '%s' for KeyType. Valid values: rsa, ed25519", kind)
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

type importKeyPairInput struct {
	Name     string             `q:"KeyName,required"`
	Material string             `q:"PublicKeyMaterial,required"`
	Tags     []tagSpecification `q:"TagSpecification"`
}

type importKeyPairOutput struct {
	ID          string        `xml:"keyPairId"`
	Name        string        `xml:"keyName"`
	Fingerprint string        `xml:"keyFingerprint"`
	Tags        wire.Set[tag] `xml:"tagSet,omitempty"`
}

func importKeyPair(c *action.Call, in *importKeyPairInput) (*importKeyPairOutput, error) {
	tags, err := tagsFor(in.Tags, "key-pair")
	if err != nil {
		return nil, err
	}
	if err := freeKeyName(c.Mine(), in.Name); err != nil {
		return nil, err
	}
	text, err := base64.StdEncoding.DecodeString(in.Material)
	if err != nil {
		return nil, wire.Errorf("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil, wire.Errorf("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
	}
	key := &world.KeyPair{ID: c.World.NewID("key"), Name: in.Name, Type: "rsa", PublicKey: authorizedLine(public, in.Name), Created: c.Now}
	if public.Type() == ssh.KeyAlgoED25519 {
		key.Type, key.Fingerprint = "ed25519", sha256Fingerprint(public)
	} else {
		sum := md5.Sum(public.Marshal()) //nolint:gosec // see the import
		key.Fingerprint = colons(sum[:])
	}
	mine := c.Mine()
	mine.KeyPairs[key.Name] = key
	mine.SetTags(key.ID, tags)
	return &importKeyPairOutput{ID: key.ID, Name: key.Name, Fingerprint: key.Fingerprint, Tags: tagSet(tags)}, nil
}

type deleteKeyPairInput struct {
	Name string `q:"KeyName"`
	ID   string `q:"KeyPairId"`
}

type deleteKeyPairOutput struct {
	Return bool   `xml:"return"`
	ID     string `xml:"keyPairId,omitempty"`
}

// deleteKeyPair succeeds for a name that does not exist, as EC2 does.
func deleteKeyPair(c *action.Call, in *deleteKeyPairInput) (*deleteKeyPairOutput, error) {
	mine := c.Mine()
	if in.Name == "" && in.ID == "" {
		return nil, wire.ErrMissing("KeyName")
	}
	out := &deleteKeyPairOutput{Return: true}
	for name, key := range mine.KeyPairs {
		if name == in.Name || key.ID == in.ID {
			delete(mine.KeyPairs, name)
			mine.DropTags(key.ID)
			out.ID = key.ID
		}
	}
	return out, nil
}

type describeKeyPairsInput struct {
	Names         []string `q:"KeyName"`
	IDs           []string `q:"KeyPairId"`
	IncludePublic bool     `q:"IncludePublicKey"`
	Filters       []filter `q:"Filter"`
}

type describeKeyPairsOutput struct {
	Keys wire.Set[keyPairItem] `xml:"keySet"`
}

type keyPairItem struct {
	ID          string        `xml:"keyPairId"`
	Name        string        `xml:"keyName"`
	Type        string        `xml:"keyType"`
	Fingerprint string        `xml:"keyFingerprint"`
	PublicKey   string        `xml:"publicKey,omitempty"`
	Created     wire.Time     `xml:"createTime"`
	Tags        wire.Set[tag] `xml:"tagSet,omitempty"`
}

func describeKeyPairs(c *action.Call, in *describeKeyPairsInput) (*describeKeyPairsOutput, error) {
	mine := c.Mine()
	names, err := selected(mine.KeyPairs, in.Names, "InvalidKeyPair.NotFound", "The key pair '%s' does not exist")
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, id := range in.IDs {
		wanted[id] = true
	}
	out := &describeKeyPairsOutput{}
	for _, name := range names {
		k := mine.KeyPairs[name]
		match, err := matchAll(in.Filters, func(f string) ([]string, bool) {
			switch f {
			case "key-name":
				return one(k.Name)
			case "key-pair-id":
				return one(k.ID)
			case "fingerprint":
				return one(k.Fingerprint)
			}
			return tagValues(mine.TagsOf(k.ID), f)
		})
		if err != nil {
			return nil, err
		}
		if !match || len(wanted) > 0 && !wanted[k.ID] {
			continue
		}
		item := keyPairItem{
			ID: k.ID, Name: k.Name, Type: k.Type, Fingerprint: k.Fingerprint, Created: wire.Time(k.Created.Truncate(time.Millisecond)), Tags: tagSet(mine.TagsOf(k.ID)),
		}
		if in.IncludePublic {
			item.PublicKey = k.PublicKey
		}
		out.Keys = append(out.Keys, item)
	}
	if len(in.IDs) > 0 && len(out.Keys) < len(in.IDs) && len(in.Filters) == 0 {
		return nil, wire.Errorf("InvalidKeyPair.NotFound", "The key pair ID '%s' does not exist", in.IDs[0])
	}
	return out, nil
}
