package ami

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func version(at time.Time) string { return NewVersion(at) }

func goodMeta() Meta {
	return Meta{
		Family: "web", Tier: OSOnly, State: Good, Version: version(now.Add(-time.Hour)),
		Fingerprint: strings.Repeat("ab", 32), BuiltAt: now.Add(-time.Hour), ExpiresAt: now.Add(24 * time.Hour),
	}
}

// described gives an image as EC2 would, after change had its way with it.
func described(id string, m Meta, change func(*types.Image)) types.Image {
	image := types.Image{
		ImageId: aws.String(id), OwnerId: aws.String("self"), Name: aws.String("n-" + id),
		State: types.ImageStateAvailable, RootDeviceType: types.DeviceTypeEbs,
		Architecture: types.ArchitectureValuesX8664, CreationDate: aws.String("2026-11-20T11:00:00.000Z"),
		Tags: EC2Tags(m.Tags()),
		BlockDeviceMappings: []types.BlockDeviceMapping{
			{Ebs: &types.EbsBlockDevice{SnapshotId: aws.String("snap-" + id)}},
			{VirtualName: aws.String("ephemeral0")},
		},
	}
	if change != nil {
		change(&image)
	}
	return image
}

func ids(images []Image) []string {
	var all []string
	for _, i := range images {
		all = append(all, i.ID)
	}
	return all
}

func TestFindChoosesOnlyWhatIsFit(t *testing.T) {
	t.Parallel()
	older, newer := goodMeta(), goodMeta()
	older.Version, newer.Version = version(now.Add(-3*time.Hour)), version(now.Add(-2*time.Hour))
	with := func(change func(*Meta)) Meta {
		m := goodMeta()
		change(&m)
		return m
	}
	api := &fakeEC2{pageSize: 2, images: []types.Image{
		described("ami-old", older, func(i *types.Image) { i.CreationDate = aws.String("2026-11-20T23:00:00.000Z") }),
		described("ami-newb", newer, nil),
		described("ami-newa", newer, func(i *types.Image) { i.DeprecationTime = aws.String("2026-01-01T00:00:00Z") }),
		described("ami-pending", goodMeta(), func(i *types.Image) { i.State = types.ImageStatePending }),
		described("ami-failed", goodMeta(), func(i *types.Image) { i.State = types.ImageStateFailed }),
		described("ami-store", goodMeta(), func(i *types.Image) { i.RootDeviceType = types.DeviceTypeInstanceStore }),
		described("ami-arm", goodMeta(), func(i *types.Image) { i.Architecture = types.ArchitectureValuesArm64 }),
		described("ami-foreign", goodMeta(), func(i *types.Image) { i.OwnerId = aws.String("999999999999") }),
		described("ami-revoked", with(func(m *Meta) { m.State = Revoked }), nil),
		described("ami-building", with(func(m *Meta) { m.State = Building }), nil),
		described("ami-full", with(func(m *Meta) { m.Tier = Full }), nil),
		described("ami-other", with(func(m *Meta) { m.Family = "db" }), nil),
		described("ami-expired", with(func(m *Meta) { m.ExpiresAt = now }), nil),
		described("ami-untagged", goodMeta(), func(i *types.Image) { i.Tags = nil }),
		described("ami-damaged", goodMeta(), func(i *types.Image) { i.Tags = append(i.Tags, types.Tag{Key: aws.String(tagVersion)}) }),
	}}
	query := Query{Family: "web", Tier: OSOnly, Architecture: "x86_64", Now: now}
	found, err := Find(t.Context(), api, "eu-west-1", query)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := ids(found), []string{"ami-newa", "ami-newb", "ami-old"}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
	if api.calls < 2 {
		t.Errorf("%d calls: the pages were not read", api.calls)
	}
	first := found[0]
	if first.Region != "eu-west-1" || first.Name != "n-ami-newa" || !slices.Equal(first.SnapshotIDs, []string{"snap-ami-newa"}) || first.Created.IsZero() {
		t.Errorf("image is %+v", first)
	}

	query.IncludeExpired = true
	if found, err = Find(t.Context(), api, "eu-west-1", query); err != nil || ids(found)[0] != "ami-expired" {
		t.Errorf("with expired ones: %v, %v", ids(found), err)
	}
	query = Query{Family: "web", States: []State{Revoked}, Now: now}
	if found, err = Find(t.Context(), api, "eu-west-1", query); err != nil || !slices.Equal(ids(found), []string{"ami-revoked"}) {
		t.Errorf("revoked ones: %v, %v", ids(found), err)
	}
	query = Query{Owners: []string{"999999999999"}, Now: now}
	if found, err = Find(t.Context(), api, "eu-west-1", query); err != nil || !slices.Equal(ids(found), []string{"ami-foreign"}) {
		t.Errorf("of another owner: %v, %v", ids(found), err)
	}
}

func TestFindTakesWildcardsLiterally(t *testing.T) {
	t.Parallel()
	api := &fakeEC2{pageSize: 10, images: []types.Image{described("ami-1", goodMeta(), nil)}}
	found, err := Find(t.Context(), api, "eu-west-1", Query{Family: "w*", Now: now})
	if err != nil || len(found) != 0 {
		t.Errorf("found %v, %v", ids(found), err)
	}
}

func TestFindReportsErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("UnauthorizedOperation")
	_, err := Find(t.Context(), &fakeEC2{fail: cause}, "eu-west-1", Query{Family: "web", Tier: Full})
	if !errors.Is(err, cause) || !strings.Contains(err.Error(), "eu-west-1") {
		t.Errorf("error is %v", err)
	}
	if _, err := Find(t.Context(), &fakeEC2{sameTok: true}, "eu-west-1", Query{}); err == nil {
		t.Error("endless pages were read without an error")
	}
}

func TestSetState(t *testing.T) {
	t.Parallel()
	api := &fakeEC2{}
	many := make([]string, 0, 1200)
	for range 1200 {
		many = append(many, "snap-1")
	}
	if err := SetState(t.Context(), api, Good, many...); err != nil || len(api.tagged) != 1200 || api.calls != 3 {
		t.Errorf("%v, %d tagged in %d calls", err, len(api.tagged), api.calls)
	}
	if api.tagged[0] != "snap-1 goldenami:state=good" {
		t.Errorf("wrote %q", api.tagged[0])
	}
	api = &fakeEC2{}
	for name, call := range map[string]func() error{
		"unknown state": func() error { return SetState(t.Context(), api, "fine", "ami-1") },
		"no id":         func() error { return SetState(t.Context(), api, Good) },
		"empty id":      func() error { return SetState(t.Context(), api, Good, "ami-1", "") },
	} {
		if call() == nil || api.calls != 0 {
			t.Errorf("%s: no error or %d calls", name, api.calls)
		}
	}
	cause := errors.New("RequestLimitExceeded")
	if err := SetState(t.Context(), &fakeEC2{fail: cause}, Bad, "ami-9"); !errors.Is(err, cause) || !strings.Contains(err.Error(), "ami-9") {
		t.Errorf("error is %v", err)
	}
}
