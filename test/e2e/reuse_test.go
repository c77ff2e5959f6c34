//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// reuseArgs build test/e2e/testdata/reuse.pkr.hcl, whose inputs are in dir.
func reuseArgs(dir string, more ...string) []string {
	return append(append([]string{"-var", "dir=" + dir}, more...), "test/e2e/testdata/reuse.pkr.hcl")
}

func reuseDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"declared.sh": "true\n", "stray.sh": "true # stray\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestReuse follows one image through the runs that use it again.
func TestReuse(t *testing.T) {
	e := startEndpoint(t, "instant")
	dir := reuseDir(t)
	prepared := len(e.calls(t))
	output := e.mustBuild(t, reuseArgs(dir)...)
	mustBeAllowed(t, e.calls(t)[prepared:])
	image := e.image(t, home, ami.OSOnly)
	if !strings.Contains(output, "no good image yet") {
		t.Errorf("the reason is not told:\n%s", output)
	}
	t.Run("uploads that no input covers are named once", func(t *testing.T) {
		if strings.Count(output, "what no input covers") != 1 || !strings.Contains(output, "/tmp/stray.sh") || strings.Contains(output, "/tmp/declared.sh") {
			t.Error(output)
		}
	})
	t.Run("post-processors run on the image that exists", func(t *testing.T) {
		e.mustChange(t, 0, func() { output = e.mustBuild(t, reuseArgs(dir)...) })
		if !strings.Contains(output, "ID=reused REUSED=true TIER=os-only SOURCE=ami-") || strings.Contains(output, "unknown") {
			t.Error(output)
		}
	})
	t.Run("a post-processor that fails leaves it", func(t *testing.T) {
		output := e.mustFail(t, reuseArgs(dir, "-var", "post=exit 3")...)
		e.mustHold(t, imagesOf(image), output)
	})
	t.Run("a touched file changes nothing", func(t *testing.T) {
		path := filepath.Join(dir, "declared.sh")
		if err := os.Chtimes(path, image.Created, image.Created); err != nil {
			t.Fatal(err)
		}
		e.mustChange(t, 0, func() { e.mustBuild(t, reuseArgs(dir)...) })
	})
	t.Run("a scan result has it built anew", func(t *testing.T) {
		body := fmt.Sprintf(`{"region":%q,"image":%q,"severity":"critical","fixes":{"critical":"2020-01-01T00:00:00Z"}}`, home, image.ID)
		answer, err := http.Post(e.env["AWS_ENDPOINT_URL"]+"/_sandbox/v1/scans", "application/json", strings.NewReader(body)) //nolint:noctx // on loopback
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%v, %v", answer, err)
		}
		_ = answer.Body.Close()
		e.mustBuildOne(t, func() { output = e.mustBuild(t, reuseArgs(dir)...) })
		if !strings.Contains(output, "critical severity in "+image.ID) {
			t.Error(output)
		}
	})
	t.Run("with -force the old image stays too", func(t *testing.T) {
		e.mustBuildOne(t, func() { output = e.mustBuild(t, append([]string{"-force"}, reuseArgs(dir)...)...) })
		found, err := ami.Find(t.Context(), e.ec2(home), home, ami.Query{Family: family})
		if err != nil || len(found) != 3 || !strings.Contains(output, "-force was given") {
			t.Errorf("%d images, %v\n%s", len(found), err, output)
		}
	})
}

// mustBuildOne fails unless one instance was launched and one image made.
func (e *endpoint) mustBuildOne(t *testing.T, during func()) {
	t.Helper()
	before := len(e.calls(t))
	during()
	calls := e.calls(t)[before:]
	if launched, made := count(calls, "RunInstances"), count(calls, "CreateImage"); launched != 1 || made != 1 {
		t.Errorf("%d instances launched and %d images made, not one", launched, made)
	}
}

// TestTwoRunsAtOnce starts Packer twice. Both want the same image.
func TestTwoRunsAtOnce(t *testing.T) {
	e := startEndpoint(t, `{"boot":"1s","image":"2s","visible":"2s"}`)
	dir := reuseDir(t)
	args := append([]string{"build", "-color=false"}, reuseArgs(dir)...)
	before := len(e.calls(t))
	runs := []*packerRun{startPacker(t, e.environ(), args...), startPacker(t, e.environ(), args...)}
	waited, reused := 0, 0
	for _, r := range runs {
		output, err := r.wait(t, buildLimit)
		if err != nil {
			t.Errorf("packer build: %v\n%s", err, output)
		}
		waited += strings.Count(output, "waiting for its image: run ")
		reused += strings.Count(output, "REUSED=true")
	}
	calls := e.calls(t)[before:]
	if n := count(calls, "RunInstances"); n != 1 {
		t.Errorf("%d instances were launched", n)
	}
	if reused != 1 || waited > 1 {
		t.Errorf("%d runs used the image of the other, %d waited", reused, waited)
	}
	mustBeAllowed(t, calls)
	e.mustHold(t, imagesOf(e.image(t, home, ami.OSOnly)), runs[0].out.String()+runs[1].out.String())
}
