package stage

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/shell"
)

// Stores that a secret can be in: what a reference begins with.
const (
	storeSSM            = "ssm"
	storeSecretsManager = "secretsmanager"
)

// permissions are what the role of the instance needs.
var permissions = map[string]string{
	storeSSM:            "ssm:GetParameter, and kms:Decrypt where the key is your own",
	storeSecretsManager: "secretsmanager:GetSecretValue, and kms:Decrypt where the key is your own",
}

// secretRule is what names and ARNs are made of. It keeps a name from being
// taken for an option of the AWS CLI.
var secretRule = regexp.MustCompile(`^[A-Za-z0-9/_][A-Za-z0-9/_+=.@:!-]*$`)

func (s *Stage) checkSecrets() []error {
	var findings []error
	if len(s.Secrets) > 0 && s.Tier != Boot {
		findings = append(findings, s.wrong("secrets", "a stage of tier %s is baked, and a secret must not be: set tier = %q, with which every instance runs the stage at its first boot", s.Tier, Boot))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Secrets)) {
		findings = append(findings, s.checkVariable("secrets", name))
		if _, both := s.Environment[name]; both {
			findings = append(findings, s.wrong("secrets", "%s is in environment too: leave one out", name))
		}
		store, id, _ := strings.Cut(s.Secrets[name], ":")
		if permissions[store] == "" || !secretRule.MatchString(id) {
			findings = append(findings, s.wrong("secrets", "%s is %q: use \"ssm:\" and the name or ARN of a parameter, or \"secretsmanager:\" and the name or ARN of a secret", name, s.Secrets[name]))
		}
	}
	return findings
}

// writeSecret has the value fetched into one variable of the stage's process. It
// never is an argument, nor in a file.
func writeSecret(out *bytes.Buffer, name, reference string) {
	store, id, _ := strings.Cut(reference, ":")
	fmt.Fprintf(out, "%s=$(goldenami_fetch %s %s %s) || exit 1\nexport %s\n", name, store, shell.Quote(id), shell.Quote(permissions[store]), name)
}
