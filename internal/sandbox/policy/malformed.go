package policy

import "fmt"

// MalformedError is a document that AWS refuses. Message is IAM's text; the services
// give it their own code (MalformedPolicyDocument in IAM and STS).
type MalformedError struct{ Message string }

func (m *MalformedError) Error() string { return m.Message }

func malformed(format string, args ...any) error {
	return &MalformedError{Message: fmt.Sprintf(format, args...)}
}

// The texts without parameters, as IAM words them.
const (
	textJSON        = "This policy contains invalid Json"
	textSyntax      = "Syntax errors in policy."
	textVersion     = "Policy document must be version 2012-10-17 or greater."
	textLegacy      = "The policy failed legacy parsing"
	textSids        = "Statement IDs (SID) in a single policy must be unique."
	textActions     = "Policy statement must contain actions."
	textResources   = "Policy statement must contain resources."
	textVendor      = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
	textColons      = "Actions/Condition can contain only one colon."
	textRegexes     = "Resource vendor must be fully qualified and cannot contain regexes."
	textPrincipal   = "Policy document should not specify a principal."
	textNoPrincipal = "Missing required field Principal"
	textProhibited  = "Has prohibited field Resource"
	textAssume      = "AssumeRole policy may only specify STS AssumeRole actions."
)
