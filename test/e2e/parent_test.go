//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// writeTemplate writes a template of Packer's HCL, or of its JSON.
func writeTemplate(t *testing.T, end, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "template"+end)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// mustSay fails unless the output says each text, wherever its lines end.
func mustSay(t *testing.T, output string, texts ...string) {
	t.Helper()
	plain := strings.Join(strings.Fields(output), " ")
	for _, text := range texts {
		if !strings.Contains(plain, text) {
			t.Errorf("the output does not say %q:\n%s", text, output)
		}
	}
}

// TestDroppedParent: the provisioner of the parent is wrong, so Packer goes on without
// the parent. The child does not take an older image, nor wait for what else works.
func TestDroppedParent(t *testing.T) {
	t.Parallel()
	e := startEndpoint(t, "instant", "-instances", "none")
	e.golden(t, "older", func(m *ami.Meta) { m.Tier = ami.OSOnly })
	for _, end := range []string{".json", ".pkr.hcl"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			goOn := filepath.Join(t.TempDir(), "go-on")
			run := startPacker(t, e.environ(), "build", "-color=false", "-parallel-builds=2",
				writeTemplate(t, end, dropped(t, end, "db"+end, "until [ -e "+goOn+" ]; do sleep 0.1; done")))
			until(t, "the failure of the child", 2*time.Minute, func() bool {
				if run.ended() {
					t.Fatalf("packer ended early:\n%s", run.out)
				}
				return strings.Contains(run.out.String(), "was dropped")
			})
			if err := os.WriteFile(goOn, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			output, err := run.wait(t, buildLimit)
			if err == nil {
				t.Errorf("packer ended well:\n%s", output)
			}
			mustSay(t, output, "(web/os-only (x86_64, us-east-1)) of this run was dropped: Packer prepared it but did not run it")
			if e.onlyOf(t, "db"+end, ami.OSOnly) == nil {
				t.Errorf("the build of the other family made no image:\n%s", output)
			}
		})
	}
	t.Cleanup(func() {
		if n := count(e.calls(t), "RunInstances"); n != 2 {
			t.Errorf("%d instances were launched, not one of the other family by each run", n)
		}
	})
}

// dropped is a template of a build of another family, of a parent whose provisioner is
// wrong, and of its child. The first one works until its command ends.
func dropped(t *testing.T, end, other, command string) string {
	t.Helper()
	if end == ".pkr.hcl" {
		return source("b0", other, ami.OSOnly) + source("b1", family, ami.OSOnly) + source("b2", family, ami.Hybrid) + fmt.Sprintf(`
build {
  sources = ["goldenami-ebs.b0", "goldenami-ebs.b1", "goldenami-ebs.b2"]
  provisioner "shell-local" {
    only   = ["goldenami-ebs.b0"]
    inline = [%q]
  }
  provisioner "shell" {
    only = ["goldenami-ebs.b1"]
  }
}
`, command)
	}
	text, err := json.MarshalIndent(map[string]any{
		"builders": []any{jsonSource("b0", other, ami.OSOnly), jsonSource("b1", family, ami.OSOnly), jsonSource("b2", family, ami.Hybrid)},
		"provisioners": []any{
			map[string]any{"type": "shell-local", "only": []string{"b0"}, "inline": []string{command}},
			map[string]any{"type": "shell", "only": []string{"b1"}},
		},
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// destroyed is a template of two tiers whose parent's post-processor fails. The parent's
// post-processors and the child's provisioners are run on this machine.
func destroyed(parent, child string) string {
	return source("b0", family, ami.OSOnly) + source("b1", family, ami.Hybrid) + source("b2", family, ami.Full) + fmt.Sprintf(`
build {
  sources = ["goldenami-ebs.b0", "goldenami-ebs.b1", "goldenami-ebs.b2"]
  provisioner "shell-local" {
    only   = ["goldenami-ebs.b1"]
    inline = [%q]
  }
  post-processor "shell-local" {
    only                = ["goldenami-ebs.b0"]
    inline              = [%q]
    keep_input_artifact = false
  }
}
`, child, parent)
}

// TestDestroyedParent: the parent is built, and then its post-processor fails.
func TestDestroyedParent(t *testing.T) {
	t.Parallel()
	t.Run("before its child begins", func(t *testing.T) {
		t.Parallel()
		e := startEndpoint(t, "instant", "-instances", "none")
		output := e.mustFail(t, "-parallel-builds=1", writeTemplate(t, ".pkr.hcl", destroyed("exit 3", "true")))
		mustSay(t, output, `parent "goldenami-ebs.b0" (web/os-only (x86_64, us-east-1)) of this run was built and then destroyed`,
			`parent "goldenami-ebs.b1" (web/hybrid (x86_64, us-east-1)) of this run failed`)
		if n := count(e.calls(t), "RunInstances"); n != 1 {
			t.Errorf("%d instances were launched, not the parent's alone", n)
		}
		e.mustHold(t, nil, output)
	})
	t.Run("while its child is built", func(t *testing.T) {
		t.Parallel()
		e := startEndpoint(t, "instant", "-instances", "none")
		temp := t.TempDir()
		launched, gone := filepath.Join(temp, "launched"), filepath.Join(temp, "gone")
		awaits := func(file string) string { return "until [ -e " + file + " ]; do sleep 0.1; done; " }
		file := writeTemplate(t, ".pkr.hcl", destroyed(awaits(launched)+"exit 3", "touch "+launched+"; "+awaits(gone)))
		run := startPacker(t, append(e.environ(), "TMPDIR="+temp), "build", "-color=false", file)
		until(t, "the end of the parent", 2*time.Minute, func() bool {
			if run.ended() {
				t.Fatalf("packer ended early:\n%s", run.out)
			}
			return seats(t, temp)[ami.OSOnly].Result.Status == "destroyed"
		})
		if err := os.WriteFile(gone, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		output, err := run.wait(t, buildLimit)
		if err == nil {
			t.Errorf("packer ended well:\n%s", output)
		}
		bad := e.inState(t, ami.OSOnly, ami.Bad)
		if len(bad) != 1 {
			t.Fatalf("bad parents: %v\n%s", bad, output)
		}
		mustSay(t, output, "the parent "+bad[0].ID+" was taken back while this image was built", "it was marked as bad instead",
			`parent "goldenami-ebs.b1" (web/hybrid (x86_64, us-east-1)) of this run failed`)
		e.mustHold(t, imagesOf(bad...), output)
	})
	t.Run("that was there before", func(t *testing.T) {
		t.Parallel()
		e := startEndpoint(t, "instant", "-instances", "none")
		e.mustBuild(t, "-only=goldenami-ebs.b0", writeTemplate(t, ".pkr.hcl", destroyed("true", "true")))
		base := e.image(t, home, ami.OSOnly)
		output := e.mustFail(t, writeTemplate(t, ".pkr.hcl", destroyed("exit 3", "true")))
		hybrid, full := e.image(t, home, ami.Hybrid), e.image(t, home, ami.Full)
		if hybrid.Parent != base.ID || full.Parent != hybrid.ID {
			t.Errorf("the hybrid image is built on %s, the full one on %s", hybrid.Parent, full.Parent)
		}
		held := imagesOf(base, hybrid, full)
		slices.Sort(held)
		e.mustHold(t, held, output)
	})
}
