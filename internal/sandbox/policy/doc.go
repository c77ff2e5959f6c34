// Package policy reads and evaluates AWS's policy language: identity policies,
// resource policies (role trust policies and KMS key policies), permissions
// boundaries and session policies.
//
// It is pure: it knows no service, no account and no request. What a call needs
// and which policies apply to its caller is decided in package authorize. Rules
// are those of the IAM User Guide, "Policy evaluation logic" and "IAM JSON policy
// element reference"; the texts of refused documents are IAM's.
package policy
