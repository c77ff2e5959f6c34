package kms_test

import (
	"bytes"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

var secret = []byte("golden image")

func sealed(t *testing.T, c *kms.Client, key *string, context map[string]string) []byte {
	t.Helper()
	out, err := c.Encrypt(t.Context(), &kms.EncryptInput{KeyId: key, Plaintext: secret, EncryptionContext: context})
	return must(t, out, err).CiphertextBlob
}

func TestCiphertextsAreBoundToKeyAndContext(t *testing.T) {
	t.Parallel()
	e := sandboxtest.Start(t, sandbox.Options{})
	c := e.KMS(sandboxtest.Home, here)
	key, other := newKey(t, c), newKey(t, c)
	context := map[string]string{"volume": "vol-1"}
	blob := sealed(t, c, key.KeyId, context)
	if bytes.Contains(blob, secret) || bytes.Equal(blob, sealed(t, c, key.KeyId, context)) {
		t.Error("the ciphertext shows its plaintext, or is the same twice")
	}
	open := func(in kms.DecryptInput) error {
		_, err := c.Decrypt(t.Context(), &in)
		return err
	}
	out, err := c.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: blob, EncryptionContext: context})
	if got := must(t, out, err); !bytes.Equal(got.Plaintext, secret) || *got.KeyId != *key.Arn || len(*got.KeyMaterialId) != 64 {
		t.Errorf("decrypted: %+v", got)
	}
	refused(t, open(kms.DecryptInput{CiphertextBlob: blob}), "InvalidCiphertextException", "")
	refused(t, open(kms.DecryptInput{CiphertextBlob: []byte("x"), DryRun: aws.Bool(true)}), "InvalidCiphertextException", "")
	changed := append(bytes.Clone(blob[:len(blob)-1]), blob[len(blob)-1]^1)
	refused(t, open(kms.DecryptInput{CiphertextBlob: changed, EncryptionContext: context}), "InvalidCiphertextException", "")
	refused(t, open(kms.DecryptInput{CiphertextBlob: blob, EncryptionContext: context, KeyId: other.Arn}), "IncorrectKeyException",
		"The key ID in the request does not identify a CMK that can perform this operation.")
	refused(t, open(kms.DecryptInput{CiphertextBlob: blob, EncryptionContext: context, DryRun: aws.Bool(true)}), "DryRunOperationException",
		"The request would have succeeded, but the DryRun option is set.")
	const elsewhere = "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access."
	for _, foreign := range []*kms.Client{e.KMS(sandboxtest.Partner, here), e.KMS(sandboxtest.Home, there)} {
		_, err = foreign.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: blob, EncryptionContext: context})
		refused(t, err, "AccessDeniedException", elsewhere)
	}
	again, err := c.ReEncrypt(t.Context(), &kms.ReEncryptInput{CiphertextBlob: blob, SourceEncryptionContext: context, DestinationKeyId: other.KeyId})
	if got := must(t, again, err); *got.SourceKeyId != *key.Arn || *got.KeyId != *other.Arn {
		t.Errorf("encrypted again: %+v", got)
	}
	out, err = c.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: again.CiphertextBlob, KeyId: other.KeyId})
	if got := must(t, out, err); !bytes.Equal(got.Plaintext, secret) {
		t.Errorf("decrypted: %s", got.Plaintext)
	}
}

func TestDataKeysOpenAgain(t *testing.T) {
	t.Parallel()
	c := sandboxtest.Start(t, sandbox.Options{}).KMS(sandboxtest.Home, here)
	key := newKey(t, c)
	data, err := c.GenerateDataKey(t.Context(), &kms.GenerateDataKeyInput{KeyId: key.KeyId, KeySpec: types.DataKeySpecAes256})
	must(t, data, err)
	out, err := c.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: data.CiphertextBlob})
	if got := must(t, out, err); len(data.Plaintext) != 32 || !bytes.Equal(got.Plaintext, data.Plaintext) {
		t.Errorf("data key of %d bytes", len(data.Plaintext))
	}
	bare, err := c.GenerateDataKeyWithoutPlaintext(t.Context(), &kms.GenerateDataKeyWithoutPlaintextInput{KeyId: key.KeyId, NumberOfBytes: aws.Int32(24)})
	out, err = c.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: must(t, bare, err).CiphertextBlob})
	if got := must(t, out, err); len(got.Plaintext) != 24 {
		t.Errorf("data key of %d bytes", len(got.Plaintext))
	}
	_, err = c.GenerateDataKey(t.Context(), &kms.GenerateDataKeyInput{KeyId: key.KeyId})
	refused(t, err, "ValidationException", "Please specify either number of bytes or key spec.")
	_, err = c.GenerateDataKey(t.Context(), &kms.GenerateDataKeyInput{KeyId: key.KeyId, NumberOfBytes: aws.Int32(1025)})
	refused(t, err, "ValidationException", "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024")
	_, err = c.Encrypt(t.Context(), &kms.EncryptInput{KeyId: key.KeyId, Plaintext: make([]byte, 4097)})
	refused(t, err, "ValidationException", "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096")
	_, err = c.Encrypt(t.Context(), &kms.EncryptInput{KeyId: aws.String("fake"), Plaintext: secret})
	refused(t, err, "NotFoundException", "Invalid keyId 'fake'")
}

// The keys of one multi-Region key open each other's ciphertexts.
func TestReplicasShareTheirMaterial(t *testing.T) {
	t.Parallel()
	e := sandboxtest.Start(t, sandbox.Options{})
	c, far := e.KMS(sandboxtest.Home, here), e.KMS(sandboxtest.Home, there)
	key := newKey(t, c, func(in *kms.CreateKeyInput) { in.MultiRegion = aws.Bool(true) })
	_, err := describe(t, far, *key.KeyId)
	refused(t, err, "NotFoundException", "Key 'arn:aws:kms:"+there+":"+sandboxtest.Home+":key/"+*key.KeyId+"' does not exist")
	made, err := c.ReplicateKey(t.Context(), &kms.ReplicateKeyInput{KeyId: key.KeyId, ReplicaRegion: aws.String(there), Description: aws.String("far")})
	replica := must(t, made, err).ReplicaKeyMetadata
	if *replica.KeyId != *key.KeyId || replica.KeyState != types.KeyStateCreating || replica.Enabled || *replica.MultiRegionConfiguration.PrimaryKey.Arn != *key.Arn {
		t.Errorf("replica: %+v", replica)
	}
	got, err := describe(t, c, *key.KeyId)
	if r := must(t, got, err).MultiRegionConfiguration; r.MultiRegionKeyType != types.MultiRegionKeyTypePrimary || len(r.ReplicaKeys) != 1 || *r.ReplicaKeys[0].Region != there {
		t.Errorf("primary: %+v", r)
	}
	out, err := far.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: sealed(t, c, key.KeyId, nil)})
	if d := must(t, out, err); !bytes.Equal(d.Plaintext, secret) || *d.KeyId != *replica.Arn {
		t.Errorf("decrypted by the replica: %+v", d)
	}
	scheduled, err := c.ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: key.KeyId, PendingWindowInDays: aws.Int32(7)})
	if s := must(t, scheduled, err); s.KeyState != types.KeyStatePendingReplicaDeletion || s.DeletionDate != nil || *s.PendingWindowInDays != 7 {
		t.Errorf("scheduled: %+v", s)
	}
}
