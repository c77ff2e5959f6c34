package cloud

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

func testDeleter(c *Clients) *Deleter {
	d := NewDeleter(c)
	d.pause = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return d
}

func TestDeleteIsIdempotent(t *testing.T) {
	t.Parallel()
	f := newFakeEC2(t)
	d := testDeleter(f.clients())
	for _, r := range []Resource{
		{Kind: KindInstance, ID: "i-gone"},
		{Kind: KindImage, ID: "ami-gone"},
		{Kind: KindSnapshot, ID: "snap-gone"},
		{Kind: KindSecurityGroup, ID: "sg-gone"},
		{Kind: KindKeyPair, ID: "key-gone"},
	} {
		if err := d.Delete(t.Context(), r); err != nil {
			t.Errorf("%s: %v", r, err)
		}
	}
}

func TestDeleteImageTakesItsSnapshots(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string][]fault{
		"in one call":      nil,
		"one by one":       {{status: 400, body: refusal("UnknownParameter", "The parameter DeleteAssociatedSnapshots is not recognized")}},
		"after a throttle": {throttled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeEC2(t)
			c := f.clients()
			out, err := c.EC2("").CreateImage(t.Context(), &ec2.CreateImageInput{InstanceId: aws.String("i-1"), Name: aws.String("n")})
			if err != nil {
				t.Fatal(err)
			}
			second := f.images["n"]
			second.snapshots = append(second.snapshots, "snap-second")
			f.images["n"], f.snapshots["snap-second"] = second, true
			f.fail("DeregisterImage", faults...)
			if err := testDeleter(c).Delete(t.Context(), Resource{Kind: KindImage, ID: *out.ImageId}); err != nil {
				t.Fatal(err)
			}
			if len(f.images) != 0 || len(f.snapshots) != 0 {
				t.Errorf("left: images %v, snapshots %v", f.images, f.snapshots)
			}
		})
	}
}

func TestDeleteProtectedImageSaysWhy(t *testing.T) {
	t.Parallel()
	f := newFakeEC2(t)
	f.images["n"] = fakeThing{id: "ami-1", protected: true}
	err := testDeleter(f.clients()).Delete(t.Context(), Resource{Kind: KindImage, ID: "ami-1"})
	if err == nil || !strings.Contains(err.Error(), "protect") || len(f.images) != 1 {
		t.Errorf("err %v", err)
	}
}

func TestDeleteInstanceWaitsForItsEnd(t *testing.T) {
	t.Parallel()
	f := newFakeEC2(t)
	f.instances["i-1"] = "running"
	if err := testDeleter(f.clients()).Delete(t.Context(), Resource{Kind: KindInstance, ID: "i-1"}); err != nil {
		t.Fatal(err)
	}
	if f.instances["i-1"] != "terminated" {
		t.Errorf("returned while it was %s", f.instances["i-1"])
	}
}

func TestDeleteGroupInUseIsRetried(t *testing.T) {
	t.Parallel()
	f := newFakeEC2(t)
	f.groups["g"], f.busyGroup = fakeThing{id: "sg-1"}, 3
	if err := testDeleter(f.clients()).Delete(t.Context(), Resource{Kind: KindSecurityGroup, ID: "sg-1"}); err != nil {
		t.Fatal(err)
	}
	f.groups["g"], f.busyGroup = fakeThing{id: "sg-1"}, 1<<30
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := testDeleter(f.clients()).Delete(ctx, Resource{Kind: KindSecurityGroup, ID: "sg-1"}); err == nil {
		t.Error("a group that stays in use counts as deleted")
	}
}

func TestDeleteRefusesForeignAccounts(t *testing.T) {
	t.Parallel()
	f := newFakeEC2(t)
	f.instances["i-1"] = "running"
	err := testDeleter(f.clients()).Delete(t.Context(), Resource{Kind: KindInstance, ID: "i-1", Account: "999988887777"})
	if err == nil || f.count("TerminateInstances") != 0 {
		t.Errorf("err %v", err)
	}
	if err := testDeleter(f.clients()).Delete(t.Context(), Resource{Kind: KindInstance, ID: "i-1", Account: "111122223333"}); err != nil {
		t.Error(err)
	}
}

func TestDeleteRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	d := testDeleter(newFakeEC2(t).clients())
	for _, r := range []Resource{{Kind: "bucket", ID: "b"}, {Kind: KindInstance}, {Kind: KindSecurityGroup, Name: "default"}} {
		if err := d.Delete(t.Context(), r); err == nil {
			t.Errorf("%+v was deleted", r)
		}
	}
}
