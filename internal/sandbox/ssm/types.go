package ssm

import (
	"encoding/base64"
	"errors"
	"regexp"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/kms"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

const secureString = "SecureString"

// checkTypes are the rules of types, data types and patterns.
func checkTypes(d world.ParameterDetails, value string) error {
	switch {
	case d.Type != "String" && d.Type != "StringList" && d.Type != secureString:
		return invalid("1 validation error detected: Value '%s' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [SecureString, StringList, String]", d.Type)
	case d.DataType != "text" && d.DataType != imageType:
		return invalid("The following data type is not supported: %s (Data type names are all lowercase.)", d.DataType)
	case d.DataType == imageType && d.Type != "String":
		return invalid("The data type %s needs the type String.", imageType) // unverified: text
	case d.DataType == imageType && !imageID.MatchString(value):
		return invalid("The value %s is not valid for the data type %s.", value, imageType) // unverified: text
	case d.AllowedPattern == "":
		return nil
	}
	pattern, err := regexp.Compile(d.AllowedPattern) // unverified: whether the pattern must match the whole value
	switch {
	case err != nil:
		return wire.Errorf("InvalidAllowedPatternException", "The request does not meet the regular expression requirement.")
	case !pattern.MatchString(value):
		return wire.Errorf("ParameterPatternMismatchException", "Parameter value, cannot be validated against allowedPattern: %s", d.AllowedPattern)
	}
	return nil
}

var imageID = regexp.MustCompile(`^ami-[0-9a-f]{8}(?:[0-9a-f]{9})?$`)

// contextOf is the encryption context with which SSM binds a value to its name.
func contextOf(c *action.Call, name string) map[string]string {
	return map[string]string{"PARAMETER_ARN": parameterARN(c, name)}
}

// encrypted is a value as SSM keeps and shows it without decryption.
func encrypted(c *action.Call, name, keyID, value string) (string, error) {
	if keyID == world.SSMAlias {
		c.World.SSMKey(c.Mine())
	}
	blob, _, err := kms.Seal(c, keyID, []byte(value), contextOf(c, name))
	if err != nil {
		return "", errKey(err)
	}
	return base64.StdEncoding.EncodeToString(blob), nil
}

// decrypted is the plain value of what [encrypted] made.
func decrypted(c *action.Call, name, value string) (string, error) {
	blob, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return "", errKey(err)
	}
	plain, err := kms.Open(c, blob, contextOf(c, name))
	if err != nil {
		return "", errKey(err)
	}
	return string(plain), nil
}

// errKey is KMS's refusal in SSM's words.
func errKey(err error) error {
	var refusal *wire.Error
	if !errors.As(err, &refusal) {
		return wire.Errorf("InvalidKeyId", "%s", err)
	}
	if strings.HasPrefix(refusal.Code, "AccessDenied") {
		return wire.Errorf("AccessDeniedException", "%s (Service: AWSKMS; Status Code: %d; Error Code: %s)", refusal.Message, refusal.Status, refusal.Code) // unverified: the end of the text
	}
	return wire.Errorf("InvalidKeyId", "%s (Service: AWSKMS; Status Code: %d; Error Code: %s)", refusal.Message, refusal.Status, refusal.Code) // unverified: the end of the text
}
