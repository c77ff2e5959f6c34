package ebs

import (
	"context"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// TestNoGoodImageOnABadOne: the parent is disowned while the child is built on it.
func TestNoGoodImageOnABadOne(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	parent, child := r.prepared(r.tier("os-only", nil)), r.prepared(r.tier("hybrid", nil))
	a, err := parent.Run(t.Context(), r.ui(), r.hook)
	if err != nil {
		t.Fatal(err)
	}
	_, err = child.Run(t.Context(), r.ui(), hookFunc(func(context.Context) error {
		if err := a.Destroy(); err == nil {
			t.Error("the parent was destroyed under its child")
		}
		return nil
	}))
	if err == nil || !strings.Contains(err.Error(), "taken back") {
		t.Errorf("the child ended with %v", err)
	}
	if meta, _ := ami.Parse(r.image(region, a.(*Artifact).Images[region]).Tags); meta.State != ami.Bad {
		t.Errorf("the parent is %s", meta.State)
	}
}

// TestAParentThatIsNotPreparedFailsItsChild: the options of the parent are wrong, so
// Packer drops it; an older image is not what the user asked for.
func TestAParentThatIsNotPreparedFailsItsChild(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.build(r.tier("os-only", nil))
	parent := &Builder{}
	if _, _, err := parent.Prepare(r.tier("os-only", fields{"shelf_life": "soon"})); err == nil {
		t.Fatal("the parent was prepared")
	}
	child := r.prepared(r.tier("hybrid", nil))
	launched := r.count("RunInstances")
	_, err := child.Run(t.Context(), r.ui(), r.hook)
	if err == nil || !strings.Contains(err.Error(), "shelf_life") || r.count("RunInstances") != launched {
		t.Errorf("the child ended with %v", err)
	}
}
