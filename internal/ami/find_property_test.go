package ami

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"pgregory.net/rapid"
)

// drawImage gives an image of ours, of somebody else, or a damaged one.
func drawImage(t *rapid.T, id string) types.Image {
	m := goodMeta()
	m.Family = rapid.SampledFrom([]string{"web", "web2", "db"}).Draw(t, "family")
	m.Tier = rapid.SampledFrom(Tiers()).Draw(t, "tier")
	m.State = rapid.SampledFrom(append(States(), Good, Good, Good)).Draw(t, "state")
	m.Version = NewVersion(now.Add(time.Duration(rapid.IntRange(-50, 50).Draw(t, "minute")) * time.Minute))
	if rapid.Bool().Draw(t, "never expires") {
		m.ExpiresAt = time.Time{}
	} else {
		m.ExpiresAt = now.Add(time.Duration(rapid.IntRange(-3, 10).Draw(t, "hours left")) * time.Hour)
	}
	tags := EC2Tags(m.Tags())
	if rapid.IntRange(0, 5).Draw(t, "damage") == 0 {
		i := rapid.IntRange(0, len(tags)-1).Draw(t, "which tag")
		switch rapid.SampledFrom([]string{"drop", "twice", "long", "blank"}).Draw(t, "how") {
		case "drop":
			tags = slices.Delete(tags, i, i+1)
		case "twice":
			tags = append(tags, tags[i])
		case "long":
			tags[i].Value = aws.String(strings.Repeat("ä", maxTagValue+1))
		case "blank":
			tags[i].Value = aws.String(" " + *tags[i].Value)
		}
	}
	return described(id, m, func(i *types.Image) {
		i.Tags = tags
		i.OwnerId = aws.String(rapid.SampledFrom([]string{"self", "self", "self", "999999999999"}).Draw(t, "owner"))
		i.State = rapid.SampledFrom([]types.ImageState{
			types.ImageStateAvailable, types.ImageStateAvailable, types.ImageStateAvailable,
			types.ImageStatePending, types.ImageStateFailed, types.ImageStateDisabled,
		}).Draw(t, "availability")
		i.Architecture = rapid.SampledFrom([]types.ArchitectureValues{types.ArchitectureValuesX8664, types.ArchitectureValuesArm64}).Draw(t, "architecture")
		if rapid.Bool().Draw(t, "deprecated") {
			i.DeprecationTime = aws.String("2026-01-01T00:00:00Z")
		}
	})
}

// TestFindChoosesByEveryRule compares what Find gives with the rules said one by one,
// over random images in pages of random size.
func TestFindChoosesByEveryRule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		api := &fakeEC2{pageSize: rapid.IntRange(1, 9).Draw(t, "page")}
		for i := range rapid.IntRange(0, 40).Draw(t, "images") {
			api.images = append(api.images, drawImage(t, fmt.Sprintf("ami-%02d", i)))
		}
		query := Query{
			Family: "web", Tier: rapid.SampledFrom(Tiers()).Draw(t, "wanted tier"), Architecture: "x86_64", Now: now,
			MinRemaining: time.Duration(rapid.IntRange(0, 5).Draw(t, "min remaining")) * time.Hour,
		}
		var want []Image
		for _, raw := range api.images {
			m, ok := Parse(raw.Tags)
			left := m.ExpiresAt.IsZero() || m.ExpiresAt.Sub(now) > query.MinRemaining
			if ok && *raw.OwnerId == "self" && raw.State == types.ImageStateAvailable && raw.Architecture == "x86_64" &&
				m.Family == "web" && m.Tier == query.Tier && m.State == Good && left {
				want = append(want, Image{Meta: m, ID: *raw.ImageId})
			}
		}
		slices.SortFunc(want, func(a, b Image) int {
			return cmp.Or(-strings.Compare(a.Version, b.Version), strings.Compare(a.ID, b.ID))
		})
		got, err := Find(t.Context(), api, "eu-west-1", query)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(ids(got), ids(want)) {
			t.Fatalf("found %v, want %v", ids(got), ids(want))
		}
		if len(got) > 0 {
			return
		}
		if text, err := Absence(t.Context(), api, "eu-west-1", query); err != nil || text == "" || strings.Contains(text, "meanwhile") {
			t.Fatalf("why there is none: %q, %v", text, err)
		}
	})
}

func TestFindTakesNoImageOfAnAccountThatWasNotNamed(t *testing.T) {
	t.Parallel()
	// An endpoint that does not know the filter by owner must not decide the parent.
	foreign := described("ami-foreign", goodMeta(), func(i *types.Image) { i.OwnerId = aws.String("999999999999") })
	if (Query{Owners: []string{"111122223333"}, States: []State{Good}, Now: now}).matches(mustRead(t, foreign)) {
		t.Error("an image of another account than the named one matches")
	}
	if !(Query{Owners: []string{"111122223333", "999999999999"}, States: []State{Good}, Now: now}).matches(mustRead(t, foreign)) {
		t.Error("an image of a named account does not match")
	}
}

func mustRead(t *testing.T, raw types.Image) Image {
	t.Helper()
	image, ok := FromEC2(raw, "eu-west-1")
	if !ok {
		t.Fatal("the image does not parse")
	}
	return image
}

func TestAbsenceSaysWhatThereIs(t *testing.T) {
	t.Parallel()
	with := func(change func(*Meta)) Meta {
		m := goodMeta()
		change(&m)
		return m
	}
	query := Query{Family: "web", Tier: OSOnly, Architecture: "x86_64", Now: now}
	for name, tc := range map[string]struct {
		images []types.Image
		query  func(*Query)
		want   []string
	}{
		"nothing":     {nil, nil, []string{"no image there"}},
		"other tiers": {[]types.Image{described("ami-f", with(func(m *Meta) { m.Tier = Full }), nil)}, nil, []string{"tier full only"}},
		"each reason once": {[]types.Image{
			described("ami-old", with(func(m *Meta) { m.ExpiresAt = now.Add(-48 * time.Hour); m.Version = version(now.Add(-9 * time.Hour)) }), nil),
			described("ami-exp", with(func(m *Meta) { m.ExpiresAt = now.Add(-24 * time.Hour) }), nil),
			described("ami-rev", with(func(m *Meta) { m.State = Revoked }), nil),
			described("ami-arm", goodMeta(), func(i *types.Image) { i.Architecture = types.ArchitectureValuesArm64 }),
		}, nil, []string{"ami-exp (version ", "expired on 2026-11-19", "ami-rev", "is revoked", "ami-arm", "is for arm64"}},
		"too little left": {[]types.Image{described("ami-1", goodMeta(), nil)}, func(q *Query) { q.MinRemaining = 48 * time.Hour }, []string{"ami-1", "expires on 2026-11-21"}},
		"another version": {[]types.Image{described("ami-1", goodMeta(), nil)}, func(q *Query) { q.Version = version(now) }, []string{"ami-1", "is the newest good one"}},
		"a new one":       {[]types.Image{described("ami-1", goodMeta(), nil)}, nil, []string{"try again"}},
	} {
		q := query
		if tc.query != nil {
			tc.query(&q)
		}
		got, err := Absence(t.Context(), &fakeEC2{pageSize: 2, images: tc.images}, "eu-west-1", q)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range tc.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q does not say %q", name, got, want)
			}
		}
		if strings.Contains(got, "ami-old") {
			t.Errorf("%s: %q names an older one of the same reason", name, got)
		}
	}
}
