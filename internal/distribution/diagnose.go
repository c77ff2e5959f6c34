package distribution

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/wait"
)

// diagnose says why a copy did not become available. EC2 checks keys only after
// it accepted a copy, and says what it found on the image, on its snapshots, or
// nowhere; so each of them and the key are asked.
func (w *worker) diagnose(ctx context.Context, err error) error {
	if gone(err) {
		w.engine.markDead(w.region.Region, w.result.ImageID)
		return w.errorf("the copy of %s from %s: %w", w.plan.Source.ImageID, w.plan.Source.Region, err)
	}
	var failed *wait.FailedError
	if !errors.As(err, &failed) {
		return w.errorf("the copy of %s is not finished: %w", w.plan.Source.ImageID, err)
	}
	w.engine.markDead(w.region.Region, w.result.ImageID)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterCancel)
	defer cancel()
	reasons := append(w.snapshotReasons(ctx, err.Error()), w.keyReason(ctx)...)
	if len(reasons) == 0 {
		return w.errorf("the copy of %s from %s failed: %w", w.plan.Source.ImageID, w.plan.Source.Region, err)
	}
	return w.errorf("the copy of %s from %s failed: %w; %s", w.plan.Source.ImageID, w.plan.Source.Region, err, strings.Join(reasons, "; "))
}

// snapshotReasons are the messages of this copy's snapshots that known does not
// hold already. A failed image often lost its mapping, but not its snapshots' tags.
func (w *worker) snapshotReasons(ctx context.Context, known string) []string {
	out, err := w.ec2.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"},
		Filters: []types.Filter{
			{Name: aws.String("tag:" + ami.TagCopiedFrom), Values: []string{w.plan.Source.String()}},
			{Name: aws.String("status"), Values: []string{string(types.SnapshotStateError)}},
		},
	})
	if err != nil {
		return []string{"its snapshots could not be read: " + cloud.Explain(err)}
	}
	var reasons []string
	for _, s := range out.Snapshots {
		message := aws.ToString(s.StateMessage)
		if message != "" && !strings.Contains(known, message) {
			reasons = append(reasons, fmt.Sprintf("snapshot %s: %s", aws.ToString(s.SnapshotId), message))
		}
	}
	return reasons
}

// keyReason tells the state of the key, and what to grant if the state is fine.
func (w *worker) keyReason(ctx context.Context) []string {
	if w.keyARN == "" {
		if !w.region.Encrypted && !w.source.encrypted() {
			return nil
		}
		return []string{"it was to be encrypted with the default EBS key of " + w.region.Region}
	}
	key, err := describeKey(ctx, w.kms, w.keyARN)
	if err != nil {
		return []string{fmt.Sprintf("key %s could not be read: %s", w.keyARN, cloud.Explain(err))}
	}
	if key.KeyState != kmstypes.KeyStateEnabled {
		return []string{fmt.Sprintf("key %s is %s: %s", w.keyARN, key.KeyState, keyRemedy(key))}
	}
	return []string{fmt.Sprintf("key %s is Enabled: see that its policy lets the caller use kms:DescribeKey, kms:CreateGrant (with kms:GrantIsForAWSResource), kms:GenerateDataKeyWithoutPlaintext, kms:ReEncrypt* and kms:Decrypt", w.keyARN)}
}

// describeKey reads a key by id, alias or ARN.
func describeKey(ctx context.Context, api KMS, key string) (*kmstypes.KeyMetadata, error) {
	var out *kms.DescribeKeyOutput
	err := retry(ctx, 0, nil, func(ctx context.Context) (err error) {
		out, err = api.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(key)})
		return err
	})
	if err != nil {
		return nil, err
	}
	if out.KeyMetadata == nil || aws.ToString(out.KeyMetadata.Arn) == "" {
		return nil, fmt.Errorf("KMS says nothing about key %s", key)
	}
	return out.KeyMetadata, nil
}

// keyRemedy says how a key in this state becomes usable.
func keyRemedy(key *kmstypes.KeyMetadata) string {
	switch key.KeyState {
	case kmstypes.KeyStateDisabled:
		return "enable it (kms:EnableKey)"
	case kmstypes.KeyStatePendingDeletion, kmstypes.KeyStatePendingReplicaDeletion:
		when := "soon"
		if key.DeletionDate != nil {
			when = "on " + key.DeletionDate.UTC().Format(time.DateOnly)
		}
		return fmt.Sprintf("it is deleted %s; cancel that (kms:CancelKeyDeletion) and enable it, or use another key", when)
	case kmstypes.KeyStatePendingImport:
		return "import its key material (kms:ImportKeyMaterial)"
	case kmstypes.KeyStateUnavailable:
		return "connect its custom key store"
	default:
		return "wait until it is Enabled"
	}
}
