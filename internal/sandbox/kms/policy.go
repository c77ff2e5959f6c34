package kms

import (
	"errors"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/policy"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

func init() {
	action.Add(Actions, "GetKeyPolicy", getKeyPolicy)
	action.Add(Actions, "PutKeyPolicy", putKeyPolicy)
	action.Add(Actions, "ListKeyPolicies", listKeyPolicies)
}

// policyName is the one name that a key's policy has.
const policyName = "default"

type getKeyPolicyInput struct {
	keyInput
	PolicyName string
}

type getKeyPolicyOutput struct {
	Policy     string `json:"Policy"`
	PolicyName string `json:"PolicyName"`
}

func checkPolicyName(name string) error {
	if name != "" && name != policyName {
		return wire.Errorf("NotFoundException", "No such policy exists")
	}
	return nil
}

func getKeyPolicy(c *action.Call, in *getKeyPolicyInput) (*getKeyPolicyOutput, error) {
	key, err := managed(c, in.KeyID, "GetKeyPolicy")
	if err != nil {
		return nil, err
	}
	if err := checkPolicyName(in.PolicyName); err != nil {
		return nil, err
	}
	return &getKeyPolicyOutput{Policy: key.Policy, PolicyName: policyName}, nil
}

type putKeyPolicyInput struct {
	getKeyPolicyInput
	Policy                         string
	BypassPolicyLockoutSafetyCheck bool
}

func putKeyPolicy(c *action.Call, in *putKeyPolicyInput) (*none, error) {
	key, err := alive(c, in.KeyID, "PutKeyPolicy")
	if err != nil {
		return nil, err
	}
	if err := checkPolicyName(in.PolicyName); err != nil {
		return nil, err
	}
	if err := checkPolicy(c, in.Policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
		return nil, err
	}
	key.Policy = in.Policy
	return &none{}, nil
}

type listKeyPoliciesInput struct {
	keyInput
	paged
}

type listKeyPoliciesOutput struct {
	PolicyNames []string
	Truncated   bool
	Marker      string `json:"NextMarker,omitempty"`
}

func listKeyPolicies(c *action.Call, in *listKeyPoliciesInput) (*listKeyPoliciesOutput, error) {
	if _, err := managed(c, in.KeyID, "ListKeyPolicies"); err != nil {
		return nil, err
	}
	part, next, err := cut([]string{policyName}, &in.paged, 1000, func(name string) string { return name })
	return &listKeyPoliciesOutput{PolicyNames: part, Truncated: next != "", Marker: next}, err
}

// policyLimit is the length of a key policy in bytes.
const policyLimit = 32768

// checkPolicy refuses what is no key policy, and one that would lock the caller
// out: unless bypass says so, the caller must still be able to change it.
func checkPolicy(c *action.Call, text string, bypass bool) error {
	if len(text) > policyLimit {
		return wire.Errorf("LimitExceededException", "The key policy is larger than %d bytes.", policyLimit) // unverified: text
	}
	doc, err := policy.Parse(policy.Key, text)
	var malformed *policy.MalformedError
	if errors.As(err, &malformed) {
		return wire.Errorf("MalformedPolicyDocumentException", "%s", malformed.Message)
	}
	if err != nil {
		return err
	}
	if bypass {
		return nil
	}
	who := policy.Principal{ARN: c.Principal, Account: c.Account}
	if e := c.World.Entity(c.Principal); e != nil && e.ARN != c.Principal {
		who.Role = e.ARN
	}
	put := policy.Request{Principal: who, Action: "kms:PutKeyPolicy", Resource: "*", Owner: c.Account}
	if !policy.Evaluate(put, policy.Policies{Open: true, Resource: doc, Required: true}).Allowed {
		return wire.Errorf("MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.")
	}
	return nil
}
