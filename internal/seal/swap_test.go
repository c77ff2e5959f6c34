package seal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// Memory that was swapped out goes; the header, by which an instance finds and knows
// the area, stays, and so does what is no swap area, whatever fstab says.
func TestSwapFilesAreOverwritten(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		paged := strings.Repeat("\x00", 70000) + sealtest.Marker + "\n"
		blank := strings.Repeat("\x00", len(paged))
		files := map[string]struct{ content, becomes string }{
			"swap file":  {sealtest.SwapHeader(4096) + paged, sealtest.SwapHeader(4096) + blank},
			"swap/64k":   {sealtest.SwapHeader(65536) + "\n" + blank, sealtest.SwapHeader(65536) + "\x00" + blank},
			"swap/blank": {sealtest.SwapHeader(16384) + blank, sealtest.SwapHeader(16384) + blank},
			"swap/kept":  {sealtest.SwapHeader(4096) + paged, sealtest.SwapHeader(4096) + paged},
			"swap/none":  {paged, paged},
			"swap/other": {sealtest.SwapHeader(4096) + paged, sealtest.SwapHeader(4096) + paged}, // a line that is commented out
		}
		root := sealtest.Plant(t)
		for p, f := range files {
			sealtest.Write(t, root, p, f.content)
		}
		sealtest.Write(t, root, "etc/fstab", "UUID=1 / ext4 defaults 0 1\n/swap\\040file none swap sw 0 0\n/swap/64k swap swap\n/swap/blank none swap sw 0 0\n"+
			"/dev/sdb1 none swap sw 0 0\nUUID=2 none swap sw 0 0\n/swap/gone none swap sw 0 0\n# /swap/other none swap sw 0 0\n/swap/none none swap sw 0 0\n/swap/kept none swap sw 0 0")
		for _, mode := range []seal.Mode{seal.ModeAudit, seal.ModeSeal} {
			o := alone(options(t, root, mode), "swap")
			o.Keep = []string{"/swap/kept"}
			report, status := run(t, sh, o)
			got := operation(t, report, "swap")
			if mode == seal.ModeAudit && strings.Join(got.LeftAt, ",") != "/swap file (pages of memory),/swap/64k (pages of memory)" {
				t.Errorf("audit: %q", got.LeftAt)
			}
			if mode == seal.ModeSeal && (status != seal.ExitSealed || got.Removed != 2) {
				t.Errorf("status %d, %d removed: %v", status, got.Removed, report.Err())
			}
		}
		for p, f := range files {
			if holds(t, root, p) != f.becomes {
				t.Errorf("%s is not as it should be", p)
			}
		}
	})
}

// An area in use is turned off first, or the kernel would write into it again; where
// that cannot be the build fails, and says why.
func TestSwapInUseIsTurnedOff(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		for name, c := range map[string]struct{ table, more, want string }{
			"in use":       {"R/a\\040b file 1 3 -2", "", "off R/a b\nremoved 1 \n"},
			"untouched":    {"R/blank file 1 0 -2", "", "off R/blank\nremoved 0 \n"},
			"twice":        {"R/a\\040b file 1 3 -2\nR/a\\040b file 1 3 -2", "", "off R/a b\nremoved 1 \n"},
			"memory":       {"/dev/zram0 partition 1 3 100", "", "removed 0 \n"},
			"a link":       {"R/link file 1 3 -2", "ln -s 'a b' \"$GA_ROOT/link\"", "removed 0 \n"},
			"no figure":    {"R/a\\040b file 1 3 -2", "sed() { case $* in *MemAvailable*) ;; *) command sed \"$@\" ;; esac; }", "off R/a b\nremoved 1 \n"},
			"gone":         {"R/x\\040(deleted) file 1 3 -2", "", "removed 0 \n"},
			"no area":      {"R/none file 1 3 -2", "", "removed 0 \n"},
			"no room":      {"R/a\\040b file 1 999999999999 -2", "", "removed 0 /a b cannot be turned off: it has 999999999999 kB of memory, and only"},
			"refused":      {"R/a\\040b file 1 3 -2", "swapoff() { echo 'not permitted' >&2; return 1; }", "removed 0 /a b cannot be turned off: not permitted\n"},
			"a container":  {"R/a\\040b file 1 3 -2", "in_container() { true; }", "removed 0 \n"},
			"not writable": {"R/a\\040b file 1 3 -2", "swap_zero() { true; }", "off R/a b\nremoved 0 /a b could not be overwritten\n"},
			"no table":     {"R/a\\040b file 1 3 -2", "swap_table=/nowhere", "removed 0 \n"},
		} {
			root := t.TempDir()
			sealtest.Write(t, root, "a b", sealtest.SwapHeader(4096)+sealtest.Marker)
			sealtest.Write(t, root, "blank", sealtest.SwapHeader(4096)+"\x00")
			sealtest.Write(t, root, "none", sealtest.Marker)
			got := swapSealed(t, sh, root, strings.ReplaceAll(c.table, "R", root), c.more)
			if got = strings.ReplaceAll(got, root, "R"); !strings.HasPrefix(got, c.want) {
				t.Errorf("%s gives\n%s", name, got)
			}
		}
	})
}

// swapSealed runs the removal alone, with the kernel's table of areas, and gives what
// was turned off, how many areas were overwritten, and what failed.
func swapSealed(t *testing.T, sh sealtest.Shell, root, table, more string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "swaps")
	if err := os.WriteFile(file, []byte("Filename Type Size Used Priority\n"+table+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return asked(t, sh, root, `removed=0 bytes=0 failures=0 reason= swap_table=`+file+`
kept() { false; }
swapoff() { echo "off $1" >>`+file+`.off; }
forget_cached() { true; }
`+more+`
swap_seal
cat `+file+`.off 2>/dev/null
echo "removed $removed $reason"`)
}
