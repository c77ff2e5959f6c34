package main

import (
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

func TestFirstBootOfTheExample(t *testing.T) {
	t.Parallel()
	stages, err := readStages("../../example/linux-tiers")
	if err != nil {
		t.Fatal(err)
	}
	want := map[ami.Tier]string{ami.OSOnly: "runtime, app", ami.Hybrid: "app", ami.Full: "nothing"}
	for tier, left := range want {
		if got := firstBoot(stages, tier); got != left {
			t.Errorf("first boot of %s runs %q, want %q", tier, got, left)
		}
	}
}

func TestNoTemplate(t *testing.T) {
	t.Parallel()
	if _, err := readStages(t.TempDir()); err == nil {
		t.Error("a folder without a template gave stages")
	}
}

func TestOnlyCallsThatSucceededCount(t *testing.T) {
	t.Parallel()
	log := `{"action":"RunInstances","outcome":"OK"}
{"action":"RunInstances","outcome":"InsufficientInstanceCapacity"}
{"action":"DescribeImages","outcome":"OK"}
`
	counts, err := countCalls(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	if counts["RunInstances"] != 1 || counts["CreateImage"] != 0 {
		t.Errorf("counted %v", counts)
	}
	if _, err := countCalls(strings.NewReader("not a line of the log\n")); err == nil {
		t.Error("a damaged log was counted")
	}
}

func TestKeyPolicyNamesTheOtherAccount(t *testing.T) {
	t.Parallel()
	alone, err := keyPolicy("000000000000", "")
	if err != nil {
		t.Fatal(err)
	}
	shared, err := keyPolicy("000000000000", "111122223333")
	if err != nil {
		t.Fatal(err)
	}
	const other = "arn:aws:iam::111122223333:root"
	if strings.Contains(alone, other) || !strings.Contains(shared, other) {
		t.Errorf("policies:\n%s\n%s", alone, shared)
	}
}
