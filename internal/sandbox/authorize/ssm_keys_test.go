package authorize_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// TestSSMUsesKeysForTheCaller: aws/ssm needs no permission of the caller's own, another
// key one that may be for use through SSM alone.
func TestSSMUsesKeysForTheCaller(t *testing.T) {
	t.Parallel()
	c := start(t)
	own := c.key("")
	config := c.user(allow("ssm:*"))
	api := ssm.NewFromConfig(config)
	put := func(name, key string) error {
		_, err := api.PutParameter(t.Context(), &ssm.PutParameterInput{Name: &name, Value: aws.String("hush"), Type: types.ParameterTypeSecureString, KeyId: aws.String(key)})
		return err
	}
	get := func(name string) error {
		out, err := api.GetParameter(t.Context(), &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
		if err == nil && aws.ToString(out.Parameter.Value) != "hush" {
			t.Errorf("%s holds %q", name, aws.ToString(out.Parameter.Value))
		}
		return err
	}
	must(t, 0, put("/managed", "alias/aws/ssm"))
	must(t, 0, get("/managed"))
	outcome(t, "under an own key without kms permissions", put("/own", own), false)
	c.allow(allow("ssm:*"), when("Allow", "kms:*", "*", `{"StringEquals":{"kms:ViaService":"ssm.us-east-1.amazonaws.com"},"Bool":{"aws:ViaAWSService":"true"}}`))
	must(t, 0, put("/own", own))
	must(t, 0, get("/own"))
	_, err := kms.NewFromConfig(config).DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &own})
	outcome(t, "not through SSM", err, false)
	_, err = kms.NewFromConfig(config).Encrypt(t.Context(), &kms.EncryptInput{KeyId: aws.String("alias/aws/ssm"), Plaintext: []byte("x")})
	outcome(t, "aws/ssm, not through SSM", err, false)
}
