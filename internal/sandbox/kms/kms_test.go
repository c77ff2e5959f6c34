package kms_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

const (
	here  = "us-east-1"
	there = "eu-west-1"
)

func must[T any](t *testing.T, out T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func refused(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	var response *awshttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &response) || response.HTTPStatusCode() != http.StatusBadRequest {
		t.Fatalf("want %s with status 400, got %v", code, err)
	}
	if api.ErrorCode() != code || api.ErrorMessage() != message {
		t.Errorf("want %s: %s\n got %s: %s", code, message, api.ErrorCode(), api.ErrorMessage())
	}
}

func newKey(t *testing.T, c *kms.Client, change ...func(*kms.CreateKeyInput)) *types.KeyMetadata {
	t.Helper()
	in := &kms.CreateKeyInput{Description: aws.String("golden images")}
	for _, f := range change {
		f(in)
	}
	out, err := c.CreateKey(t.Context(), in)
	return must(t, out, err).KeyMetadata
}

func describe(t *testing.T, c *kms.Client, ref string) (*types.KeyMetadata, error) {
	t.Helper()
	out, err := c.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String(ref)})
	if err != nil {
		return nil, err
	}
	return out.KeyMetadata, nil
}

func TestDescribeKeyByEveryName(t *testing.T) {
	t.Parallel()
	e := sandboxtest.Start(t, sandbox.Options{})
	c := e.KMS(sandboxtest.Home, here)
	key := newKey(t, c)
	_, err := c.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/golden"), TargetKeyId: key.KeyId})
	must(t, 0, err)
	arn := "arn:aws:kms:" + here + ":" + sandboxtest.Home + ":"
	for _, ref := range []string{*key.KeyId, *key.Arn, "alias/golden", arn + "alias/golden"} {
		got, err := describe(t, c, ref)
		must(t, got, err)
		if *got.Arn != *key.Arn || got.KeyManager != types.KeyManagerTypeCustomer || got.KeyState != types.KeyStateEnabled || !got.Enabled || got.KeySpec != types.KeySpecSymmetricDefault {
			t.Errorf("%s: %+v", ref, got)
		}
	}
	_, err = describe(t, c, "alias/none")
	refused(t, err, "NotFoundException", "Alias "+arn+"alias/none is not found.")
	_, err = describe(t, c, "00000000-0000-0000-0000-000000000000")
	refused(t, err, "NotFoundException", "Key '"+arn+"key/00000000-0000-0000-0000-000000000000' does not exist")
	_, err = describe(t, e.KMS(sandboxtest.Home, there), *key.Arn)
	refused(t, err, "NotFoundException", "Invalid arn "+here)
}

func TestTheEBSKeyIsMadeOnDemandAndManagedByAWS(t *testing.T) {
	t.Parallel()
	e := sandboxtest.Start(t, sandbox.Options{})
	c := e.KMS(sandboxtest.Home, here)
	first, err := describe(t, c, "alias/aws/ebs")
	must(t, first, err)
	again, err := describe(t, c, "alias/aws/ebs")
	must(t, again, err)
	if *again.Arn != *first.Arn || again.KeyManager != types.KeyManagerTypeAws {
		t.Errorf("the ebs key: %+v then %+v", first, again)
	}
	_, err = c.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: first.Arn})
	refused(t, err, "AccessDeniedException", "User: arn:aws:iam::"+sandboxtest.Home+":user/sandbox is not authorized to perform: kms:DisableKey on resource: "+
		*first.Arn+" because no resource-based policy allows the kms:DisableKey action")
	_, err = describe(t, e.KMS(sandboxtest.Partner, here), *first.Arn)
	refused(t, err, "AccessDeniedException", "User: arn:aws:iam::"+sandboxtest.Partner+":user/sandbox is not authorized to perform: kms:DescribeKey "+elsewhere)
}

// elsewhere ends what KMS tells another account's caller, whatever the reason.
const elsewhere = "on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"

func TestAliases(t *testing.T) {
	t.Parallel()
	c := sandboxtest.Start(t, sandbox.Options{}).KMS(sandboxtest.Home, here)
	one, two := newKey(t, c), newKey(t, c)
	create := func(name string, key *types.KeyMetadata) error {
		_, err := c.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String(name), TargetKeyId: key.Arn})
		return err
	}
	must(t, 0, create("alias/a", one))
	arn := "arn:aws:kms:" + here + ":" + sandboxtest.Home + ":alias/"
	refused(t, create("alias/a", two), "AlreadyExistsException", "An alias with the name "+arn+"a already exists")
	refused(t, create("golden", one), "ValidationException", "Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html")
	_, err := c.UpdateAlias(t.Context(), &kms.UpdateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: two.KeyId})
	must(t, 0, err)
	list, err := c.ListAliases(t.Context(), &kms.ListAliasesInput{KeyId: two.KeyId})
	if got := must(t, list, err).Aliases; len(got) != 1 || *got[0].TargetKeyId != *two.KeyId || *got[0].AliasArn != arn+"a" {
		t.Errorf("aliases: %+v", got)
	}
	_, err = c.DeleteAlias(t.Context(), &kms.DeleteAliasInput{AliasName: aws.String("alias/a")})
	must(t, 0, err)
	_, err = c.DeleteAlias(t.Context(), &kms.DeleteAliasInput{AliasName: aws.String("alias/a")})
	refused(t, err, "NotFoundException", "Alias "+arn+"a is not found.")
}

func TestListKeysPages(t *testing.T) {
	t.Parallel()
	c := sandboxtest.Start(t, sandbox.Options{}).KMS(sandboxtest.Home, here)
	for range 5 {
		newKey(t, c)
	}
	seen := map[string]bool{}
	pages := kms.NewListKeysPaginator(c, &kms.ListKeysInput{Limit: aws.Int32(2)})
	rounds := 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		for _, k := range must(t, page, err).Keys {
			seen[*k.KeyId] = true
		}
		rounds++
	}
	if len(seen) != 5 || rounds != 3 {
		t.Errorf("want 5 keys on 3 pages, got %d on %d", len(seen), rounds)
	}
}

func TestAnotherAccountNeedsPolicyOrGrant(t *testing.T) {
	t.Parallel()
	e := sandboxtest.Start(t, sandbox.Options{})
	owner, partner := e.KMS(sandboxtest.Home, here), e.KMS(sandboxtest.Partner, here)
	key := newKey(t, owner)
	dry := func(c *kms.Client) error {
		_, err := c.GenerateDataKeyWithoutPlaintext(t.Context(), &kms.GenerateDataKeyWithoutPlaintextInput{KeyId: key.Arn, KeySpec: types.DataKeySpecAes256, DryRun: aws.Bool(true)})
		return err
	}
	const success = "The request would have succeeded, but the DryRun option is set."
	refused(t, dry(owner), "DryRunOperationException", success)
	denied := "User: arn:aws:iam::" + sandboxtest.Partner + ":user/sandbox is not authorized to perform: kms:GenerateDataKeyWithoutPlaintext " + elsewhere
	refused(t, dry(partner), "AccessDeniedException", denied)

	grant, err := owner.CreateGrant(t.Context(), &kms.CreateGrantInput{
		KeyId: key.Arn, GranteePrincipal: aws.String("arn:aws:iam::" + sandboxtest.Partner + ":user/sandbox"),
		Operations: []types.GrantOperation{types.GrantOperationGenerateDataKeyWithoutPlaintext}, Name: aws.String("copy"),
	})
	must(t, grant, err)
	refused(t, dry(partner), "DryRunOperationException", success)
	grants, err := owner.ListGrants(t.Context(), &kms.ListGrantsInput{KeyId: key.Arn})
	if got := must(t, grants, err).Grants; len(got) != 1 || *got[0].Name != "copy" || *got[0].GrantId != *grant.GrantId {
		t.Errorf("grants: %+v", got)
	}
	_, err = owner.RevokeGrant(t.Context(), &kms.RevokeGrantInput{KeyId: key.Arn, GrantId: grant.GrantId})
	must(t, 0, err)
	refused(t, dry(partner), "AccessDeniedException", denied)

	put := func(effect string) {
		_, err := owner.PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: key.Arn, Policy: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + sandboxtest.Home + `"},"Action":"kms:*","Resource":"*"},` +
				`{"Effect":"` + effect + `","Principal":{"AWS":"` + sandboxtest.Partner + `"},"Action":"kms:*","Resource":"*"}]}`)})
		must(t, 0, err)
	}
	put("Allow")
	refused(t, dry(partner), "DryRunOperationException", success)
	put("Deny")
	refused(t, dry(partner), "AccessDeniedException", denied)
	_, err = owner.PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: key.Arn, Policy: aws.String("nonsense")})
	refused(t, err, "MalformedPolicyDocumentException", "This policy contains invalid Json")
}

func TestPreflightSeesStateAndSpec(t *testing.T) {
	t.Parallel()
	c := sandboxtest.Start(t, sandbox.Options{}).KMS(sandboxtest.Home, here)
	key := newKey(t, c)
	decrypt := func(id *string) error {
		_, err := c.Decrypt(t.Context(), &kms.DecryptInput{KeyId: id, DryRun: aws.Bool(true), DryRunModifiers: []types.DryRunModifierType{types.DryRunModifierTypeIgnoreCiphertext}})
		return err
	}
	_, err := c.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: key.KeyId})
	must(t, 0, err)
	refused(t, decrypt(key.KeyId), "DisabledException", *key.Arn+" is disabled.")
	_, err = c.EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: key.KeyId})
	must(t, 0, err)
	refused(t, decrypt(key.KeyId), "DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
	signing := newKey(t, c, func(in *kms.CreateKeyInput) {
		in.KeySpec, in.KeyUsage = types.KeySpecEccNistP256, types.KeyUsageTypeSignVerify
	})
	refused(t, decrypt(signing.Arn), "InvalidKeyUsageException", *signing.Arn+" key usage is SIGN_VERIFY which is not valid for Decrypt.")
	_, err = c.ReEncrypt(t.Context(), &kms.ReEncryptInput{DestinationKeyId: key.Arn, SourceKeyId: key.Arn, DryRun: aws.Bool(true), DryRunModifiers: []types.DryRunModifierType{types.DryRunModifierTypeIgnoreCiphertext}})
	refused(t, err, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
}

func TestKeyDeletionWaits(t *testing.T) {
	t.Parallel()
	at := sandboxtest.NewClock()
	now := at.Now()
	c := sandboxtest.Start(t, sandbox.Options{Clock: at}).KMS(sandboxtest.Home, here)
	key := newKey(t, c)
	schedule := func(days int32) (*kms.ScheduleKeyDeletionOutput, error) {
		return c.ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: key.KeyId, PendingWindowInDays: aws.Int32(days)})
	}
	_, err := schedule(3)
	refused(t, err, "ValidationException", "PendingWindowInDays must be between 7 and 30.")
	out, err := schedule(7)
	if got := must(t, out, err); got.KeyState != types.KeyStatePendingDeletion || !got.DeletionDate.Equal(now.AddDate(0, 0, 7)) {
		t.Errorf("scheduled: %+v", got)
	}
	_, err = c.EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: key.KeyId})
	refused(t, err, "KMSInvalidStateException", *key.Arn+" is pending deletion.")
	_, err = c.CancelKeyDeletion(t.Context(), &kms.CancelKeyDeletionInput{KeyId: key.KeyId})
	must(t, 0, err)
	if got, err := describe(t, c, *key.KeyId); must(t, got, err).KeyState != types.KeyStateDisabled {
		t.Errorf("after the cancel: %s", got.KeyState)
	}
	_, err = c.CancelKeyDeletion(t.Context(), &kms.CancelKeyDeletionInput{KeyId: key.KeyId})
	refused(t, err, "KMSInvalidStateException", *key.Arn+" is not pending deletion.")
}

func TestKeyTagsAndMultiRegionIDs(t *testing.T) {
	t.Parallel()
	c := sandboxtest.Start(t, sandbox.Options{}).KMS(sandboxtest.Home, here)
	key := newKey(t, c, func(in *kms.CreateKeyInput) {
		in.MultiRegion, in.Tags = aws.Bool(true), []types.Tag{{TagKey: aws.String("a"), TagValue: aws.String("1")}}
	})
	if !strings.HasPrefix(*key.KeyId, "mrk-") || !*key.MultiRegion {
		t.Errorf("a multi-Region key: %+v", key)
	}
	_, err := c.TagResource(t.Context(), &kms.TagResourceInput{KeyId: key.KeyId, Tags: []types.Tag{{TagKey: aws.String("b"), TagValue: aws.String("2")}}})
	must(t, 0, err)
	_, err = c.UntagResource(t.Context(), &kms.UntagResourceInput{KeyId: key.KeyId, TagKeys: []string{"a"}})
	must(t, 0, err)
	tags, err := c.ListResourceTags(t.Context(), &kms.ListResourceTagsInput{KeyId: key.KeyId})
	if got := must(t, tags, err).Tags; len(got) != 1 || *got[0].TagKey != "b" {
		t.Errorf("tags: %+v", got)
	}
}
