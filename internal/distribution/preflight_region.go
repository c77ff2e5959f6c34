package distribution

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// preflightRegion checks what is special to one Region. source is nil where the
// image is not known.
func (e *Engine) preflightRegion(ctx context.Context, plan *Plan, rp RegionPlan, source *sourceImage, f *findings) {
	w := &worker{
		engine: e, plan: plan, region: rp, source: source,
		ec2: e.Clients.EC2(rp.Region), kms: e.Clients.KMS(rp.Region),
		report: func(Event) {}, result: Result{Region: rp.Region},
	}
	err := w.resolveKey(ctx)
	f.add(err)
	becomesCopy := rp.Mode == ModeCopy ||
		rp.Mode == ModeSourceOrCopy && err == nil && source != nil && !source.fits(rp, w.keyARN)
	if becomesCopy && plan.Name != "" {
		_, err := w.lookup(ctx)
		f.add(err)
	}
	if becomesCopy && rp.KMSKeyID == "" && (plan.spec.Share.wanted() || rp.Encrypted) {
		w.preflightDefaultKey(ctx, f)
	}
	if !becomesCopy && source != nil {
		w.preflightSharingSource(ctx, f)
	}
	if plan.spec.Share.public() {
		w.preflightPublic(ctx, f)
	}
}

// preflightDefaultKey finds out whether the copy will be encrypted with the
// Region's default EBS key, which cannot be shared if AWS manages it.
func (w *worker) preflightDefaultKey(ctx context.Context, f *findings) {
	encrypted := w.region.Encrypted || (w.source != nil && w.source.encrypted())
	if !encrypted {
		out, err := w.ec2.GetEbsEncryptionByDefault(ctx, &ec2.GetEbsEncryptionByDefaultInput{})
		if err != nil {
			w.engine.unchecked(f, w.region.Region, "whether EBS encrypts by default", err)
			return
		}
		if encrypted = aws.ToBool(out.EbsEncryptionByDefault); !encrypted {
			return
		}
	}
	if w.plan.spec.Share.public() {
		f.add(w.errorf("the image would be encrypted there, and an encrypted image cannot be public"))
	}
	if w.sameKeyAsSource() {
		w.preflightSharingSource(ctx, f)
		return
	}
	out, err := w.ec2.GetEbsDefaultKmsKeyId(ctx, &ec2.GetEbsDefaultKmsKeyIdInput{})
	if err != nil {
		w.engine.unchecked(f, w.region.Region, "the default EBS key", err)
		return
	}
	_, err = checkKey(ctx, w.kms, w.region.Region, aws.ToString(out.KmsKeyId), w.plan.spec.Share.wanted())
	if err != nil {
		f.add(w.errorf("no key was asked for, so the default EBS key of the Region is used: %w", err))
	}
}

// sameKeyAsSource says that a copy within the Region keeps its source's keys.
func (w *worker) sameKeyAsSource() bool {
	return w.region.Region == w.plan.Source.Region && !w.region.Encrypted
}

// preflightSharingSource checks the keys that the source is encrypted with.
func (w *worker) preflightSharingSource(ctx context.Context, f *findings) {
	if !w.plan.spec.Share.wanted() || w.source == nil {
		return
	}
	if w.plan.spec.Share.public() && w.source.encrypted() {
		f.add(w.errorf("image %s is encrypted and cannot be public", w.plan.Source.ImageID))
	}
	for _, arn := range keyARNs(w.source.snapshots) {
		key, err := describeKey(ctx, w.engine.Clients.KMS(w.plan.Source.Region), arn)
		switch {
		case err != nil:
			w.engine.unchecked(f, w.plan.Source.Region, "key "+arn, err)
		case key.KeyManager == kmstypes.KeyManagerTypeAws:
			f.add(w.errorf("image %s is encrypted with %s, which AWS manages, and cannot be shared: encrypt it with a key of your own",
				w.plan.Source.ImageID, arn))
		}
	}
}

// preflightPublic checks what forbids making an image public. The block is the
// account's protection: it is reported and never turned off from here.
func (w *worker) preflightPublic(ctx context.Context, f *findings) {
	if w.source != nil && slices.ContainsFunc(w.source.image.ProductCodes, func(c types.ProductCode) bool {
		return c.ProductCodeType == types.ProductCodeValuesMarketplace
	}) {
		f.add(w.errorf("an image with an AWS Marketplace product code cannot be public"))
	}
	if !slices.Contains(w.plan.spec.Share.Groups, groupAll) {
		return
	}
	out, err := w.ec2.GetImageBlockPublicAccessState(ctx, &ec2.GetImageBlockPublicAccessStateInput{})
	if err != nil {
		w.engine.unchecked(f, w.region.Region, "the block of public images", err)
		return
	}
	if aws.ToString(out.ImageBlockPublicAccessState) == string(types.ImageBlockPublicAccessEnabledStateBlockNewSharing) {
		f.add(w.errorf("%w", errPublicBlocked))
	}
}

var errPublicBlocked = errors.New("block public access for AMIs is enabled for this account (block-new-sharing), so the image cannot be made public: share it with accounts, or have the block lifted (ec2:DisableImageBlockPublicAccess)")
