package pointer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// imageType is the data type by which SSM checks that a value is an image which the
// account can use, and by which launch templates can refer to a parameter.
const imageType = "aws:ec2:image"

// settleTimeout is how long SSM may take to accept an image. It checks after it has
// answered, usually within seconds, and tells nobody when it refuses.
const settleTimeout = 2 * time.Minute

// Parameter is an SSM parameter that is to hold an image's id.
type Parameter struct {
	Name        string
	Description string
	// Tags are put on the parameter when it is made.
	Tags map[string]string
}

// Value is what a parameter holds.
type Value struct {
	Text string
	// Image tells that SSM knows it for an image.
	Image bool
}

// Read gives what a parameter holds; nil if it does not exist. One that is no plain
// text is an error: an image's id does not go there.
func Read(ctx context.Context, api SSM, name string) (*Value, error) {
	out, err := api.GetParameter(ctx, &ssm.GetParameterInput{Name: &name})
	switch {
	case cloud.IsNotFound(err):
		return nil, nil //nolint:nilnil // none is an answer
	case err != nil:
		return nil, fmt.Errorf("read parameter %s: %w", name, err)
	case out.Parameter.Type != types.ParameterTypeString:
		return nil, fmt.Errorf("parameter %s is a %s: an image's id goes into a String; choose another name, or delete it", name, out.Parameter.Type)
	}
	return &Value{Text: aws.ToString(out.Parameter.Value), Image: aws.ToString(out.Parameter.DataType) == imageType}, nil
}

// Write has the parameter hold an image's id, and returns when it does. A parameter
// that exists is overwritten and keeps its tags.
func (p *Parameter) Write(ctx context.Context, api SSM, exists bool, image string) error {
	in := &ssm.PutParameterInput{
		Name: &p.Name, Value: &image, Type: types.ParameterTypeString, DataType: aws.String(imageType), Description: optional(p.Description),
	}
	if exists {
		in.Overwrite = aws.Bool(true)
	} else { // SSM takes tags with a new parameter only
		for _, key := range slices.Sorted(maps.Keys(p.Tags)) {
			in.Tags = append(in.Tags, types.Tag{Key: aws.String(key), Value: aws.String(p.Tags[key])})
		}
	}
	_, err := api.PutParameter(ctx, in)
	if !exists && cloud.IsDuplicate(err) { // another build was quicker
		in.Overwrite, in.Tags = aws.Bool(true), nil
		_, err = api.PutParameter(ctx, in)
	}
	if err != nil {
		return fmt.Errorf("write %s to parameter %s: %w", image, p.Name, err)
	}
	return p.settled(ctx, api, image)
}

// settled waits until the parameter holds the image.
func (p *Parameter) settled(ctx context.Context, api SSM, image string) error {
	deadline := time.Now().Add(settleTimeout)
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		value, err := Read(ctx, api, p.Name)
		if err != nil {
			return err
		}
		if value != nil && value.Text == image {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("parameter %s: SSM did not take %s within %s; it refuses an image that the account cannot use", p.Name, image, settleTimeout)
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
}
