package capture_test

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func createKey(change func(*ec2.CreateKeyPairInput)) func(r *rig) error {
	return func(r *rig) error {
		in := &ec2.CreateKeyPairInput{KeyName: aws.String("probe"), KeyType: types.KeyTypeEd25519, TagSpecifications: suite(types.ResourceTypeKeyPair)}
		change(in)
		made, err := r.own().CreateKeyPair(r.t.Context(), in)
		if err == nil {
			r.keep("key", *made.KeyPairId)
		}
		return err
	}
}

func plainKey(*ec2.CreateKeyPairInput) {}

// tried is the observation that DryRun looks at nothing but the permission.
func tried(did string, change func(*ec2.CreateKeyPairInput)) observation {
	return observation{
		did: "try to create " + did, status: dryRun, code: "DryRunOperation", message: dryRunText,
		do: createKey(func(in *ec2.CreateKeyPairInput) { change(in); in.DryRun = aws.Bool(true) }),
	}
}

// badKey is the observation of a key pair that is refused.
func badKey(did string, change func(*ec2.CreateKeyPairInput), code, message string) observation {
	return observation{did: "create " + did, do: createKey(change), status: refusal, code: code, message: message}
}

func name(text string) func(*ec2.CreateKeyPairInput) {
	return func(in *ec2.CreateKeyPairInput) { in.KeyName = aws.String(text) }
}

// keysAfter describes after a key called probe was made.
func keysAfter(in *ec2.DescribeKeyPairsInput) func(r *rig) error {
	return func(r *rig) error {
		must(r, 0, createKey(plainKey)(r))
		for n, id := range in.KeyPairIds {
			in.KeyPairIds[n] = r.fill(id)
		}
		return done(r.own().DescribeKeyPairs(r.t.Context(), in))
	}
}

func keyFilter(name string, values ...string) *ec2.DescribeKeyPairsInput {
	return &ec2.DescribeKeyPairsInput{Filters: []types.Filter{{Name: aws.String(name), Values: values}}}
}

// deleteKey deletes after keys called probe and other were made.
func deleteKey(name, id string) func(r *rig) error {
	return func(r *rig) error {
		must(r, 0, createKey(plainKey)(r))
		in := &ec2.DeleteKeyPairInput{}
		if name != "" {
			in.KeyName = aws.String(name)
		}
		if id != "" {
			in.KeyPairId = aws.String(r.fill(id))
		}
		return done(r.own().DeleteKeyPair(r.t.Context(), in))
	}
}

const noKeyID = "key-00000000000000000"

// header makes a key and compares the first line of its material.
func header(kind types.KeyType, format types.KeyFormat, want string) func(r *rig) error {
	return func(r *rig) error {
		made, err := r.own().CreateKeyPair(r.t.Context(), &ec2.CreateKeyPairInput{KeyName: aws.String("probe"), KeyType: kind, KeyFormat: format})
		if err == nil && !strings.HasPrefix(*made.KeyMaterial, want+"\n") && !strings.HasPrefix(*made.KeyMaterial, want+"\r\n") {
			r.t.Errorf("want material that begins with %s, got %.60q", want, *made.KeyMaterial)
		}
		return err
	}
}

// keyPairs are observations of making, describing and deleting them.
var keyPairs = []observation{
	{did: "create RSA as PEM", do: header(types.KeyTypeRsa, types.KeyFormatPem, "-----BEGIN RSA PRIVATE KEY-----"), status: success, lacks: []string{"<createTime>"}},
	{did: "create RSA for PuTTY", do: header(types.KeyTypeRsa, types.KeyFormatPpk, "PuTTY-User-Key-File-2: ssh-rsa"), status: success},
	{did: "create ED25519 as PEM", do: header(types.KeyTypeEd25519, types.KeyFormatPem, "-----BEGIN OPENSSH PRIVATE KEY-----"), status: success},
	{did: "create ED25519 for PuTTY", do: header(types.KeyTypeEd25519, types.KeyFormatPpk, "PuTTY-User-Key-File-2: ssh-ed25519"), status: success},
	{did: "create with tags", do: createKey(plainKey), status: success, has: []string{"<keyPairId>{key}</keyPairId>", "<key>suite</key>", "<keyName>probe</keyName>"}},
	{
		did: "create twice", do: func(r *rig) error { must(r, 0, createKey(plainKey)(r)); return createKey(plainKey)(r) }, status: refusal,
		code: "InvalidKeyPair.Duplicate", message: "The keypair already exists",
	},
	badKey("without a name", name(""), "MissingParameter", "The request must contain the parameter KeyName"),
	badKey("a long name", name(strings.Repeat("x", 256)), invalid, "Value for parameter KeyName is invalid. Length exceeds maximum of 255."),
	badKey("a name with a leading space", name(" probe"), invalid, "Invalid value ' probe' for keyName. It should be trimmed"),
	badKey("a name with an accent", name("prob\u00e9"), invalid, "Value for parameter KeyName is invalid. Character sets beyond ASCII are not supported."),
	badKey("a name with a line break", name("pro\nbe"), invalid, "Value for parameter pro\nbe is invalid. KeyName"),
	badKey("a type that is none", func(in *ec2.CreateKeyPairInput) { in.KeyType = "ecdsa" }, invalid,
		"1 validation error detected: Value 'ecdsa' at 'keyType' failed to satisfy constraint: Member must satisfy enum value set: [rsa, ed25519]"),
	badKey("a format that is none", func(in *ec2.CreateKeyPairInput) { in.KeyFormat = "der" }, invalid,
		"1 validation error detected: Value 'der' at 'keyFormat' failed to satisfy constraint: Member must satisfy enum value set: [ppk, pem]"),
	badKey("with tags for an instance", func(in *ec2.CreateKeyPairInput) { in.TagSpecifications = suite(types.ResourceTypeInstance) }, invalid,
		"'instance' is not a valid taggable resource type for this operation."),
	tried("a key", plainKey),
	tried("a key without a name", name("")),
	tried("a type that is none", func(in *ec2.CreateKeyPairInput) { in.KeyType = "bad" }),
	tried("a format that is none", func(in *ec2.CreateKeyPairInput) { in.KeyFormat = "bad" }),
	{
		did: "describe", do: keysAfter(&ec2.DescribeKeyPairsInput{KeyNames: []string{"probe"}}), status: success,
		has: []string{"<keyType>ed25519</keyType>", "<createTime>", "<key>suite</key>"}, lacks: []string{"<publicKey>"},
	},
	{
		did: "describe the public key", do: func(r *rig) error {
			must(r, 0, createKey(plainKey)(r))
			out, err := r.own().DescribeKeyPairs(r.t.Context(), &ec2.DescribeKeyPairsInput{IncludePublicKey: aws.Bool(true)})
			if err == nil && !strings.HasSuffix(*out.KeyPairs[0].PublicKey, " probe\n") {
				r.t.Errorf("want a public key that ends with the name and a line break, got %q", *out.KeyPairs[0].PublicKey)
			}
			return err
		}, status: success, has: []string{"<publicKey>ssh-ed25519 "},
	},
	{
		did: "describe by name and id", do: keysAfter(&ec2.DescribeKeyPairsInput{KeyNames: []string{"probe"}, KeyPairIds: []string{"{key}"}}), status: refusal,
		code: combination, message: "The parameter 'keyPairId' may not be used in combination with 'keyName'",
	},
	{
		did: "describe a name that no key has", do: keysAfter(&ec2.DescribeKeyPairsInput{KeyNames: []string{"probe", "missing"}}), status: refusal,
		code: "InvalidKeyPair.NotFound", message: "The key pair 'missing' does not exist",
	},
	{
		did: "try to describe a name that no key has", status: dryRun, code: "DryRunOperation", message: dryRunText,
		do: keysAfter(&ec2.DescribeKeyPairsInput{KeyNames: []string{"missing"}, DryRun: aws.Bool(true)}),
	},
	{
		did: "describe an empty name", do: keysAfter(&ec2.DescribeKeyPairsInput{KeyNames: []string{""}}), status: refusal,
		code: invalid, message: "Invalid value '' for keyPairNames. It should not be blank",
	},
	{
		did: "describe an id of zeros", do: keysAfter(&ec2.DescribeKeyPairsInput{KeyPairIds: []string{noKeyID}}), status: refusal,
		code: invalid, message: "Invalid value '" + noKeyID + "' for keyPairId.",
	},
	{
		did: "describe an id that is none", do: keysAfter(&ec2.DescribeKeyPairsInput{KeyPairIds: []string{"bad"}}), status: refusal,
		code: invalid, message: "Invalid value 'bad' for keyPairId.",
	},
	{did: "filter by name", do: keysAfter(keyFilter("key-name", "pro*")), status: success, has: []string{"<keyPairId>{key}</keyPairId>"}},
	{did: "filter by a name without values", do: keysAfter(keyFilter("key-name")), status: success, has: []string{"<keySet/>"}},
	{did: "filter by type", do: keysAfter(keyFilter("key-type", "rsa")), status: refusal, code: invalid, message: "The filter 'key-type' is invalid"},
	{did: "filter by what is none", do: keysAfter(keyFilter("unsupported", "x")), status: refusal, code: invalid, message: "The filter 'unsupported' is invalid"},
	{did: "delete a name that no key has", do: deleteKey("missing", ""), status: success, has: []string{"<return>true</return>"}, lacks: []string{"<keyPairId>"}},
	{did: "delete by id", do: deleteKey("", "{key}"), status: success, has: []string{"<return>true</return><keyPairId>{key}</keyPairId>"}},
	{did: "delete by an id and a name that no key has", do: deleteKey("missing", "{key}"), status: success, has: []string{"<keyPairId>{key}</keyPairId>"}},
	{did: "delete nothing", do: deleteKey("", ""), status: refusal, code: "MissingParameter", message: "KeyName or KeyPairId must be provided"},
	{did: "delete an id of zeros", do: deleteKey("", noKeyID), status: refusal, code: invalid, message: "Invalid value '" + noKeyID + "' for keyPairId."},
	{did: "delete an id that is none", do: deleteKey("", "bad"), status: refusal, code: invalid, message: "Value for parameter keyPairId is invalid."},
	{
		did: "the id wins over the name of another key", do: func(r *rig) error {
			must(r, 0, createKey(name("other"))(r))
			other := r.fill("{key}")
			must(r, 0, deleteKeyOf(r, "probe", other))
			return done(r.own().DescribeKeyPairs(r.t.Context(), &ec2.DescribeKeyPairsInput{}))
		}, status: success, has: []string{"<keyName>probe</keyName>"}, lacks: []string{"<keyName>other</keyName>"},
	},
}

func deleteKeyOf(r *rig, name, id string) error {
	must(r, 0, createKey(plainKey)(r))
	return done(r.own().DeleteKeyPair(r.t.Context(), &ec2.DeleteKeyPairInput{KeyName: aws.String(name), KeyPairId: aws.String(id)}))
}
