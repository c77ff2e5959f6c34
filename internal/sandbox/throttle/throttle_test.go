package throttle_test

import (
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/throttle"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func describe(account string, at time.Time) throttle.Call {
	return throttle.Call{
		Account: account, Region: "us-east-1", Action: "DescribeImages", Now: at,
		Form: map[string][]string{"Action": {"DescribeImages"}, "Owner.1": {"self"}},
	}
}

func TestBucketsFillAgain(t *testing.T) {
	t.Parallel()
	b := throttle.New()
	for n := range 100 {
		if !b.Take(describe("1", start)) {
			t.Fatalf("call %d was refused", n+1)
		}
	}
	if b.Take(describe("1", start)) {
		t.Error("call 101 of the same moment was let through")
	}
	if !b.Take(describe("2", start)) {
		t.Error("another account was refused")
	}
	elsewhere := describe("1", start)
	elsewhere.Region = "eu-west-1"
	if !b.Take(elsewhere) {
		t.Error("another Region was refused")
	}
	later := start.Add(time.Second)
	for n := range 20 {
		if !b.Take(describe("1", later)) {
			t.Fatalf("call %d a second later was refused", n+1)
		}
	}
	if b.Take(describe("1", later)) {
		t.Error("more than 20 came back in a second")
	}
}

func TestUnfilteredReadsHaveASmallerBucket(t *testing.T) {
	t.Parallel()
	b, passed := throttle.New(), 0
	for range 100 {
		if b.Take(throttle.Call{Account: "1", Region: "r", Action: "DescribeSnapshots", Form: map[string][]string{"Action": {"DescribeSnapshots"}, "Version": {"1"}}, Now: start}) {
			passed++
		}
	}
	if passed != 50 {
		t.Errorf("%d of 100 passed, want 50", passed)
	}
}

func TestInstancesCostTokens(t *testing.T) {
	t.Parallel()
	b := throttle.New()
	run := func(most int, at time.Time) bool {
		return b.Take(throttle.Call{Account: "1", Region: "r", Action: "RunInstances", Form: map[string][]string{"MaxCount": {strconv.Itoa(most)}}, Now: at})
	}
	if !run(1000, start) || run(1, start) {
		t.Error("a thousand instances are the bucket, and not one more")
	}
	if !run(2, start.Add(time.Second)) || run(1, start.Add(time.Second)) {
		t.Error("two instances come back each second")
	}
	stop := throttle.Call{Account: "1", Region: "r", Action: "TerminateInstances", Form: map[string][]string{"InstanceId.1": {"i-1"}, "InstanceId.2": {"i-2"}}, Now: start}
	for n := range 100 {
		if !b.Take(stop) {
			t.Fatalf("TerminateInstances %d was refused", n+1)
		}
	}
}

// TestNoBucketGivesMoreThanItHolds over any calls at any times.
func TestNoBucketGivesMoreThanItHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		action := rapid.SampledFrom([]string{"DescribeImages", "CopyImage", "CreateTags", "EnableImageBlockPublicAccess", "CreateImage"}).Draw(rt, "action")
		b, at, passed := throttle.New(), start, 0
		for _, gap := range rapid.SliceOfN(rapid.IntRange(0, 3000), 1, 300).Draw(rt, "gaps") {
			at = at.Add(time.Duration(gap) * time.Millisecond)
			if b.Take(throttle.Call{Account: "1", Region: "r", Action: action, Form: map[string][]string{"X": {"y"}}, Now: at}) {
				passed++
			}
		}
		limit := throttle.Requests(action, false)
		if most := limit.Capacity + limit.Refill*at.Sub(start).Seconds(); float64(passed) > most+1e-6 {
			rt.Errorf("%d calls of %s passed in %s, the bucket has %.1f", passed, action, at.Sub(start), most)
		}
	})
}
