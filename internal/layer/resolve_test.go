package layer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// shelf is a Region's images by key; it fails on a key nobody put there.
type shelf struct {
	t    *testing.T
	good map[Key]*ami.Image // nil: none
	old  map[Key]*ami.Image
	fail error
}

func (s *shelf) Newest(_ context.Context, k Key, includeExpired bool) (ami.Image, bool, error) {
	if s.fail != nil {
		return ami.Image{}, false, s.fail
	}
	image, known := s.good[k]
	if !known {
		s.t.Errorf("looked up %s", k)
	}
	if image == nil && includeExpired {
		image = s.old[k]
	}
	if image == nil {
		return ami.Image{}, false, nil
	}
	return *image, true, nil
}

func source(id string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return id, nil }
}

func refuse(t *testing.T) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		t.Error("the source image was asked for in vain")
		return "", nil
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	os := key("os-only")
	image := &ami.Image{ID: "ami-e", Meta: ami.Meta{Version: "V1", Root: "ami-r", ExpiresAt: now}}
	for name, c := range map[string]struct {
		shelf *shelf
		req   Request
		want  Base
		err   string
	}{
		"lowest tier":       {&shelf{}, Request{Source: source("ami-s")}, Base{ImageID: "ami-s", Root: "ami-s"}, ""},
		"no source":         {&shelf{}, Request{}, Base{}, "set source_ami"},
		"newest good":       {&shelf{good: map[Key]*ami.Image{os: image}}, Request{Parent: os, Source: refuse(t)}, Base{ImageID: "ami-e", Version: "V1", Root: "ami-r", ExpiresAt: now, Tier: ami.OSOnly}, ""},
		"late architecture": {&shelf{good: map[Key]*ami.Image{os: image}}, Request{Parent: Key{Family: "web", Tier: ami.OSOnly, Region: "eu-west-1"}, Architecture: "x86_64"}, Base{ImageID: "ami-e", Version: "V1", Root: "ami-r", ExpiresAt: now, Tier: ami.OSOnly}, ""},
		"missing":           {&shelf{good: map[Key]*ami.Image{os: nil}}, Request{Parent: os, Source: refuse(t)}, Base{}, `no good image of web/os-only (x86_64, eu-west-1) exists and no build of this run makes it: build tier os-only first or in the same run, or set parent { on_missing = "build" }`},
		"expired":           {&shelf{good: map[Key]*ami.Image{os: nil}, old: map[Key]*ami.Image{os: image}}, Request{Parent: os}, Base{}, "(ami-e expired on 2026-11-20)"},
		"missing, build":    {&shelf{good: map[Key]*ami.Image{os: nil}}, Request{Parent: os, OnMissing: MissingBuild, Source: source("ami-s")}, Base{ImageID: "ami-s", Root: "ami-s"}, ""},
		"look-up fails":     {&shelf{fail: errors.New("no access")}, Request{Parent: os, OnMissing: MissingBuild, Source: refuse(t)}, Base{}, "no access"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.shelf.t = t
			got, err := (&Resolver{Lookup: c.shelf}).Resolve(t.Context(), c.req)
			if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// TestResolveInRun: a parent of this run is used by id and never looked up; if
// it fails, an older image does not take its place.
func TestResolveInRun(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	parent := joinHere(t, temp, member("os-only", ""))
	child := joinHere(t, temp, member("hybrid", "os-only"))
	r := &Resolver{Run: child, Lookup: &shelf{t: t}}
	if err := parent.Publish(Result{Status: Reused, ImageID: "ami-1", Version: "V7", Root: "ami-r", ExpiresAt: now}); err != nil {
		t.Fatal(err)
	}
	got, err := r.Resolve(t.Context(), Request{Parent: key("os-only"), Source: refuse(t)})
	if want := (Base{ImageID: "ami-1", Version: "V7", Root: "ami-r", ExpiresAt: now, Tier: ami.OSOnly, InRun: true}); err != nil || got != want || got.Identity() != "V7" {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := parent.Publish(Result{Status: Failed, Reason: "no capacity"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Resolve(t.Context(), Request{Parent: key("os-only"), OnMissing: MissingBuild, Source: refuse(t)}); err == nil || !strings.Contains(err.Error(), "no capacity") {
		t.Errorf("got %v", err)
	}
}

// TestHCPDroppedParentIsLookedUp cannot be parallel: HCP speaks by environment.
func TestHCPDroppedParentIsLookedUp(t *testing.T) {
	temp := t.TempDir()
	joinHere(t, temp, member("os-only", ""))
	child, _, err := Join(member("hybrid", "os-only"), WithTempDir(temp), WithRunID("run"), WithGrace(0))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Close() }()
	image := &ami.Image{ID: "ami-e", Meta: ami.Meta{Version: "V1"}}
	r := &Resolver{Run: child, Lookup: &shelf{t: t, good: map[Key]*ami.Image{key("os-only"): image}}}
	if _, err := r.Resolve(t.Context(), Request{Parent: key("os-only")}); err == nil || !strings.Contains(err.Error(), "dropped") {
		t.Errorf("without HCP: %v", err)
	}
	t.Setenv("HCP_PACKER_BUILD_FINGERPRINT", "x")
	if got, err := r.Resolve(t.Context(), Request{Parent: key("os-only")}); err != nil || got.ImageID != "ami-e" {
		t.Errorf("with HCP: %+v, %v", got, err)
	}
}

func TestParseOnMissing(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]OnMissing{"": MissingError, "error": MissingError, "build": MissingBuild} {
		if got, err := ParseOnMissing(text); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if _, err := ParseOnMissing("skip"); err == nil || !strings.Contains(err.Error(), "use error or build") {
		t.Errorf("got %v", err)
	}
}

// someImages is an EC2 of good os-only images by version, with the time they expire at.
type someImages map[int]time.Time

func (s someImages) DescribeImages(context.Context, *ec2.DescribeImagesInput, ...func(*ec2.Options)) (*ec2.DescribeImagesOutput, error) {
	out := &ec2.DescribeImagesOutput{}
	for version, expires := range s {
		meta := ami.Meta{
			Family: "web", Tier: ami.OSOnly, State: ami.Good, Version: ami.NewVersion(now.Add(time.Duration(version) * time.Minute)),
			BuiltAt: now, ExpiresAt: expires,
		}
		out.Images = append(out.Images, types.Image{
			ImageId: aws.String(fmt.Sprintf("ami-%d", version)), State: types.ImageStateAvailable, RootDeviceType: types.DeviceTypeEbs,
			Architecture: types.ArchitectureValuesX8664, Tags: ami.EC2Tags(meta.Tags()),
		})
	}
	return out, nil
}

func TestEC2Lookup(t *testing.T) {
	t.Parallel()
	past, later := now.Add(-time.Hour), now.Add(time.Hour)
	for name, c := range map[string]struct {
		images                   someImages
		fresh, whatever, current string // ids; empty for none
	}{
		"no image":                      {someImages{}, "", "", ""},
		"the newest":                    {someImages{1: later, 2: later}, "ami-2", "ami-2", "ami-2"},
		"all expired":                   {someImages{1: past, 2: past}, "", "ami-2", "ami-2"},
		"an older one has expired":      {someImages{1: past, 2: later}, "ami-2", "ami-2", "ami-2"},
		"the newest has expired":        {someImages{1: later, 2: later, 3: past}, "ami-2", "ami-3", "ami-2"},
		"one that expires at this time": {someImages{1: now}, "", "ami-1", "ami-1"},
	} {
		lookup := EC2Lookup{API: c.images, Now: func() time.Time { return now }}
		for what, ask := range map[string]struct {
			want string
			find func() (ami.Image, bool, error)
		}{
			"not expired": {c.fresh, func() (ami.Image, bool, error) { return lookup.Newest(t.Context(), key("os-only"), false) }},
			"any":         {c.whatever, func() (ami.Image, bool, error) { return lookup.Newest(t.Context(), key("os-only"), true) }},
			"current":     {c.current, func() (ami.Image, bool, error) { return lookup.Current(t.Context(), key("os-only")) }},
		} {
			if image, found, err := ask.find(); err != nil || found != (ask.want != "") || image.ID != ask.want {
				t.Errorf("%s, %s: %q, %v, %v; not %q", name, what, image.ID, found, err, ask.want)
			}
		}
	}
}
