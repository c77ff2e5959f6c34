package distribution_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
)

func TestAdoption(t *testing.T) {
	t.Parallel()
	spec := distribution.Spec{Targets: []distribution.Target{{Region: eu}}}
	copyOf := func(src distribution.Source) func(*types.Image) {
		return func(i *types.Image) {
			i.SourceImageId, i.SourceImageRegion = aws.String(src.ImageID), aws.String(src.Region)
		}
	}
	t.Run("pending copy of a killed run", func(t *testing.T) {
		inBubble(t, func(r *rig) {
			source := r.plainSource()
			ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
			defer cancel()
			first, err := r.engine.Execute(ctx, source, spec, nil)
			wantError(t, err, eu)
			again := r.done(source, spec)
			if again[eu].ImageID != byRegion(first)[eu].ImageID || !again[eu].Adopted {
				t.Errorf("made another copy: %+v", again[eu])
			}
		})
	})
	t.Run("without tags, by EC2's own record; the tags are completed", func(t *testing.T) {
		inBubble(t, func(r *rig) {
			source := r.plainSource()
			id := r.cloud.AddImage(eu, "plain", "", copyOf(source))
			res := r.done(source, distribution.Spec{Targets: spec.Targets, Tags: map[string]string{"a": "b"}})
			tags := tagMap(r.cloud.Images(eu)[id].Tags)
			if res[eu].ImageID != id || tags["a"] != "b" || tags["goldenami:copied-from"] != source.String() {
				t.Errorf("%+v, tags %v", res[eu], tags)
			}
		})
	})
	t.Run("named by the caller", func(t *testing.T) {
		inBubble(t, func(r *rig) {
			source := r.plainSource()
			id := r.cloud.AddImage(eu, "plain", "", nil)
			res := r.done(source, distribution.Spec{Targets: spec.Targets, Existing: map[string]string{eu: id}})
			if res[eu].ImageID != id {
				t.Errorf("%+v", res[eu])
			}
		})
	})
	t.Run("the oldest of twins", func(t *testing.T) {
		inBubble(t, func(r *rig) {
			source := r.plainSource()
			id := r.cloud.AddImage(eu, "plain", "", copyOf(source))
			r.cloud.AddImage(eu, "plain", "", copyOf(source))
			if res := r.done(source, spec); res[eu].ImageID != id {
				t.Errorf("%+v", res[eu])
			}
		})
	})
	for name, c := range map[string]struct {
		change func(*types.Image)
		says   []string
	}{
		"foreign image of the name": {func(*types.Image) {}, []string{"is taken by ami-", "choose another name"}},
		"other source":              {copyOf(distribution.Source{Region: home, ImageID: "ami-0badbadbad"}), []string{"is taken by"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				source := r.plainSource()
				r.cloud.AddImage(eu, "plain", "", c.change)
				_, err := r.execute(source, spec)
				wantError(t, err, append(c.says, eu)...)
				if got := r.writes(eu); len(got) != 0 {
					t.Errorf("writes: %v", got)
				}
			})
		})
	}
	t.Run("a withdrawn or disabled copy is not handed on", func(t *testing.T) {
		inBubble(t, func(r *rig) {
			source := r.plainSource()
			id := r.cloud.AddImage(eu, "plain", "", copyOf(source))
			r.cloud.EditImage(eu, id, func(i *types.Image) { i.State = types.ImageStateDisabled })
			_, err := r.execute(source, spec)
			wantError(t, err, id, "disabled")
			r.cloud.EditImage(eu, id, func(i *types.Image) {
				i.State = types.ImageStateAvailable
				i.Tags = ami.EC2Tags(ami.Meta{Family: "f", Tier: ami.Full, State: ami.Revoked, Version: ami.NewVersion(time.Now()), BuiltAt: time.Now()}.Tags())
			})
			_, err = r.execute(source, spec)
			wantError(t, err, id, "revoked")
		})
	})
	t.Run("the wrong key", func(t *testing.T) {
		inBubble(t, func(r *rig) {
			source := r.plainSource()
			wrong, right := r.cloud.AddKey(eu, "alias/wrong", nil), r.cloud.AddKey(eu, "alias/right", nil)
			id := r.cloud.AddImage(eu, "plain", wrong, copyOf(source))
			_, err := r.execute(source, distribution.Spec{
				Targets: []distribution.Target{{Region: eu, KMSKeyID: "alias/right"}}, Share: distribution.Share{Accounts: []string{other}},
			})
			wantError(t, err, id, wrong, right, "existed before this run")
			if got := r.writes(eu); len(got) != 0 {
				t.Errorf("an image that is not right was changed: %v", got)
			}
		})
	})
}

func TestTokenThatBringsBackADeregisteredImage(t *testing.T) {
	inBubble(t, func(r *rig) {
		source := r.plainSource()
		spec := distribution.Spec{Targets: []distribution.Target{{Region: eu}}, RunID: "same"}
		first := r.done(source, spec)
		r.cloud.Deregister(eu, first[eu].ImageID)
		second := r.done(source, spec)
		if second[eu].ImageID == first[eu].ImageID {
			t.Errorf("%+v", second[eu])
		}
	})
}
