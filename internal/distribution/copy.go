package distribution

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/wait"
)

// maxGenerations bounds the tokens tried when EC2 says that one was used before.
const maxGenerations = 5

// copy asks EC2 for a copy and waits for it. A token can bring back an image that
// was deregistered since; such an image counts as dead, and EC2 is asked once more.
func (w *worker) copy(ctx context.Context, dead []string) (types.Image, error) {
	image, err := w.copyOnce(ctx, dead)
	if err == nil || !gone(err) {
		return image, err
	}
	return w.copyOnce(ctx, dead)
}

func (w *worker) copyOnce(ctx context.Context, dead []string) (types.Image, error) {
	id, err := w.request(ctx, append(slices.Clone(dead), w.engine.deadIn(w.region.Region)...))
	if err != nil {
		return types.Image{}, err
	}
	w.result.ImageID = id
	w.event(Event{Kind: EventCopying, Detail: fmt.Sprintf("from %s in %s%s", w.plan.Source.ImageID, w.plan.Source.Region, w.region.encryption())})
	return w.await(ctx, id)
}

// request starts the copy and gives its id.
func (w *worker) request(ctx context.Context, dead []string) (string, error) {
	in := w.copyInput()
	what := fmt.Sprintf("copy %s from %s", w.plan.Source.ImageID, w.plan.Source.Region)
	for generation := 0; ; generation++ {
		in.ClientToken = aws.String(clientToken(in, w.region.Region, w.plan.spec.RunID, dead, generation))
		var out *ec2.CopyImageOutput
		err := w.callSurviving(ctx, what, func(ctx context.Context) (err error) {
			out, err = w.ec2.CopyImage(ctx, in)
			return err
		})
		switch {
		case err == nil && aws.ToString(out.ImageId) == "":
			return "", w.errorf("%s: EC2 gave no image id", what)
		case err == nil:
			return aws.ToString(out.ImageId), nil
		case classify(err) != classMismatch || generation+1 >= maxGenerations:
			return "", err
		}
	}
}

// gone says that the image that was waited for does not exist any more.
func gone(err error) bool {
	var failed *wait.FailedError
	var hidden *wait.NotVisibleError
	return errors.As(err, &hidden) ||
		errors.As(err, &failed) && failed.State == string(types.ImageStateDeregistered)
}

// callSurviving is call for something that is created: once sent, the request is
// heard out even if ctx is cancelled, so that what EC2 made has a known id.
func (w *worker) callSurviving(ctx context.Context, what string, do func(context.Context) error) error {
	return w.call(ctx, what, func(ctx context.Context) error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		longer, cancel := surviving(ctx)
		defer cancel()
		return do(longer)
	})
}

// copyInput leaves Encrypted and KmsKeyId nil unless encryption was asked for:
// EC2 takes an empty key for a key.
func (w *worker) copyInput() *ec2.CopyImageInput {
	in := &ec2.CopyImageInput{
		Name:          aws.String(w.plan.Name),
		SourceImageId: aws.String(w.plan.Source.ImageID),
		SourceRegion:  aws.String(w.plan.Source.Region),
		TagSpecifications: []types.TagSpecification{
			{ResourceType: types.ResourceTypeImage, Tags: ami.EC2Tags(w.plan.copyTags(w.source))},
			{ResourceType: types.ResourceTypeSnapshot, Tags: ami.EC2Tags(w.plan.snapshotTags(w.source))},
		},
	}
	if d := w.plan.description(w.source); d != "" {
		in.Description = aws.String(d)
	}
	if w.region.Encrypted {
		in.Encrypted = aws.Bool(true)
	}
	if w.keyARN != "" {
		in.KmsKeyId = aws.String(w.keyARN)
	}
	if w.region.Minutes > 0 {
		in.SnapshotCopyCompletionDurationMinutes = aws.Int64(int64(w.region.Minutes))
	}
	return in
}

// clientToken is the same for the same request of the same run, and another for
// anything else: EC2 then answers a repeated request with the first one's image,
// and never with one that died. 52 characters; EC2 takes 64.
func clientToken(in *ec2.CopyImageInput, region, run string, dead []string, generation int) string {
	data, err := json.Marshal(struct {
		Schema     int
		Input      ec2.CopyImageInput
		Region     string
		Run        string
		Dead       []string
		Generation int
	}{1, withoutToken(*in), region, run, dead, generation})
	if err != nil { // strings, numbers and booleans alone cannot fail
		panic(err)
	}
	sum := sha256.Sum256(data)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))
}

func withoutToken(in ec2.CopyImageInput) ec2.CopyImageInput {
	in.ClientToken = nil
	return in
}

// Progress is told when it moved this far, or moved at all in this time.
const (
	progressStep  = 25
	progressPause = 30 * time.Second
)

// await waits until the image can be used and its snapshots are known.
func (w *worker) await(ctx context.Context, id string) (types.Image, error) {
	told, toldAt := 0, time.Now()
	image, err := w.engine.Poller.Image(ctx, w.region.Region, id, wait.ImageOptions{
		Deadline: w.plan.timeout(),
		Progress: func(percent int, _ time.Duration) {
			if percent >= told+progressStep || percent > told && time.Since(toldAt) >= progressPause {
				told, toldAt = percent, time.Now()
				w.event(Event{Kind: EventProgress, Percent: percent})
			}
		},
	})
	if err != nil {
		return types.Image{}, w.diagnose(ctx, err)
	}
	w.event(Event{Kind: EventAvailable})
	return image, nil
}
