package ami

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// tagStore keeps the tags of resources as EC2 does.
type tagStore struct {
	tags    map[string]map[string]string
	calls   int
	refused map[int]error // by number of the call
}

func (s *tagStore) CreateTags(_ context.Context, in *ec2.CreateTagsInput, _ ...func(*ec2.Options)) (*ec2.CreateTagsOutput, error) {
	s.calls++
	if err := s.refused[s.calls]; err != nil {
		return nil, err
	}
	for _, id := range in.Resources {
		if s.tags[id] == nil {
			s.tags[id] = map[string]string{}
		}
		for _, tag := range in.Tags {
			s.tags[id][aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
	}
	return &ec2.CreateTagsOutput{}, nil
}

func (s *tagStore) DeleteTags(_ context.Context, in *ec2.DeleteTagsInput, _ ...func(*ec2.Options)) (*ec2.DeleteTagsOutput, error) {
	s.calls++
	if err := s.refused[s.calls]; err != nil {
		return nil, err
	}
	for _, id := range in.Resources {
		for _, tag := range in.Tags {
			delete(s.tags[id], aws.ToString(tag.Key))
		}
	}
	return &ec2.DeleteTagsOutput{}, nil
}

func TestRevokeAndRestore(t *testing.T) {
	t.Parallel()
	meta := goodMeta()
	s := &tagStore{tags: map[string]map[string]string{"ami-1": maps.Clone(meta.Tags()), "snap-1": maps.Clone(meta.Tags())}}
	if err := Revoke(t.Context(), s, " "+strings.Repeat("ü", 300), now, "ami-1", "snap-1"); err != nil {
		t.Fatal(err)
	}
	for id, tags := range s.tags {
		got, ok := Parse(EC2Tags(tags))
		if !ok || got.State != Revoked || !got.RevokedAt.Equal(now.Truncate(time.Second)) || got.RevokedReason != strings.Repeat("ü", 256) {
			t.Errorf("%s: %+v, %v", id, got, ok)
		}
	}
	if s.calls != 1 {
		t.Errorf("%d calls: an image is seen as revoked without a reason", s.calls)
	}
	if err := Restore(t.Context(), s, "ami-1", "snap-1"); err != nil {
		t.Fatal(err)
	}
	for id, tags := range s.tags {
		if !maps.Equal(tags, meta.Tags()) {
			t.Errorf("%s: %v", id, tags)
		}
	}
	// What was refused is told, and an image that tells a reason and is good is good.
	cause := errors.New("UnauthorizedOperation")
	s.refused = map[int]error{s.calls + 2: cause, s.calls + 3: cause}
	if err := Restore(t.Context(), s, "ami-1"); !errors.Is(err, cause) || s.tags["ami-1"][tagState] != string(Good) {
		t.Errorf("error %v, tags %v", err, s.tags["ami-1"])
	}
	if err := Revoke(t.Context(), s, "", now, "ami-1"); !errors.Is(err, cause) || !strings.Contains(err.Error(), "ami-1") {
		t.Errorf("error %v", err)
	}
	if Revoke(t.Context(), s, "", now) == nil || Revoke(t.Context(), s, "", now, "ami-1", "") == nil || Restore(t.Context(), s) == nil {
		t.Error("ids that are missing are taken")
	}
}

func TestSetPointers(t *testing.T) {
	t.Parallel()
	meta := goodMeta()
	s := &tagStore{tags: map[string]map[string]string{"ami-1": meta.Tags()}}
	version := TemplateVersion{ID: "lt-0123456789abcdef0", Number: 12}
	if err := SetPointers(t.Context(), s, "ami-1", version, "/a,/b/c"); err != nil {
		t.Fatal(err)
	}
	got, ok := Parse(EC2Tags(s.tags["ami-1"]))
	if !ok || got.LaunchTemplate != version || strings.Join(got.ParameterNames(), " ") != "/a /b/c" {
		t.Errorf("%+v, %v", got, ok)
	}
	if copied := got.ForCopy(); copied != meta {
		t.Errorf("a copy takes over %+v", copied)
	}
	if err := SetPointers(t.Context(), s, "ami-1", TemplateVersion{}, ""); err != nil || s.calls != 1 {
		t.Errorf("%v, %d calls", err, s.calls)
	}
	if meta.ParameterNames() != nil || !(TemplateVersion{}).IsZero() || (TemplateVersion{}).String() != "" {
		t.Error("no pointer is one")
	}
}

func TestJoinParameters(t *testing.T) {
	t.Parallel()
	if got, err := JoinParameters([]string{"/a", "b"}); err != nil || got != "/a,b" {
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range [][]string{{"/a,b"}, {""}, {"/a", ""}, {"/ä"}, {strings.Repeat("x", 200), strings.Repeat("y", 56)}} {
		if got, err := JoinParameters(bad); err == nil {
			t.Errorf("%q: %q", bad, got)
		}
	}
}
