package kms

import (
	"sort"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "CreateKey", createKey)
	action.Add(Actions, "DescribeKey", describeKey)
	action.Add(Actions, "ListKeys", listKeys)
	action.Add(Actions, "EnableKey", enableKey)
	action.Add(Actions, "DisableKey", disableKey)
	action.Add(Actions, "ScheduleKeyDeletion", scheduleKeyDeletion)
	action.Add(Actions, "CancelKeyDeletion", cancelKeyDeletion)
}

// seconds is a moment as JSON 1.1 writes it: seconds since 1970, with a fraction.
func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// find gives the key of a reference for a call that the key's owner alone may
// make. An ARN of another Region, and a key that is not there, are NotFoundException.
func find(c *action.Call, ref string) (*world.Key, error) {
	key := c.World.FindKey(c.Account, c.Region, ref)
	if key != nil {
		return key, nil
	}
	if parts := strings.SplitN(ref, ":", 6); len(parts) == 6 && parts[3] != c.Region {
		return nil, wire.Errorf("NotFoundException", "Invalid arn %s", parts[3])
	}
	arn := ref
	if strings.HasPrefix(ref, "alias/") {
		arn = "arn:aws:kms:" + c.Region + ":" + c.Account + ":" + ref
	}
	if strings.Contains(arn, ":alias/") {
		return nil, wire.Errorf("NotFoundException", "Alias %s is not found.", arn)
	}
	if !strings.HasPrefix(ref, "arn:") {
		arn = "arn:aws:kms:" + c.Region + ":" + c.Account + ":key/" + ref
	}
	return nil, wire.Errorf("NotFoundException", "Key '%s' does not exist", arn)
}

// usable is [find] for who may use the key but need not own it.
func usable(c *action.Call, ref, operation string) (*world.Key, error) {
	key, err := find(c, ref)
	if err != nil {
		return nil, err
	}
	if !key.UsableBy(c.Account) {
		return nil, denied(c, key, operation)
	}
	return key, nil
}

func denied(c *action.Call, key *world.Key, operation string) error {
	return wire.Errorf("AccessDeniedException", "User: %s is not authorized to perform: kms:%s on resource: %s because no resource-based policy allows the kms:%s action",
		c.Principal, operation, key.ARN, operation)
}

// managed is [find] for what only the owner does, and only to its own keys.
func managed(c *action.Call, ref, operation string) (*world.Key, error) {
	key, err := find(c, ref)
	switch {
	case err != nil:
		return nil, err
	case key.Account != c.Account:
		return nil, denied(c, key, operation)
	case key.Manager == world.ManagedByAWS:
		return nil, wire.Errorf("AccessDeniedException", "%s is managed by AWS and cannot be changed", key.ARN) // unverified text
	}
	return key, nil
}

type keyMetadata struct {
	AWSAccountID string   `json:"AWSAccountId"`
	KeyID        string   `json:"KeyId"`
	Arn          string   `json:"Arn"`
	CreationDate float64  `json:"CreationDate"`
	Enabled      bool     `json:"Enabled"`
	Description  string   `json:"Description"`
	KeyUsage     string   `json:"KeyUsage"`
	KeyState     string   `json:"KeyState"`
	DeletionDate *float64 `json:"DeletionDate,omitempty"`
	Origin       string   `json:"Origin"`
	KeyManager   string   `json:"KeyManager"`
	KeySpec      string   `json:"KeySpec"`
	// CustomerMasterKeySpec is the older name of KeySpec, which older clients read.
	CustomerMasterKeySpec string   `json:"CustomerMasterKeySpec"`
	EncryptionAlgorithms  []string `json:"EncryptionAlgorithms,omitempty"`
	MultiRegion           bool     `json:"MultiRegion"`
}

type keyOutput struct {
	KeyMetadata keyMetadata `json:"KeyMetadata"`
}

func metadataOf(k *world.Key) keyMetadata {
	m := keyMetadata{
		AWSAccountID: k.Account, KeyID: k.ID, Arn: k.ARN, CreationDate: seconds(k.Created), Enabled: k.State == world.KeyEnabled,
		Description: k.Description, KeyUsage: k.Usage, KeyState: k.State, Origin: "AWS_KMS", KeyManager: k.Manager, KeySpec: k.Spec,
		CustomerMasterKeySpec: k.Spec, MultiRegion: k.MultiRegion,
	}
	if k.Spec == symmetric {
		m.EncryptionAlgorithms = []string{symmetric}
	}
	if k.State == world.KeyPendingDeletion {
		at := seconds(k.DeletionAt)
		m.DeletionDate = &at
	}
	return m
}

const symmetric = "SYMMETRIC_DEFAULT"

type createKeyInput struct {
	Policy, Description, KeyUsage, KeySpec, CustomerMasterKeySpec string
	MultiRegion                                                   bool
	Tags                                                          []tag
}

// createKey makes a customer key. Only a symmetric key can encrypt volumes; the
// asymmetric ones exist so that a template that names one can fail as on AWS.
func createKey(c *action.Call, in *createKeyInput) (*keyOutput, error) {
	spec := in.KeySpec
	if spec == "" {
		spec = in.CustomerMasterKeySpec
	}
	switch spec {
	case "", symmetric, "RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "HMAC_256":
	default:
		return nil, wire.Errorf("ValidationException", "Value '%s' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set", spec)
	}
	if in.Policy != "" {
		if err := checkPolicy(in.Policy); err != nil {
			return nil, err
		}
	}
	k := c.World.NewKey(c.Mine())
	k.Description = in.Description
	if spec != "" {
		k.Spec = spec
	}
	if in.KeyUsage != "" {
		k.Usage = in.KeyUsage
	}
	if in.Policy != "" {
		k.Policy = in.Policy
	}
	if in.MultiRegion {
		c.Mine().MakeMultiRegion(k)
	}
	for _, t := range in.Tags {
		k.Tags[t.TagKey] = t.TagValue
	}
	return &keyOutput{KeyMetadata: metadataOf(k)}, nil
}

type keyInput struct {
	KeyID string `json:"KeyId"`
}

type describeKeyInput struct {
	keyInput
	GrantTokens []string
}

func describeKey(c *action.Call, in *describeKeyInput) (*keyOutput, error) {
	k, err := usable(c, in.KeyID, "DescribeKey")
	if err != nil {
		return nil, err
	}
	return &keyOutput{KeyMetadata: metadataOf(k)}, nil
}

type listKeysOutput struct {
	Keys      []listedKey `json:"Keys"`
	Truncated bool        `json:"Truncated"`
	Marker    string      `json:"NextMarker,omitempty"`
}

type listedKey struct {
	KeyID  string `json:"KeyId"`
	KeyArn string `json:"KeyArn"`
}

func listKeys(c *action.Call, in *paged) (*listKeysOutput, error) {
	all := make([]listedKey, 0, len(c.Mine().Keys))
	for _, k := range c.Mine().Keys {
		all = append(all, listedKey{KeyID: k.ID, KeyArn: k.ARN})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].KeyID < all[j].KeyID })
	part, next, err := cut(all, in)
	return &listKeysOutput{Keys: part, Truncated: next != "", Marker: next}, err
}

type none struct{}

func enableKey(c *action.Call, in *keyInput) (*none, error) {
	return setState(c, in.KeyID, "EnableKey", world.KeyEnabled)
}

func disableKey(c *action.Call, in *keyInput) (*none, error) {
	return setState(c, in.KeyID, "DisableKey", world.KeyDisabled)
}

func setState(c *action.Call, ref, operation, state string) (*none, error) {
	k, err := managed(c, ref, operation)
	if err != nil {
		return nil, err
	}
	if k.State == world.KeyPendingDeletion {
		return nil, errPending(k)
	}
	k.State = state
	return &none{}, nil
}

func errPending(k *world.Key) error {
	return wire.Errorf("KMSInvalidStateException", "%s is pending deletion.", k.ARN)
}

type scheduleKeyDeletionInput struct {
	keyInput
	PendingWindowInDays *int64
}

type scheduleKeyDeletionOutput struct {
	KeyID    string  `json:"KeyId"`
	Deletion float64 `json:"DeletionDate"`
	KeyState string  `json:"KeyState"`
	Window   int64   `json:"PendingWindowInDays"`
}

// scheduleKeyDeletion waits 7 to 30 days, 30 where nothing is said.
func scheduleKeyDeletion(c *action.Call, in *scheduleKeyDeletionInput) (*scheduleKeyDeletionOutput, error) {
	k, err := managed(c, in.KeyID, "ScheduleKeyDeletion")
	if err != nil {
		return nil, err
	}
	days := int64(30)
	if in.PendingWindowInDays != nil {
		days = *in.PendingWindowInDays
	}
	switch {
	case k.State == world.KeyPendingDeletion:
		return nil, errPending(k)
	case days < 7 || days > 30:
		return nil, wire.Errorf("ValidationException", "PendingWindowInDays must be between 7 and 30.")
	}
	k.State, k.DeletionAt = world.KeyPendingDeletion, c.Now.AddDate(0, 0, int(days))
	return &scheduleKeyDeletionOutput{KeyID: k.ARN, Deletion: seconds(k.DeletionAt), KeyState: k.State, Window: days}, nil
}

type keyIDOutput struct {
	KeyID string `json:"KeyId"`
}

// cancelKeyDeletion leaves the key disabled, as KMS does.
func cancelKeyDeletion(c *action.Call, in *keyInput) (*keyIDOutput, error) {
	k, err := managed(c, in.KeyID, "CancelKeyDeletion")
	if err != nil {
		return nil, err
	}
	if k.State != world.KeyPendingDeletion {
		return nil, wire.Errorf("KMSInvalidStateException", "%s is not pending deletion.", k.ARN)
	}
	k.State, k.DeletionAt = world.KeyDisabled, time.Time{}
	return &keyIDOutput{KeyID: k.ARN}, nil
}
