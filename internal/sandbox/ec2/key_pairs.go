package ec2

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"time"

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
	Name   string             `q:"KeyName"`
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
	kind, format := first(in.Type, "rsa"), first(in.Format, "pem")
	for _, e := range []struct{ value, name, set string }{{kind, "keyType", "rsa, ed25519"}, {format, "keyFormat", "ppk, pem"}} {
		if !slices.Contains(strings.Split(e.set, ", "), e.value) {
			return nil, wire.Errorf("InvalidParameterValue", "1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: "+
				"Member must satisfy enum value set: [%s]", e.value, e.name, e.set)
		}
	}
	key, material, err := newKey(c.World, kind, format, in.Name)
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
	switch {
	case name == "":
		return wire.ErrMissing("KeyName")
	case len(name) > 255:
		return wire.Errorf("InvalidParameterValue", "Value for parameter KeyName is invalid. Length exceeds maximum of 255.")
	case strings.Trim(name, " ") != name:
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for keyName. It should be trimmed", name)
	case strings.ContainsFunc(name, func(r rune) bool { return r > 127 }):
		return errASCII("KeyName")
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }):
		return wire.Errorf("InvalidParameterValue", "Value for parameter %s is invalid. KeyName", name) // EC2 swaps the two
	case r.KeyPairs[name] != nil:
		return wire.Errorf("InvalidKeyPair.Duplicate", "The keypair already exists")
	}
	return nil
}

func errASCII(parameter string) error {
	return wire.Errorf("InvalidParameterValue", "Value for parameter %s is invalid. Character sets beyond ASCII are not supported.", parameter)
}

// keyPairForm is an id that some key pair has or had: EC2 tells it from zeros.
var keyPairForm = regexp.MustCompile(`^key-0[0-9a-f]{16}$`)

func couldBeKeyPair(id string) bool {
	return keyPairForm.MatchString(id) && strings.Trim(id, "key-0") != ""
}

func errKeyPairID(id string) error {
	return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for keyPairId.", id)
}

type importKeyPairInput struct {
	Name     string             `q:"KeyName"`
	Material string             `q:"PublicKeyMaterial"`
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
	if in.Material == "" {
		return nil, wire.ErrMissing("PublicKeyMaterial")
	}
	text, err := base64.StdEncoding.DecodeString(in.Material)
	if err != nil {
		return nil, errKeyFormat()
	}
	key, err := importedKey(text, in.Name)
	if err != nil {
		return nil, err
	}
	key.ID, key.Name, key.Created = c.World.NewID("key"), in.Name, c.Now
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

// deleteKeyPair succeeds for a name or id that does not exist any more, as EC2 does.
// Where both are given it looks at the id alone.
func deleteKeyPair(c *action.Call, in *deleteKeyPairInput) (*deleteKeyPairOutput, error) {
	mine := c.Mine()
	switch {
	case in.Name == "" && in.ID == "":
		return nil, wire.Errorf("MissingParameter", "KeyName or KeyPairId must be provided")
	case in.ID != "" && !wellFormed("key", in.ID):
		return nil, wire.Errorf("InvalidParameterValue", "Value for parameter keyPairId is invalid.")
	case in.ID != "" && !couldBeKeyPair(in.ID):
		return nil, errKeyPairID(in.ID)
	}
	out := &deleteKeyPairOutput{Return: true}
	for name, key := range mine.KeyPairs {
		if in.ID == "" && name == in.Name || key.ID == in.ID {
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
	Tags        wire.Set[tag] `xml:"tagSet"`
}

func (in *describeKeyPairsInput) check() error {
	if len(in.Names) > 0 && len(in.IDs) > 0 {
		return wire.Errorf("InvalidParameterCombination", "The parameter 'keyPairId' may not be used in combination with 'keyName'")
	}
	if slices.Contains(in.Names, "") {
		return wire.Errorf("InvalidParameterValue", "Invalid value '' for keyPairNames. It should not be blank")
	}
	for _, id := range in.IDs {
		if !couldBeKeyPair(id) {
			return errKeyPairID(id)
		}
	}
	return nil
}

func describeKeyPairs(c *action.Call, in *describeKeyPairsInput) (*describeKeyPairsOutput, error) {
	mine := c.Mine()
	if err := in.check(); err != nil {
		return nil, err
	}
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
		if c.World.Hidden(k.ID) {
			if len(in.Names) > 0 {
				return nil, wire.Errorf("InvalidKeyPair.NotFound", "The key pair '%s' does not exist", name)
			}
			continue
		}
		tags := seenTags(c, k.ID, mine.TagsOf(k.ID))
		match, err := matchAll(in.Filters, func(f string) ([]string, bool) {
			switch f {
			case "key-name":
				return one(k.Name)
			case "key-pair-id":
				return one(k.ID)
			case "fingerprint":
				return one(k.Fingerprint)
			}
			return tagValues(tags, f)
		})
		if err != nil {
			return nil, err
		}
		if !match || len(wanted) > 0 && !wanted[k.ID] {
			continue
		}
		item := keyPairItem{
			ID: k.ID, Name: k.Name, Type: k.Type, Fingerprint: k.Fingerprint, Created: wire.Time(k.Created.Truncate(time.Millisecond)), Tags: tagSet(tags),
		}
		if in.IncludePublic {
			item.PublicKey = k.PublicKey + "\n"
		}
		out.Keys = append(out.Keys, item)
	}
	if len(in.IDs) > 0 && len(out.Keys) < len(in.IDs) && len(in.Filters) == 0 {
		return nil, wire.Errorf("InvalidKeyPair.NotFound", "The key pair ID '%s' does not exist", in.IDs[0])
	}
	return out, nil
}
