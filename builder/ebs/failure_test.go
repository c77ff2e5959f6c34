package ebs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

// hookFunc is a provisioner that a test writes.
type hookFunc func(ctx context.Context) error

func (h hookFunc) Run(ctx context.Context, name string, _ packersdk.Ui, _ packersdk.Communicator, _ any) error {
	if name != packersdk.HookProvision {
		return nil
	}
	return h(ctx)
}

// clean fails the test if anything of the build is left in the Regions.
func (r *rig) clean(regions ...string) {
	r.t.Helper()
	for _, where := range append(regions, region) {
		if left := append(r.leftovers(where), r.images(where)...); len(left) > 0 {
			r.t.Errorf("%s: left behind: %v\n%s", where, left, r.output)
		}
	}
}

func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	t.Run("when a provisioner fails", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		r.hook = hookFunc(func(context.Context) error { return errors.New("exit code 7") })
		_, err := r.run(t.Context(), r.with(fields{"communicator": "none"}))
		if err == nil || !strings.Contains(err.Error(), "exit code 7") {
			t.Errorf("error %v", err)
		}
		r.clean()
	})
	t.Run("when the build is cancelled", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		ctx, cancel := context.WithCancel(t.Context())
		r.hook = hookFunc(func(ctx context.Context) error {
			cancel()
			<-ctx.Done()
			return ctx.Err()
		})
		began := time.Now()
		if _, err := r.run(ctx, r.with(nil)); err == nil {
			t.Error("a cancelled build ended well")
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %s to end", took)
		}
		r.clean()
	})
	t.Run("when one Region of two cannot be served", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		r.hook = r.takeName("us-east-1")
		_, err := r.run(t.Context(), r.with(fields{"ami_regions": []string{"us-east-1", "eu-central-1"}}))
		if err == nil || !strings.Contains(err.Error(), "us-east-1") {
			t.Errorf("error %v", err)
		}
		r.clean("eu-central-1")
	})
	t.Run("when a Spot instance cannot be launched", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		_, err := r.run(t.Context(), r.with(fields{"spot_price": "auto", "iam_instance_profile": "missing", "max_retries": 1}))
		if err == nil {
			t.Error("a profile that does not exist was accepted")
		}
		r.clean()
	})
}

// takeName is a provisioner while which somebody else takes the image's name.
func (r *rig) takeName(where string) packersdk.Hook {
	return hookFunc(func(ctx context.Context) error {
		source, err := r.EC2(sandboxtest.Home, where).DescribeImages(ctx, &ec2.DescribeImagesInput{Owners: []string{"137112412989"}})
		if err != nil {
			return err
		}
		_, err = r.EC2(sandboxtest.Home, where).CopyImage(ctx, &ec2.CopyImageInput{
			Name: aws.String("app-1"), SourceImageId: source.Images[0].ImageId, SourceRegion: &where,
		})
		return err
	})
}

func TestOnFailureKeepImages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.hook = r.takeName("us-east-1")
	options := r.with(fields{"ami_regions": []string{"us-east-1", "eu-central-1"}, "on_failure": "keep-images"})
	if _, err := r.run(t.Context(), options); err == nil {
		t.Fatal("the build ended well")
	}
	if len(r.images(region)) == 0 || len(r.images("eu-central-1")) == 0 {
		t.Error("images were removed")
	}
	if left := r.leftovers(region); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestAbortLeavesAndLists(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.hook = hookFunc(func(context.Context) error { return errors.New("exit code 7") })
	_, err := r.run(t.Context(), r.with(fields{"packer_on_error": "abort"}))
	var left *leftoverError
	if !errors.As(err, &left) {
		t.Fatalf("error %v", err)
	}
	things := r.leftovers(region)
	if len(things) < 2 {
		t.Errorf("only %v is left, although nothing was to be removed", things)
	}
	for _, thing := range things {
		if id, _, _ := strings.Cut(thing, " "); strings.HasPrefix(id, "i-") && !strings.Contains(err.Error(), id) {
			t.Errorf("%s is there and is not listed: %v", thing, err)
		}
	}
	if _, statErr := os.Stat(left.path); statErr != nil || filepath.Ext(left.path) == "" {
		t.Errorf("the ledger is not kept: %v", statErr)
	}
}

func TestAFailedParentEndsItsChild(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	parent, child := r.prepared(r.tier("os-only", nil)), r.prepared(r.tier("hybrid", nil))
	failing := hookFunc(func(context.Context) error { return errors.New("exit code 7") })
	if _, err := parent.Run(t.Context(), r.ui(), failing); err == nil {
		t.Fatal("the parent ended well")
	}
	_, err := child.Run(t.Context(), r.ui(), r.hook)
	if err == nil || !strings.Contains(err.Error(), "exit code 7") {
		t.Errorf("error %v", err)
	}
	r.clean()
}
