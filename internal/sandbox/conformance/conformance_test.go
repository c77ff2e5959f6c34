package conformance_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/conformance"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/ec2"
)

// TestEveryActionIsOneOfAWS: the client of AWS can call each, and reads each answer.
func TestEveryActionIsOneOfAWS(t *testing.T) {
	t.Parallel()
	for _, set := range sandbox.Services() {
		all, err := conformance.Of(set)
		if err != nil {
			t.Error(err)
			continue
		}
		if len(all) != len(set.Actions) {
			t.Errorf("%s: %d of %d actions", set.Service, len(all), len(set.Actions))
		}
	}
}

func find(t *testing.T, name string) conformance.Action {
	t.Helper()
	all, err := conformance.Of(ec2.Actions)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(all, func(a conformance.Action) bool { return a.Name == name })
	if at < 0 {
		t.Fatalf("there is no %s", name)
	}
	return all[at]
}

func TestFieldsAreFoundByAskingTheClient(t *testing.T) {
	t.Parallel()
	a := find(t, "CopyImage")
	if !slices.Contains(a.Input.Exact, "TagSpecification.N.Tag.N.Key") || !slices.Contains(a.Input.Exact, "SnapshotCopyCompletionDurationMinutes") {
		t.Errorf("it takes %v", a.Input.Exact)
	}
	if !slices.Contains(a.Input.Absent, "DestinationOutpostArn") {
		t.Errorf("it does not take %v", a.Input.Absent)
	}
	if !slices.Equal(a.Output.Exact, []string{"ImageId"}) || len(a.Output.Absent) != 0 {
		t.Errorf("it gives %v, not %v", a.Output.Exact, a.Output.Absent)
	}
	images := find(t, "DescribeImages")
	if !slices.Contains(images.Output.Exact, "Images[].BlockDeviceMappings[].Ebs.SnapshotId") || slices.Contains(images.Output.Absent, "Images") {
		t.Errorf("images: %v", images.Output)
	}
}

type oddInput struct {
	IDs  []string `q:"ImageId"`
	Odd  string   `q:"Owner" simplified:"only self"`
	Nest struct {
		Size int64 `q:"Value" simplified:"whole numbers"`
	} `q:"Filter"`
}

type oddOutput struct {
	Token string `xml:"nextToken" simplified:"a number"`
}

func TestDifferencesComeFromTheTags(t *testing.T) {
	t.Parallel()
	set := action.NewSet("ec2", action.EC2Query, "ns")
	action.Add(set, "DescribeImages", func(*action.Call, *oddInput) (*oddOutput, error) { return &oddOutput{}, nil })
	all, err := conformance.Of(set)
	if err != nil {
		t.Fatal(err)
	}
	table := conformance.Table(all)
	for _, want := range []string{"Filter.Value: whole numbers; Owner: only self; nextToken: a number", "ExecutableBy.N", "| DescribeImages | ", "Images"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
}

func TestUnverifiedTextsAreFound(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	code := "package x\n\nvar a = 1 // unverified: the number\n\n// unverified: code and text,\n// as said elsewhere\nvar b = \"x\"\n"
	if err := os.WriteFile(filepath.Join(root, "x.go"), []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := conformance.UnverifiedIn(root, ".")
	if err != nil {
		t.Fatal(err)
	}
	want := []conformance.Unverified{
		{File: "x.go", Note: "the number", Line: "var a = 1"},
		{File: "x.go", Note: "code and text,", Line: `var b = "x"`},
	}
	if !slices.Equal(all, want) {
		t.Errorf("got %+v", all)
	}
}

func TestWholeBranchesAreNamedOnce(t *testing.T) {
	t.Parallel()
	table := conformance.Table([]conformance.Action{{
		Name: "X", Input: conformance.Fields{
			Exact:  []string{"Filter.N.Name", "Filter.N.Value.N", "Map.N.Device", "Map.N.Ebs.Iops", "Plain"},
			Absent: []string{"Map.N.Ebs.Arn", "Outpost.Arn", "Outpost.Rack.Id"},
		},
	}})
	if want := "| X | Filter.N.*, Map.N.Device, Map.N.Ebs.Iops, Plain | Map.N.Ebs.Arn, Outpost.* |  |  |  |\n"; !strings.Contains(table, want) {
		t.Errorf("got %s", table)
	}
}
