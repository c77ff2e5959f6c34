package kms

import (
	"sort"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "DescribeKey", describeKey)
	action.Add(Actions, "ListKeys", listKeys)
	action.Add(Actions, "UpdateKeyDescription", updateKeyDescription)
	action.Add(Actions, "EnableKey", enableKey)
	action.Add(Actions, "DisableKey", disableKey)
	action.Add(Actions, "ScheduleKeyDeletion", scheduleKeyDeletion)
	action.Add(Actions, "CancelKeyDeletion", cancelKeyDeletion)
}

// seconds is a moment as JSON 1.1 writes it: seconds since 1970, with a fraction.
func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

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
	// Window is shown while a primary key waits for its replicas.
	Window     int64  `json:"PendingDeletionWindowInDays,omitempty"`
	Origin     string `json:"Origin"`
	KeyManager string `json:"KeyManager"`
	KeySpec    string `json:"KeySpec"`
	// CustomerMasterKeySpec is the older name of KeySpec, which older clients read.
	CustomerMasterKeySpec string       `json:"CustomerMasterKeySpec"`
	EncryptionAlgorithms  []string     `json:"EncryptionAlgorithms,omitempty"`
	SigningAlgorithms     []string     `json:"SigningAlgorithms,omitempty"`
	MacAlgorithms         []string     `json:"MacAlgorithms,omitempty"`
	MultiRegion           bool         `json:"MultiRegion"`
	Regions               *multiRegion `json:"MultiRegionConfiguration,omitempty"`
	MaterialID            string       `json:"CurrentKeyMaterialId,omitempty"`
}

type keyOutput struct {
	KeyMetadata keyMetadata `json:"KeyMetadata"`
}

func metadataOf(c *action.Call, k *world.Key) keyMetadata {
	m := keyMetadata{
		AWSAccountID: k.Account, KeyID: k.ID, Arn: k.ARN, CreationDate: seconds(k.Created), Enabled: k.State == world.KeyEnabled,
		Description: k.Description, KeyUsage: k.Usage, KeyState: k.State, Origin: originKMS, KeyManager: k.Manager, KeySpec: k.Spec,
		CustomerMasterKeySpec: k.Spec, MultiRegion: k.MultiRegion,
	}
	spec := specs[k.Spec]
	switch k.Usage {
	case encryptDecrypt:
		m.EncryptionAlgorithms = spec.encryption
	case "SIGN_VERIFY":
		m.SigningAlgorithms = spec.signing
	case "GENERATE_VERIFY_MAC":
		m.MacAlgorithms = spec.mac
	}
	if k.MultiRegion {
		m.Regions = regionsOf(c, k)
	}
	if k.Spec == symmetric {
		m.MaterialID = materialID(c, k)
	}
	switch k.State {
	case world.KeyPendingDeletion:
		at := seconds(k.DeletionAt)
		m.DeletionDate = &at
	case world.KeyPendingReplicaDeletion:
		m.Window = k.Window
	}
	return m
}

type keyInput struct {
	KeyID string `json:"KeyId"`
}

type describeKeyInput struct {
	keyInput
	tokens
}

func describeKey(c *action.Call, in *describeKeyInput) (*keyOutput, error) {
	if err := in.check(c); err != nil {
		return nil, err
	}
	k, err := usable(c, in.KeyID, "DescribeKey", nil)
	if err != nil {
		return nil, err
	}
	return &keyOutput{KeyMetadata: metadataOf(c, k)}, nil
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
		if c.World.FindKey(c.Account, c.Region, k.ID) != nil { // not yet deleted
			all = append(all, listedKey{KeyID: k.ID, KeyArn: k.ARN})
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].KeyID < all[j].KeyID })
	part, next, err := cut(all, in, 1000, func(k listedKey) string { return k.KeyID })
	return &listKeysOutput{Keys: part, Truncated: next != "", Marker: next}, err
}

type none struct{}

type updateKeyDescriptionInput struct {
	keyInput
	Description string
}

func updateKeyDescription(c *action.Call, in *updateKeyDescriptionInput) (*none, error) {
	k, err := alive(c, in.KeyID, "UpdateKeyDescription")
	if err != nil {
		return nil, err
	}
	if err := checkLength("description", in.Description, 8192); err != nil {
		return nil, err
	}
	k.Description = in.Description
	return &none{}, nil
}

func checkLength(parameter, value string, most int) error {
	if len(value) > most {
		return wire.Errorf("ValidationException", "1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", value, parameter, most)
	}
	return nil
}

func enableKey(c *action.Call, in *keyInput) (*none, error) {
	return setState(c, in.KeyID, "EnableKey", world.KeyEnabled)
}

func disableKey(c *action.Call, in *keyInput) (*none, error) {
	return setState(c, in.KeyID, "DisableKey", world.KeyDisabled)
}

func setState(c *action.Call, ref, operation, state string) (*none, error) {
	k, err := alive(c, ref, operation)
	if err != nil {
		return nil, err
	}
	k.State = state
	return &none{}, nil
}

type scheduleKeyDeletionInput struct {
	keyInput
	PendingWindowInDays *int64
}

type scheduleKeyDeletionOutput struct {
	KeyID    string   `json:"KeyId"`
	Deletion *float64 `json:"DeletionDate,omitempty"`
	KeyState string   `json:"KeyState"`
	Window   int64    `json:"PendingWindowInDays"`
}

// scheduleKeyDeletion waits 7 to 30 days, 30 where nothing is said. A primary key
// waits for its replicas first.
func scheduleKeyDeletion(c *action.Call, in *scheduleKeyDeletionInput) (*scheduleKeyDeletionOutput, error) {
	k, err := alive(c, in.KeyID, "ScheduleKeyDeletion")
	if err != nil {
		return nil, err
	}
	days := int64(30)
	if in.PendingWindowInDays != nil {
		days = *in.PendingWindowInDays
	}
	if days < 7 || days > 30 {
		return nil, wire.Errorf("ValidationException", "PendingWindowInDays must be between 7 and 30.")
	}
	out := &scheduleKeyDeletionOutput{KeyID: k.ARN, Window: days}
	k.Window = days
	if len(replicas(c, k)) > 0 {
		k.State = world.KeyPendingReplicaDeletion
	} else {
		k.State, k.DeletionAt = world.KeyPendingDeletion, c.Now.AddDate(0, 0, int(days))
		at := seconds(k.DeletionAt)
		out.Deletion = &at
	}
	out.KeyState = k.State
	return out, nil
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
	if !toBeDeleted(k) {
		return nil, wire.Errorf("KMSInvalidStateException", "%s is not pending deletion.", k.ARN)
	}
	k.State, k.DeletionAt, k.Window = world.KeyDisabled, time.Time{}, 0
	return &keyIDOutput{KeyID: k.ARN}, nil
}
