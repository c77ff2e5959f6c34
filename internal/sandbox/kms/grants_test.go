package kms_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestGrantsOfANameAreOne(t *testing.T) {
	t.Parallel()
	e := sandboxtest.Start(t, sandbox.Options{})
	c, partner := e.KMS(sandboxtest.Home, here), e.KMS(sandboxtest.Partner, here)
	key := newKey(t, c)
	there := "arn:aws:iam::" + sandboxtest.Partner + ":root"
	in := kms.CreateGrantInput{
		KeyId: key.Arn, Name: aws.String("copy"), GranteePrincipal: aws.String(there), RetiringPrincipal: aws.String(there),
		Operations:  []types.GrantOperation{types.GrantOperationEncrypt, types.GrantOperationDecrypt},
		Constraints: &types.GrantConstraints{EncryptionContextSubset: map[string]string{"use": "copy"}},
	}
	first, err := c.CreateGrant(t.Context(), &in)
	must(t, first, err)
	again, err := c.CreateGrant(t.Context(), &in)
	if *must(t, again, err).GrantId != *first.GrantId {
		t.Error("the same grant twice is two")
	}
	in.Name = nil
	unnamed, err := c.CreateGrant(t.Context(), &in)
	if *must(t, unnamed, err).GrantId == *first.GrantId {
		t.Error("a grant without a name is the one with it")
	}
	use := func(context map[string]string) error {
		_, err := partner.Encrypt(t.Context(), &kms.EncryptInput{KeyId: key.Arn, Plaintext: secret, EncryptionContext: context})
		return err
	}
	if err := use(map[string]string{"use": "copy", "more": "x"}); err != nil {
		t.Errorf("inside the constraint: %v", err)
	}
	refused(t, use(nil), "AccessDeniedException", "User: arn:aws:iam::"+sandboxtest.Partner+":user/sandbox is not authorized to perform: kms:Encrypt "+elsewhere)
	_, err = partner.Encrypt(t.Context(), &kms.EncryptInput{KeyId: key.Arn, Plaintext: secret, GrantTokens: []string{"none"}})
	refused(t, err, "InvalidGrantTokenException", "The grant token is invalid")
	_, err = partner.Encrypt(t.Context(), &kms.EncryptInput{KeyId: key.Arn, Plaintext: secret, GrantTokens: []string{*first.GrantToken}, EncryptionContext: map[string]string{"use": "copy"}})
	must(t, 0, err)
	mine, err := partner.ListRetirableGrants(t.Context(), &kms.ListRetirableGrantsInput{RetiringPrincipal: aws.String(there), Limit: aws.Int32(1)})
	if got := must(t, mine, err); len(got.Grants) != 1 || !got.Truncated || got.Grants[0].Constraints.EncryptionContextSubset["use"] != "copy" {
		t.Errorf("retirable: %+v", got)
	}
	_, err = partner.RetireGrant(t.Context(), &kms.RetireGrantInput{GrantToken: first.GrantToken})
	must(t, 0, err)
	_, err = c.RevokeGrant(t.Context(), &kms.RevokeGrantInput{KeyId: key.Arn, GrantId: first.GrantId})
	refused(t, err, "NotFoundException", "Grant ID "+*first.GrantId+" not found")
	in.GranteePrincipal = aws.String("arn:aws:iam::" + sandboxtest.Partner + ":role/ghost")
	_, err = c.CreateGrant(t.Context(), &in)
	refused(t, err, "InvalidArnException", "ARN does not refer to a valid principal: "+*in.GranteePrincipal)
}

func TestKeyPoliciesAreChecked(t *testing.T) {
	t.Parallel()
	c := sandboxtest.Start(t, sandbox.Options{}).KMS(sandboxtest.Home, here)
	key := newKey(t, c)
	locked := aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + sandboxtest.Home + `"},"Action":["kms:Get*","kms:List*"],"Resource":"*"}}`)
	_, err := c.PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: key.KeyId, Policy: locked})
	refused(t, err, "MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.")
	_, err = c.PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: key.KeyId, Policy: locked, BypassPolicyLockoutSafetyCheck: true})
	must(t, 0, err)
	out, err := c.GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: key.KeyId, PolicyName: aws.String("default")})
	if *must(t, out, err).Policy != *locked {
		t.Errorf("policy: %s", *out.Policy)
	}
	_, err = c.GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: key.KeyId, PolicyName: aws.String("other")})
	refused(t, err, "NotFoundException", "No such policy exists")
	_, err = c.PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: key.KeyId, Policy: locked, BypassPolicyLockoutSafetyCheck: true})
	refused(t, err, "AccessDeniedException", "User: arn:aws:iam::"+sandboxtest.Home+":user/sandbox is not authorized to perform: kms:PutKeyPolicy on resource: "+
		*key.Arn+" because no resource-based policy allows the kms:PutKeyPolicy action")
	names, err := c.ListKeyPolicies(t.Context(), &kms.ListKeyPoliciesInput{KeyId: key.KeyId})
	if got := must(t, names, err).PolicyNames; len(got) != 1 || got[0] != "default" {
		t.Errorf("names: %v", got)
	}
}

func TestCreateKeyRefuses(t *testing.T) {
	t.Parallel()
	c := sandboxtest.Start(t, sandbox.Options{}).KMS(sandboxtest.Home, here)
	for name, tc := range map[string]struct {
		in            kms.CreateKeyInput
		code, message string
	}{
		"usage": {kms.CreateKeyInput{KeySpec: "HMAC_256"}, "ValidationException", "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."},
		"spec": {kms.CreateKeyInput{KeySpec: "HMAC_random"}, "ValidationException", "1 validation error detected: Value 'HMAC_random' at 'keySpec' failed to satisfy constraint: " +
			"Member must satisfy enum value set: [RSA_2048, ECC_NIST_P384, ECC_NIST_P256, ECC_NIST_P521, HMAC_384, RSA_3072, ECC_SECG_P256K1, RSA_4096, SYMMETRIC_DEFAULT, HMAC_256, HMAC_224, HMAC_512]"},
		"both":   {kms.CreateKeyInput{KeySpec: "ECC_NIST_P256", KeyUsage: "ENCRYPT_DECRYPT"}, "ValidationException", "KeyUsage ENCRYPT_DECRYPT is not compatible with KeySpec ECC_NIST_P256"},
		"origin": {kms.CreateKeyInput{Origin: "EXTERNAL"}, "UnsupportedOperationException", "This endpoint makes the material of its keys itself: Origin must be AWS_KMS."},
		"tag":    {kms.CreateKeyInput{Tags: []types.Tag{{TagKey: aws.String("aws:x"), TagValue: aws.String("")}}}, "TagException", "Tags beginning with aws: are reserved"},
		"store":  {kms.CreateKeyInput{CustomKeyStoreId: aws.String("cks-1")}, "ValidationException", "The parameter CustomKeyStoreId is not recognized"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.CreateKey(t.Context(), &tc.in)
			refused(t, err, tc.code, tc.message)
		})
	}
}

func TestAKeyHasFiftyAliases(t *testing.T) {
	t.Parallel()
	c := sandboxtest.Start(t, sandbox.Options{}).KMS(sandboxtest.Home, here)
	key := newKey(t, c)
	var err error
	for n := range 51 {
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String(fmt.Sprintf("alias/a%d", n)), TargetKeyId: key.KeyId})
	}
	refused(t, err, "LimitExceededException", "The key "+*key.Arn+" has 50 aliases already.")
	page, err := c.ListAliases(t.Context(), &kms.ListAliasesInput{Limit: aws.Int32(30)})
	next, err2 := c.ListAliases(t.Context(), &kms.ListAliasesInput{Limit: aws.Int32(30), Marker: must(t, page, err).NextMarker})
	if got := must(t, next, err2); len(page.Aliases) != 30 || !page.Truncated || len(got.Aliases) != 20 || got.Truncated {
		t.Errorf("pages of %d and %d", len(page.Aliases), len(got.Aliases))
	}
}
