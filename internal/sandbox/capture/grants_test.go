package capture_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func (r *rig) key() string {
	r.t.Helper()
	made, err := r.kms().CreateKey(r.t.Context(), &kms.CreateKeyInput{Description: aws.String("probe")})
	return r.keep("key", *must(r, made, err).KeyMetadata.Arn)
}

// role makes a role called probe.
func (r *rig) role() {
	r.t.Helper()
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + sandboxtest.Home + `:root"},"Action":"sts:AssumeRole"}]}`
	must(r, 0, done(iam.NewFromConfig(r.config(sandboxtest.Home)).CreateRole(r.t.Context(), &iam.CreateRoleInput{
		RoleName: aws.String("probe"), AssumeRolePolicyDocument: aws.String(trust),
	})))
}

const (
	session     = "arn:aws:sts::{own}:assumed-role/probe/target"
	noSession   = "arn:aws:sts::{own}:assumed-role/missing/target"
	pathSession = "arn:aws:sts::{own}:assumed-role/path/probe/target"
)

// granted makes a grant of a fresh key to a principal.
func granted(to string, change ...func(*kms.CreateGrantInput)) func(r *rig) error {
	return func(r *rig) error {
		r.role()
		in := &kms.CreateGrantInput{
			KeyId: aws.String(r.key()), GranteePrincipal: aws.String(r.fill(to)), Operations: []types.GrantOperation{types.GrantOperationDecrypt},
		}
		for _, f := range change {
			f(in)
		}
		made, err := r.kms().CreateGrant(r.t.Context(), in)
		if err == nil {
			r.keep("grant", *made.GrantId)
		}
		return err
	}
}

func named(in *kms.CreateGrantInput) { in.Name = aws.String("probe") }

// grants are observations of grants and of keys as they are described.
var grants = []observation{
	{
		did: "create a key", do: func(r *rig) error {
			return done(r.kms().CreateKey(r.t.Context(), &kms.CreateKeyInput{Description: aws.String("probe")}))
		}, status: success,
		has: []string{
			`"AWSAccountId":"{own}"`, `"Enabled":true`, `"Description":"probe"`, `"KeyUsage":"ENCRYPT_DECRYPT"`, `"KeyState":"Enabled"`, `"Origin":"AWS_KMS"`,
			`"KeyManager":"CUSTOMER"`, `"CustomerMasterKeySpec":"SYMMETRIC_DEFAULT"`, `"KeySpec":"SYMMETRIC_DEFAULT"`,
			`"EncryptionAlgorithms":["SYMMETRIC_DEFAULT"]`, `"MultiRegion":false`, `"CurrentKeyMaterialId":"`,
		}, lacks: []string{`"DeletionDate"`, `"SigningAlgorithms"`},
	},
	{did: "grant to a session of a role", do: granted(session), status: success, has: []string{`"GrantId":"`, `"GrantToken":"`}},
	{
		did: "list a grant to a session", status: success, do: func(r *rig) error {
			must(r, 0, granted(session, named, func(in *kms.CreateGrantInput) { in.RetiringPrincipal = in.GranteePrincipal })(r))
			return done(r.kms().ListGrants(r.t.Context(), &kms.ListGrantsInput{KeyId: aws.String(r.fill("{key}"))}))
		}, has: []string{
			`"KeyId":"{key}"`, `"GrantId":"{grant}"`, `"Name":"probe"`, `"GranteePrincipal":"arn:aws:sts::{own}:assumed-role/probe/target"`,
			`"RetiringPrincipal":"arn:aws:sts::{own}:assumed-role/probe/target"`, `"IssuingAccount":"arn:aws:iam::{own}:root"`, `"Operations":["Decrypt"]`, `"Truncated":false`,
		}, lacks: []string{`"Constraints"`, `"GrantToken"`},
	},
	{
		did: "list grants that a session may retire", status: success, do: func(r *rig) error {
			must(r, 0, granted(session, func(in *kms.CreateGrantInput) { in.RetiringPrincipal = in.GranteePrincipal })(r))
			return done(r.kms().ListRetirableGrants(r.t.Context(), &kms.ListRetirableGrantsInput{RetiringPrincipal: aws.String(r.fill(session))}))
		}, has: []string{`"GrantId":"{grant}"`, `"Truncated":false`},
	},
	{did: "grant to a session of no role", do: granted(noSession), status: refusal, code: "InvalidArnException", message: "ARN does not refer to a valid principal: " + noSession},
	{did: "grant to a session with a path", do: granted(pathSession), status: refusal, code: "InvalidArnException", message: "ARN is not valid: " + pathSession},
	{
		did: "list grants to a session of no role", status: refusal, code: "InvalidArnException", message: "ARN does not refer to a valid principal: " + noSession,
		do: func(r *rig) error {
			return done(r.kms().ListGrants(r.t.Context(), &kms.ListGrantsInput{KeyId: aws.String(r.key()), GranteePrincipal: aws.String(r.fill(noSession))}))
		},
	},
	{
		did: "grant again under the same name", status: success, has: []string{`"GrantId":"{grant}"`}, do: func(r *rig) error {
			must(r, 0, granted(session, named)(r))
			return done(r.kms().CreateGrant(r.t.Context(), &kms.CreateGrantInput{
				KeyId: aws.String(r.fill("{key}")), GranteePrincipal: aws.String(r.fill(session)), Operations: []types.GrantOperation{types.GrantOperationDecrypt}, Name: aws.String("probe"),
			}))
		},
	},
	{
		did: "decrypt", status: success, has: []string{`"KeyId":"{key}"`, `"Plaintext":"aHVzaA=="`, `"EncryptionAlgorithm":"SYMMETRIC_DEFAULT"`, `"KeyMaterialId":"`},
		do: func(r *rig) error {
			sealed, err := r.kms().Encrypt(r.t.Context(), &kms.EncryptInput{KeyId: aws.String(r.key()), Plaintext: []byte("hush")})
			return done(r.kms().Decrypt(r.t.Context(), &kms.DecryptInput{CiphertextBlob: must(r, sealed, err).CiphertextBlob}))
		},
	},
	{
		did: "encrypt", status: success, has: []string{`"KeyId":"{key}"`, `"EncryptionAlgorithm":"SYMMETRIC_DEFAULT"`, `"CiphertextBlob":"`}, lacks: []string{`"KeyMaterialId"`},
		do: func(r *rig) error {
			return done(r.kms().Encrypt(r.t.Context(), &kms.EncryptInput{KeyId: aws.String(r.key()), Plaintext: []byte("hush")}))
		},
	},
}
