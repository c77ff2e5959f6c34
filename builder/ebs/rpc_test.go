package ebs

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	registryimage "github.com/hashicorp/packer-plugin-sdk/packer/registry/image"
	"github.com/hashicorp/packer-plugin-sdk/rpc"
	"github.com/mitchellh/mapstructure"
)

// throughRPC gives the builder as Packer sees it: on the other end of a pipe, where
// types are lost.
func throughRPC(t *testing.T, b packersdk.Builder) packersdk.Builder {
	t.Helper()
	near, far := net.Pipe()
	server, err := rpc.NewServer(far)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.RegisterBuilder(b); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); server.Serve() }()
	client, err := rpc.NewClient(near)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close() //nolint:errcheck // the other end is gone already
		server.Close() //nolint:errcheck // as above
		<-done
	})
	return client.Builder()
}

func TestThroughRPC(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := throughRPC(t, new(Builder))
	if spec := b.ConfigSpec(); spec["family"] == nil || spec["ami_name"] == nil {
		t.Fatal("the options did not come through")
	}
	names, _, err := b.Prepare(plain(r.tier("os-only", nil)))
	if err != nil {
		t.Fatal(err)
	}
	a, err := b.Run(t.Context(), r.ui(), r.hook)
	if err != nil {
		t.Fatalf("%v\n%s", err, r.output)
	}
	if a.BuilderId() != BuilderID || !strings.HasPrefix(a.Id(), region+":ami-") || len(a.Files()) != 0 || a.String() == "" {
		t.Errorf("artifact %q %q", a.BuilderId(), a.Id())
	}
	var facts, data map[string]string
	if err := mapstructure.Decode(a.State(StateKey), &facts); err != nil || facts["tier"] != "os-only" {
		t.Errorf("facts %v %v", facts, err)
	}
	if err := mapstructure.WeakDecode(a.State("generated_data"), &data); err != nil {
		t.Errorf("generated data: %v", err)
	}
	for _, name := range names {
		if _, ok := data[name]; !ok {
			t.Errorf("generated data lacks %s, which Prepare promised", name)
		}
	}
	if !strings.HasPrefix(data["ID"], "i-") {
		t.Errorf("ID is %q", data["ID"])
	}
	var images []registryimage.Image
	if err := mapstructure.Decode(a.State(registryimage.ArtifactStateURI), &images); err != nil || len(images) != 1 ||
		images[0].ProviderRegion != region || images[0].SourceImageID == "" || images[0].Validate() != nil {
		t.Errorf("registry images %+v %v", images, err)
	}
	if err := a.Destroy(); err != nil {
		t.Error(err)
	}
	r.clean()
}

func TestCancelThroughRPC(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	r.hook = hookFunc(func(context.Context) error { cancel(); return nil })
	b := throughRPC(t, new(Builder))
	if _, _, err := b.Prepare(plain(r.with(nil))); err != nil {
		t.Fatal(err)
	}
	if a, err := b.Run(ctx, r.ui(), r.hook); err == nil {
		t.Errorf("a cancelled build gave %v", a)
	}
	r.clean()
}

// joinAs makes the test binary a build of a run instead: it prepares a tier and stays
// until its input ends.
const joinAs = "GOLDENAMI_TEST_JOIN"

func join(tier string) int {
	_, _, err := new(Builder).Prepare(layered(fields{"tier": tier, "profile": "run-of-processes"}))
	fmt.Println("prepared:", strings.ReplaceAll(fmt.Sprint(err), "\n", " "))
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return 1
	}
	return 0
}

// process starts a build in a process of its own, as Packer does, and gives what its
// Prepare said.
func process(t *testing.T, tier string) string {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), joinAs+"="+tier)
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatalf("the process said nothing: %v", err)
	}
	t.Cleanup(func() {
		if err := input.Close(); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	return line
}

func TestDuplicateTierInARun(t *testing.T) {
	t.Parallel()
	if line := process(t, "hybrid"); !strings.Contains(line, "<nil>") {
		t.Fatal(line)
	}
	if line := process(t, "full"); !strings.Contains(line, "<nil>") {
		t.Errorf("another tier of the family was refused: %s", line)
	}
	if line := process(t, "hybrid"); !strings.Contains(line, "tier:") || !strings.Contains(line, "web/hybrid") {
		t.Errorf("a second build of the tier was accepted: %s", line)
	}
}
