package distribution

import (
	"context"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// copyTags are the tags that a copy is created with: what the source's owner
// wrote on it, what was asked for, what the image is, and where it comes from.
func (p *Plan) copyTags(source *sourceImage) map[string]string {
	tags := maps.Clone(source.tags)
	maps.Copy(tags, p.spec.Tags)
	maps.Copy(tags, source.seal)
	maps.Copy(tags, p.metaTags(ami.Building))
	tags[ami.TagCopiedFrom] = p.Source.String()
	return tags
}

// snapshotTags are the tags that the snapshots of a copy are created with.
func (p *Plan) snapshotTags(source *sourceImage) map[string]string {
	tags := maps.Clone(p.spec.SnapshotTags)
	if tags == nil {
		tags = make(map[string]string)
	}
	if _, named := tags["Name"]; !named && source.name != "" {
		tags["Name"] = source.name
	}
	maps.Copy(tags, source.seal)
	maps.Copy(tags, p.metaTags(ami.Building))
	tags[ami.TagCopiedFrom] = p.Source.String()
	return tags
}

// metaTags tell what the image is; with the empty state, all but its state.
func (p *Plan) metaTags(state ami.State) map[string]string {
	if p.spec.Meta == nil {
		return nil
	}
	meta := p.spec.Meta.ForCopy()
	meta.State = state
	return meta.Tags()
}

// completeTags adds what is missing or different; it never takes a tag away, and
// leaves the state to markGood.
func (w *worker) completeTags(ctx context.Context, image types.Image, snapshots []types.Snapshot) error {
	want, wantSnapshot := maps.Clone(w.plan.spec.Tags), maps.Clone(w.plan.spec.SnapshotTags)
	if !w.isSource() {
		want, wantSnapshot = w.plan.copyTags(w.source), w.plan.snapshotTags(w.source)
		if sameVersion(image, w.plan.spec.Meta) && !copiedFrom(image, w.plan.Source) {
			// A sibling of the source: what it was copied from stays written on it.
			delete(want, ami.TagCopiedFrom)
			delete(wantSnapshot, ami.TagCopiedFrom)
		}
	}
	for _, tags := range []*map[string]string{&want, &wantSnapshot} {
		if *tags == nil {
			*tags = make(map[string]string)
		}
		for key := range w.plan.metaTags(ami.Building) {
			delete(*tags, key)
		}
		maps.Copy(*tags, w.plan.metaTags(""))
	}
	changed := 0
	n, err := w.addTags(ctx, missingTags(image.Tags, want), w.result.ImageID)
	if err != nil {
		return err
	}
	changed += n
	for _, s := range snapshots {
		n, err := w.addTags(ctx, missingTags(s.Tags, wantSnapshot), aws.ToString(s.SnapshotId))
		if err != nil {
			return err
		}
		changed += n
	}
	if changed > 0 {
		w.event(Event{Kind: EventTagged, Detail: fmt.Sprintf("%d tags added", changed)})
	}
	return nil
}

func (w *worker) addTags(ctx context.Context, tags map[string]string, id string) (int, error) {
	if len(tags) == 0 {
		return 0, nil
	}
	err := w.call(ctx, "tag "+id, func(ctx context.Context) error {
		_, err := w.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: ami.EC2Tags(tags)})
		return err
	})
	return len(tags), err
}

// markGood writes the state that look-ups trust. It comes when everything else
// is true, and only on images that say what they are.
func (w *worker) markGood(ctx context.Context, image types.Image, snapshots []types.Snapshot) error {
	if w.plan.spec.Meta == nil {
		return nil
	}
	if meta, ok := ami.Parse(image.Tags); ok {
		if meta.State == ami.Good {
			return nil
		}
		if err := ami.CheckChange(meta.State, ami.Good); err != nil {
			return w.errorf("mark as good: %w", err)
		}
	}
	ids := []string{w.result.ImageID}
	for _, s := range snapshots {
		ids = append(ids, aws.ToString(s.SnapshotId))
	}
	return w.call(ctx, "mark as good", func(ctx context.Context) error {
		return ami.SetState(ctx, w.ec2, ami.Good, ids...)
	})
}

// keep announces the finished image.
func (w *worker) keep(ctx context.Context, _ types.Image, _ []types.Snapshot) error {
	if w.engine.Keep == nil {
		return nil
	}
	ids := append([]string{w.result.ImageID}, w.result.SnapshotIDs...)
	if err := w.engine.Keep(ctx, ids...); err != nil {
		return w.errorf("record as finished: %w", err)
	}
	return nil
}

func (w *worker) isSource() bool {
	return w.region.Region == w.plan.Source.Region && w.result.ImageID == w.plan.Source.ImageID
}

// missingTags are those of want that have lacks or has with another value.
func missingTags(have []types.Tag, want map[string]string) map[string]string {
	missing := maps.Clone(want)
	for _, t := range have {
		if value, ok := missing[aws.ToString(t.Key)]; ok && value == aws.ToString(t.Value) {
			delete(missing, aws.ToString(t.Key))
		}
	}
	return missing
}
