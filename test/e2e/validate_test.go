//go:build e2e

package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// TestValidateTellsOfTheOrder: each child that is declared before its parent is named,
// and where the order works there is no warning at all.
func TestValidateTellsOfTheOrder(t *testing.T) {
	t.Parallel()
	e := startEndpoint(t, "instant", "-instances", "none")
	for _, l := range layouts {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			name := func(i int) string {
				if l.json != nil {
					return "goldenami-ebs." + l.json[i]
				}
				return fmt.Sprintf("goldenami-ebs.b%d", i)
			}
			output, err := startPacker(t, e.environ(), "validate", template(t, "", l.builds, l.json)).wait(t, time.Minute)
			if err != nil {
				t.Fatalf("packer validate: %v\n%s", err, output)
			}
			var want []string
			for i, b := range l.builds {
				if parent := slices.Index(l.builds, declared{b.family, below[b.tier]}); parent > i {
					want = append(want, fmt.Sprintf("build %q (%s) is declared before its parent %q", name(i), b.tier, name(parent)))
				}
			}
			mustSay(t, output, want...)
			if got := strings.Count(strings.ToLower(output), "warning"); (got == 0) != (len(want) == 0) || strings.Count(output, "before its parent") != len(want) {
				t.Errorf("the warnings are not %q:\n%s", want, output)
			}
		})
	}
	t.Cleanup(func() {
		if calls := e.calls(t); len(calls) != 0 {
			t.Errorf("packer validate made %d calls, the first %+v", len(calls), calls[0])
		}
	})
}

// told is a template of a family whose tiers are told by data sources.
func told(tiers ...ami.Tier) string {
	blocks := []string{fmt.Sprintf("data \"null\" \"family\" {\n  input = %q\n}\n", family)}
	for i, tier := range tiers {
		one := source(fmt.Sprintf("b%d", i), "FAMILY", "TIER")
		one = strings.Replace(one, `"FAMILY"`, "data.null.family.output", 1)
		one = strings.Replace(one, `"TIER"`, fmt.Sprintf("data.null.t%d.output", i), 1)
		blocks = append(blocks, fmt.Sprintf("data \"null\" \"t%d\" {\n  input = %q\n}\n%sbuild {\n  sources = [\"goldenami-ebs.b%d\"]\n}\n", i, tier, one, i))
	}
	return strings.Join(blocks, "")
}

// TestTiersOfADataSource: what Packer does not know while it validates is nobody's place
// in the run, and is known when it builds.
func TestTiersOfADataSource(t *testing.T) {
	t.Parallel()
	e := startEndpoint(t, "instant", "-instances", "none")
	validate := func(temp string, args ...string) string {
		t.Helper()
		output, err := startPacker(t, append(e.environ(), "TMPDIR="+temp), append([]string{"validate"}, args...)...).wait(t, time.Minute)
		if err != nil {
			t.Errorf("packer validate: %v\n%s", err, output)
		}
		return output
	}
	joined := func(temp string) []string {
		t.Helper()
		rooms, err := filepath.Glob(filepath.Join(temp, "goldenami-*", "run-*"))
		if err != nil {
			t.Fatal(err)
		}
		return rooms
	}
	right := writeTemplate(t, ".pkr.hcl", told(ami.OSOnly, ami.Hybrid, ami.Full))
	wrong := writeTemplate(t, ".pkr.hcl", told(ami.Full, ami.Hybrid, ami.OSOnly))
	for file, warnings := range map[string]int{right: 0, wrong: 2} {
		temp := t.TempDir()
		if output := validate(temp, file); strings.Contains(strings.ToLower(output), "warning") || len(joined(temp)) != 0 {
			t.Errorf("with tiers that are not known, builds joined %v:\n%s", joined(temp), output)
		}
		output := validate(temp, "-evaluate-datasources", file)
		if strings.Count(output, "before its parent") != warnings || len(joined(temp)) != 1 {
			t.Errorf("with tiers that are known, not %d warnings, and %v:\n%s", warnings, joined(temp), output)
		}
	}
	output := e.mustBuild(t, right)
	base, hybrid, full := e.image(t, home, ami.OSOnly), e.image(t, home, ami.Hybrid), e.image(t, home, ami.Full)
	if hybrid.Parent != base.ID || full.Parent != hybrid.ID {
		t.Errorf("hybrid is built on %s, full on %s\n%s", hybrid.Parent, full.Parent, output)
	}
}
