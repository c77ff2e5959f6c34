package stage

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// history is a list of stages and the images that were built of it, one on the other.
type history struct {
	stages []Stage
	files  []bool // which stages have files
	chain  []ami.Tier
}

func anyHistory(t *rapid.T) history {
	var h history
	for _, tier := range Tiers() {
		for range rapid.IntRange(0, 2).Draw(t, "stages of "+string(tier)) {
			h.stages = append(h.stages, inline(fmt.Sprintf("s%d-%s", len(h.stages), tier), tier))
			h.files = append(h.files, rapid.Bool().Draw(t, "files"))
		}
	}
	if len(h.stages) == 0 {
		h.stages, h.files = append(h.stages, inline("alone", Boot)), append(h.files, false)
	}
	for _, tier := range ami.Tiers() {
		if rapid.Bool().Draw(t, "build "+string(tier)) {
			h.chain = append(h.chain, tier)
		}
	}
	return h
}

// play gives what runs on a machine of the last image of the chain: what was baked into
// it, image by image, and then what is left to first boot.
func (h history) play() (baked, boot []Stage) {
	parent := ami.Tier("")
	boot = h.stages
	for _, tier := range h.chain {
		var bake []Stage
		bake, boot = Cut(h.stages, parent, tier)
		baked, parent = append(baked, bake...), tier
	}
	return baked, boot
}

// TestCutLosesNothing: along any way up through the tiers each stage is baked
// once, in order, and boot is the rest, all of tier Boot among it.
func TestCutLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := anyHistory(t)
		baked, boot := h.play()
		if got := names(append(baked, boot...)); got != names(h.stages) {
			t.Fatalf("%v of %s: %s", h.chain, names(h.stages), got)
		}
		for _, s := range baked {
			if s.Tier == Boot {
				t.Fatalf("%s is baked", s.Name)
			}
		}
	})
}

// TestAnyHistoryEndsAsTheSameMachine bakes what each image bakes and boots with the
// family's user data, twice: all stages ran once, in order.
func TestAnyHistoryEndsAsTheSameMachine(t *testing.T) {
	t.Parallel()
	const histories = 12 // each is some hundred processes
	for seed := range histories {
		h := rapid.Custom(anyHistory).Example(seed)
		for name, sh := range shells(t) {
			t.Run(fmt.Sprintf("%s/%v", name, h.chain), func(t *testing.T) {
				t.Parallel()
				endsTheSame(t, sh, h)
			})
		}
	}
}

func endsTheSame(t *testing.T, sh interpreter, h history) {
	t.Helper()
	root := t.TempDir()
	r := Renderer{MarkerDir: filepath.Join(root, "markers")}
	var all []Stage
	for i, s := range h.stages {
		s.Environment = map[string]string{"LOG": filepath.Join(root, "log")}
		s.Inline = []string{`echo ` + s.Name + ` >>"$LOG"`}
		if h.files[i] {
			s.Inline = []string{`cat "$GOLDENAMI_FILES/name" >>"$LOG"`}
			s.Files = []File{{Path: "name", Content: []byte(s.Name + "\n")}}
		}
		all = append(all, s)
	}
	h.stages = loaded(t, all...)
	baked, _ := h.play()
	programs := make([][]byte, 0, len(baked)+2)
	for _, s := range baked {
		programs = append(programs, r.Render(s))
	}
	for _, program := range append(programs, r.boot(h.stages), r.boot(h.stages)) {
		if code, out := run(t, sh, program); code != 0 {
			t.Fatalf("exit code %d\n%s", code, out)
		}
	}
	if got := strings.Fields(read(t, filepath.Join(root, "log"))); strings.Join(got, " ") != names(h.stages) {
		t.Errorf("from %v it ran %q, want %s", h.chain, got, names(h.stages))
	}
	status, err := ParseStatus([]byte(read(t, filepath.Join(root, "status.json"))))
	if err != nil || status.State != StateDone || len(status.Stages) != len(h.stages) || status.Remainder() != 0 {
		t.Errorf("%+v, %v", status, err)
	}
}
