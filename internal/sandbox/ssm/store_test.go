package ssm_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func TestSecureStringsAreEncrypted(t *testing.T) {
	t.Parallel()
	e := sandboxtest.Start(t, sandbox.Options{})
	c, keys := e.SSM(sandboxtest.Home, here), e.KMS(sandboxtest.Home, here)
	key, err := keys.CreateKey(t.Context(), &kms.CreateKeyInput{})
	must(t, key, err)
	name := aws.String("/golden/password")
	for _, id := range []*string{nil, key.KeyMetadata.Arn} {
		_, err := put(t, c, ssm.PutParameterInput{Name: name, Value: aws.String("hunter2"), Type: types.ParameterTypeSecureString, KeyId: id, Overwrite: aws.Bool(true)})
		must(t, 0, err)
		hidden, err := get(t, c, *name)
		blob, bad := base64.StdEncoding.DecodeString(*must(t, hidden, err).Value)
		if bad != nil || bytes.Contains(blob, []byte("hunter2")) {
			t.Errorf("without decryption: %s", *hidden.Value)
		}
		plain, err := c.GetParameter(t.Context(), &ssm.GetParameterInput{Name: name, WithDecryption: aws.Bool(true)})
		if *must(t, plain, err).Parameter.Value != "hunter2" {
			t.Errorf("with decryption: %s", *plain.Parameter.Value)
		}
	}
	described, err := c.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("KeyId"), Values: []string{*key.KeyMetadata.Arn}}}})
	if got := must(t, described, err).Parameters; len(got) != 1 || *got[0].LastModifiedUser != "arn:aws:iam::"+sandboxtest.Home+":user/sandbox" {
		t.Errorf("described: %+v", got)
	}
	_, err = keys.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: key.KeyMetadata.KeyId})
	must(t, 0, err)
	_, err = c.GetParameter(t.Context(), &ssm.GetParameterInput{Name: name, WithDecryption: aws.Bool(true)})
	refused(t, err, "InvalidKeyId", *key.KeyMetadata.Arn+" is disabled. (Service: AWSKMS; Status Code: 400; Error Code: DisabledException)")
}

// An image parameter is stored when SSM has looked at the image, and only if it is
// one that the account can use.
func TestImageParametersAppearLate(t *testing.T) {
	t.Parallel()
	c := sandboxtest.Start(t, sandbox.Options{Delays: world.Delays{ParameterCheck: world.Duration(20 * time.Millisecond)}}).SSM(sandboxtest.Home, here)
	image, err := get(t, c, "/aws/service/debian/release/12/latest/amd64")
	must(t, image, err)
	in := ssm.PutParameterInput{Name: aws.String("/golden/image"), DataType: aws.String("aws:ec2:image"), Value: aws.String("ami-0123456789abcdef0")}
	for _, value := range []*string{in.Value, image.Value} {
		in.Value = value
		if v, err := put(t, c, in); must(t, v, err) != 1 {
			t.Errorf("version %d", v)
		}
		_, err = get(t, c, *in.Name)
		refused(t, err, "ParameterNotFound", "")
	}
	// The looks happen in order: when the second is stored, the first was not.
	until := time.Now().Add(10 * time.Second)
	for err != nil && time.Now().Before(until) {
		_, err = get(t, c, *in.Name)
	}
	if got, err := get(t, c, *in.Name); *must(t, got, err).Value != *image.Value || got.Version != 1 {
		t.Errorf("stored: %+v", got)
	}
	in.Value, in.Overwrite = aws.String("nonsense"), aws.Bool(true)
	_, err = put(t, c, in)
	refused(t, err, "ValidationException", "The value nonsense is not valid for the data type aws:ec2:image.")
}

func TestVersionsAreKeptToAHundred(t *testing.T) {
	t.Parallel()
	c := sandboxtest.Start(t, sandbox.Options{}).SSM(sandboxtest.Home, here)
	name := aws.String("golden")
	again := func() error {
		_, err := put(t, c, ssm.PutParameterInput{Name: name, Value: aws.String("v"), Overwrite: aws.Bool(true)})
		return err
	}
	for range 101 {
		must(t, 0, again())
	}
	label := func(version int64, labels ...string) error {
		_, err := c.LabelParameterVersion(t.Context(), &ssm.LabelParameterVersionInput{Name: name, ParameterVersion: aws.Int64(version), Labels: labels})
		return err
	}
	refused(t, label(1, "old"), "ParameterVersionNotFound", "Systems Manager could not find version 1 of golden. Verify the version and try again.")
	must(t, 0, label(2, "old"))
	refused(t, again(), "ParameterMaxVersionLimitExceeded", "You attempted to create a new version of golden by calling the PutParameter API with the overwrite flag. "+
		"Version 2, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.")
	out, err := c.UnlabelParameterVersion(t.Context(), &ssm.UnlabelParameterVersionInput{Name: name, ParameterVersion: aws.Int64(2), Labels: []string{"old", "none"}})
	if got := must(t, out, err); len(got.RemovedLabels) != 1 || got.RemovedLabels[0] != "old" || len(got.InvalidLabels) != 1 {
		t.Errorf("unlabelled: %+v", got)
	}
	must(t, 0, again())
	for n := range 10 {
		must(t, 0, label(50, fmt.Sprintf("l%d", n)))
	}
	refused(t, label(50, "more"), "ParameterVersionLabelLimitExceeded", "A parameter version can have maximum 10 labels.Move one or more labels to another version and try again.")
	var versions []int64
	pages := ssm.NewGetParameterHistoryPaginator(c, &ssm.GetParameterHistoryInput{Name: name, MaxResults: aws.Int32(40)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		for _, v := range must(t, page, err).Parameters {
			versions = append(versions, v.Version)
		}
	}
	if len(versions) != 100 || versions[0] != 3 || versions[99] != 102 {
		t.Errorf("%d versions: %v", len(versions), versions)
	}
}

func TestTiersNamesAndTypes(t *testing.T) {
	t.Parallel()
	c := sandboxtest.Start(t, sandbox.Options{}).SSM(sandboxtest.Home, here)
	long := aws.String(strings.Repeat("x", 4097))
	_, err := put(t, c, ssm.PutParameterInput{Name: aws.String("long"), Value: long})
	refused(t, err, "ValidationException", "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. "+
		"For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html")
	out, err := c.PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String("long"), Value: long, Type: types.ParameterTypeString, Tier: types.ParameterTierIntelligentTiering})
	if must(t, out, err).Tier != types.ParameterTierAdvanced {
		t.Errorf("tier %s", out.Tier)
	}
	const oneText = "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_"
	for name, tc := range map[string]struct {
		change        func(*ssm.PutParameterInput)
		code, message string
	}{
		"aws":       {func(in *ssm.PutParameterInput) { in.Name = aws.String("awslimitschecker") }, "AccessDeniedException", "No access to reserved parameter name: awslimitschecker."},
		"ssm":       {func(in *ssm.PutParameterInput) { in.Name = aws.String("/SSM/x") }, "ValidationException", oneText},
		"blank":     {func(in *ssm.PutParameterInput) { in.Name = aws.String("Dev DB") }, "ValidationException", oneText},
		"path":      {func(in *ssm.PutParameterInput) { in.Name = aws.String("a/b") }, "ValidationException", "Parameter name must be a fully qualified name."},
		"levels":    {func(in *ssm.PutParameterInput) { in.Name = aws.String(strings.Repeat("/a", 16)) }, "HierarchyLevelLimitExceededException", "The parameter hierarchy has more than 15 levels."},
		"downgrade": {func(in *ssm.PutParameterInput) { in.Tier = types.ParameterTierStandard }, "ValidationException", "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter."},
		"type":      {func(in *ssm.PutParameterInput) { in.Type = types.ParameterTypeStringList }, "HierarchyTypeMismatchException", "The type of the parameter cannot be changed from String to StringList."},
		"policies":  {func(in *ssm.PutParameterInput) { in.Policies = aws.String("[{}]") }, "ValidationException", "The parameter Policies is not recognized"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := ssm.PutParameterInput{Name: aws.String("long"), Value: aws.String("v"), Overwrite: aws.Bool(true)}
			tc.change(&in)
			_, err := put(t, c, in)
			refused(t, err, tc.code, tc.message)
		})
	}
}

func TestTagsAndFilters(t *testing.T) {
	t.Parallel()
	c := sandboxtest.Start(t, sandbox.Options{}).SSM(sandboxtest.Home, here)
	name := aws.String("/golden/web")
	_, err := put(t, c, ssm.PutParameterInput{Name: name, Value: aws.String("one"), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
	must(t, 0, err)
	_, err = put(t, c, ssm.PutParameterInput{Name: name, Value: aws.String("two"), Overwrite: aws.Bool(true)})
	must(t, 0, err)
	_, err = c.AddTagsToResource(t.Context(), &ssm.AddTagsToResourceInput{ResourceType: types.ResourceTypeForTaggingParameter, ResourceId: name, Tags: []types.Tag{{Key: aws.String("c"), Value: aws.String("d")}}})
	must(t, 0, err)
	_, err = c.RemoveTagsFromResource(t.Context(), &ssm.RemoveTagsFromResourceInput{ResourceType: types.ResourceTypeForTaggingParameter, ResourceId: name, TagKeys: []string{"a"}})
	must(t, 0, err)
	tags, err := c.ListTagsForResource(t.Context(), &ssm.ListTagsForResourceInput{ResourceType: types.ResourceTypeForTaggingParameter, ResourceId: name})
	if got := must(t, tags, err).TagList; len(got) != 1 || *got[0].Key != "c" {
		t.Errorf("tags: %+v", got)
	}
	_, err = c.LabelParameterVersion(t.Context(), &ssm.LabelParameterVersionInput{Name: name, ParameterVersion: aws.Int64(1), Labels: []string{"live"}})
	must(t, 0, err)
	live, err := c.GetParametersByPath(t.Context(), &ssm.GetParametersByPathInput{Path: aws.String("/golden"), ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("Label"), Values: []string{"live"}}}})
	if got := must(t, live, err).Parameters; len(got) != 1 || *got[0].Value != "one" {
		t.Errorf("live: %+v", got)
	}
	arn := "arn:aws:ssm:" + here + ":" + sandboxtest.Home + ":parameter/golden/web"
	if p, err := get(t, c, arn+":1"); *must(t, p, err).Value != "one" || *p.Selector != ":1" || *p.ARN != arn {
		t.Errorf("by ARN: %+v", p)
	}
	_, err = c.DeleteParameters(t.Context(), &ssm.DeleteParametersInput{Names: strings.Split(strings.Repeat("x ", 10)+"x", " ")})
	refused(t, err, "ValidationException", "1 validation error detected: Value '[x, x, x, x, x, x, x, x, x, x, x]' at 'names' failed to satisfy constraint: Member must have length less than or equal to 10")
}
