package distribution

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// description is that of every image: the one asked for, or the source's.
func (p *Plan) description(source *sourceImage) string {
	if p.spec.Description != "" {
		return p.spec.Description
	}
	return aws.ToString(source.image.Description)
}

// modify sets what EC2 calls attributes, one per call, as it demands.
func (w *worker) modify(ctx context.Context, image types.Image, _ []types.Snapshot) error {
	id := aws.String(w.result.ImageID)
	if want := w.plan.description(w.source); want != aws.ToString(image.Description) {
		err := w.modifyImage(ctx, fmt.Sprintf("description %q", want), &ec2.ModifyImageAttributeInput{
			ImageId: id, Description: &types.AttributeValue{Value: aws.String(want)},
		})
		if err != nil {
			return err
		}
	}
	if w.plan.spec.IMDSv2 && image.ImdsSupport != types.ImdsSupportValuesV20 {
		err := w.modifyImage(ctx, "IMDSv2 required", &ec2.ModifyImageAttributeInput{
			ImageId: id, ImdsSupport: &types.AttributeValue{Value: aws.String(string(types.ImdsSupportValuesV20))},
		})
		if err != nil {
			return err
		}
	}
	have := make([]string, 0, len(image.ProductCodes))
	for _, c := range image.ProductCodes {
		have = append(have, aws.ToString(c.ProductCodeId))
	}
	if missing := without(distinct(w.plan.spec.ProductCodes), have); len(missing) > 0 {
		return w.modifyImage(ctx, "product codes "+strings.Join(missing, ", "), &ec2.ModifyImageAttributeInput{
			ImageId: id, ProductCodes: missing,
		})
	}
	return nil
}

func (w *worker) modifyImage(ctx context.Context, what string, in *ec2.ModifyImageAttributeInput) error {
	err := w.call(ctx, "set "+what, func(ctx context.Context) error {
		_, err := w.ec2.ModifyImageAttribute(ctx, in)
		return err
	})
	if err == nil {
		w.event(Event{Kind: EventModified, Detail: what})
	}
	return err
}

// fastLaunch turns EC2 Fast Launch on where it is not on yet. EC2 then makes
// its snapshots by itself; that they are not there yet fails nothing.
func (w *worker) fastLaunch(ctx context.Context, _ types.Image, _ []types.Snapshot) error {
	f, ok := w.plan.spec.FastLaunch[w.region.Region]
	if !ok {
		return nil
	}
	var out *ec2.DescribeFastLaunchImagesOutput
	err := w.call(ctx, "read fast launch", func(ctx context.Context) (err error) {
		out, err = w.ec2.DescribeFastLaunchImages(ctx, &ec2.DescribeFastLaunchImagesInput{ImageIds: []string{w.result.ImageID}})
		return err
	})
	if err != nil {
		return err
	}
	on := slices.ContainsFunc(out.FastLaunchImages, func(i types.DescribeFastLaunchImagesSuccessItem) bool {
		return aws.ToString(i.ImageId) == w.result.ImageID &&
			(i.State == types.FastLaunchStateCodeEnabled || i.State == types.FastLaunchStateCodeEnabling)
	})
	if on {
		return nil
	}
	err = w.call(ctx, "turn fast launch on", func(ctx context.Context) error {
		_, err := w.ec2.EnableFastLaunch(ctx, f.input(w.result.ImageID))
		return err
	})
	if err == nil {
		w.event(Event{Kind: EventFastLaunch})
	}
	return err
}

func (f FastLaunch) input(image string) *ec2.EnableFastLaunchInput {
	in := &ec2.EnableFastLaunchInput{ImageId: aws.String(image), ResourceType: aws.String(string(types.FastLaunchResourceTypeSnapshot))}
	if f.MaxParallelLaunches > 0 {
		in.MaxParallelLaunches = aws.Int32(int32(min(f.MaxParallelLaunches, 1<<20)))
	}
	if f.TargetResourceCount > 0 {
		in.SnapshotConfiguration = &types.FastLaunchSnapshotConfigurationRequest{
			TargetResourceCount: aws.Int32(int32(min(f.TargetResourceCount, 1<<20))),
		}
	}
	if f.TemplateID == "" && f.TemplateName == "" {
		return in
	}
	in.LaunchTemplate = &types.FastLaunchLaunchTemplateSpecificationRequest{Version: aws.String("$Latest")}
	if f.TemplateVersion != "" {
		in.LaunchTemplate.Version = aws.String(f.TemplateVersion)
	}
	if f.TemplateID != "" {
		in.LaunchTemplate.LaunchTemplateId = aws.String(f.TemplateID)
	} else {
		in.LaunchTemplate.LaunchTemplateName = aws.String(f.TemplateName)
	}
	return in
}

// deprecate sets the date, unless it is the one already set. EC2 keeps minutes.
func (w *worker) deprecate(ctx context.Context, image types.Image, _ []types.Snapshot) error {
	if w.plan.spec.DeprecateAt.IsZero() {
		return nil
	}
	want := w.plan.spec.DeprecateAt.UTC().Round(time.Minute)
	have, err := time.Parse(time.RFC3339, aws.ToString(image.DeprecationTime))
	if err == nil && have.Round(time.Minute).Equal(want) {
		return nil
	}
	err = w.call(ctx, "deprecate at "+want.Format(time.RFC3339), func(ctx context.Context) error {
		_, err := w.ec2.EnableImageDeprecation(ctx, &ec2.EnableImageDeprecationInput{
			ImageId: aws.String(w.result.ImageID), DeprecateAt: aws.Time(want),
		})
		return err
	})
	if err == nil {
		w.event(Event{Kind: EventDeprecated, Detail: "at " + want.Format(time.RFC3339)})
	}
	return err
}

// protect comes after everything that can fail and that a roll-back would undo:
// a protected image cannot be deregistered.
func (w *worker) protect(ctx context.Context, image types.Image, _ []types.Snapshot) error {
	p := w.plan.spec.Protect
	if p == nil || p.isOn(aws.ToString(image.DeregistrationProtection)) {
		return nil
	}
	err := w.call(ctx, "protect against deregistration", func(ctx context.Context) error {
		_, err := w.ec2.EnableImageDeregistrationProtection(ctx, &ec2.EnableImageDeregistrationProtectionInput{
			ImageId: aws.String(w.result.ImageID), WithCooldown: aws.Bool(p.Cooldown),
		})
		return err
	})
	if err == nil {
		w.event(Event{Kind: EventProtected, Detail: strings.TrimPrefix(p.cooldownForPeople(), ", ")})
	}
	return err
}

// isOn reads what DescribeImages says: enabled, enabled-with-cooldown,
// enabled-without-cooldown or disabled.
func (p *Protection) isOn(state string) bool {
	return strings.HasPrefix(state, "enabled") && (!p.Cooldown || !strings.HasSuffix(state, "without-cooldown"))
}
