package distribution

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// resolveKey turns the key that was asked for into its ARN, so that what EC2
// uses can be compared, and refuses one that would fail the copy an hour later.
func (w *worker) resolveKey(ctx context.Context) error {
	if w.region.KMSKeyID == "" {
		return nil
	}
	arn, err := checkKey(ctx, w.kms, w.region.Region, w.region.KMSKeyID, w.plan.spec.Share.wanted())
	if err != nil {
		return w.errorf("%w", err)
	}
	w.keyARN = arn
	return nil
}

// checkKey gives the ARN of a key that EBS can use for an image in region, or
// everything that speaks against it. EC2 itself checks only after it accepted
// the copy, and fails that without a word.
func checkKey(ctx context.Context, api KMS, region, key string, shared bool) (arn string, err error) {
	meta, err := describeKey(ctx, api, key)
	if err != nil {
		if cloud.Code(err) == "NotFoundException" {
			return "", fmt.Errorf("key %s does not exist in %s: create it there, or give another: %w", key, region, err)
		}
		return "", fmt.Errorf("key %s: %w", key, err)
	}
	arn = aws.ToString(meta.Arn)
	name := key
	if key != arn {
		name = fmt.Sprintf("%s (%s)", key, arn)
	}
	return arn, errors.Join(keyFindings(meta, name, region, shared)...)
}

func keyFindings(meta *kmstypes.KeyMetadata, name, region string, shared bool) []error {
	var errs []error
	add := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("key %s "+format, append([]any{name}, args...)...))
	}
	if keyRegion, isARN := cloud.KeyRegion(aws.ToString(meta.Arn)); isARN && keyRegion != region {
		add("is in %s, not in %s", keyRegion, region)
	}
	if meta.KeyState != kmstypes.KeyStateEnabled {
		add("is %s: %s", meta.KeyState, keyRemedy(meta))
	}
	if meta.KeySpec != "" && meta.KeySpec != kmstypes.KeySpecSymmetricDefault {
		add("is %s, and EBS needs a symmetric one (SYMMETRIC_DEFAULT)", meta.KeySpec)
	}
	if meta.KeyUsage != "" && meta.KeyUsage != kmstypes.KeyUsageTypeEncryptDecrypt {
		add("is for %s, and EBS needs one for ENCRYPT_DECRYPT", meta.KeyUsage)
	}
	if shared && meta.KeyManager == kmstypes.KeyManagerTypeAws {
		add("is managed by AWS, and what it encrypts cannot be shared: use a key of your own")
	}
	return errs
}
