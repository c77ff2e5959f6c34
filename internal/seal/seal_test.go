package seal_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// options are those of a run against a planted root, with every operation.
func options(tb testing.TB, root string, mode seal.Mode) seal.Options {
	tb.Helper()
	nonce, err := seal.NewNonce()
	if err != nil {
		tb.Fatal(err)
	}
	return seal.Options{
		Mode: mode, Root: root, Nonce: nonce, Enable: sealtest.Enabled(), ScrubPaths: sealtest.Scrubbed(),
		Banner: sealtest.Banner, BuildKey: sealtest.BuildKey, RemoveBuildUser: true, BuildUser: "not-here",
		SecretScan: seal.ScanFail, ScanTimeout: time.Minute,
		Forbidden: []seal.Forbidden{{Label: "forbidden_strings[0]", Value: "nowhere-to-be-found"}}, Scanner: "true",
	}
}

// removesNothing tells the operations that have tests of their own: one works on
// blocks, most only look, one needs somebody to remove.
func removesNothing(name string) bool {
	return slices.Contains([]string{"free-blocks", "secret-scan", "forbidden-strings", "scanner", "build-user"}, name)
}

// run runs the program for o under sh and gives its report and exit status.
func run(tb testing.TB, sh sealtest.Shell, o seal.Options) (*seal.Report, int) {
	tb.Helper()
	text, err := seal.Program(o)
	if err != nil {
		tb.Fatal(err)
	}
	parser := seal.NewParser(o)
	status, stderr := sh.Run(tb.Context(), tb, text, parser)
	if stderr != "" {
		tb.Logf("%s said: %s", sh.Name, stderr)
	}
	return parser.Report(), status
}

// underEachShell runs a subtest for dash, bash and busybox.
func underEachShell(t *testing.T, f func(t *testing.T, sh sealtest.Shell)) {
	t.Helper()
	under(t, sealtest.Shells(t), f)
}

// underEachShred is underEachShell, and once more in a guest that has no shred.
func underEachShred(t *testing.T, f func(t *testing.T, sh sealtest.Shell)) {
	t.Helper()
	without := sealtest.BusyBox(t, "shred")
	without.Name = "no shred"
	under(t, append(sealtest.Shells(t), without), f)
}

func under(t *testing.T, shells []sealtest.Shell, f func(t *testing.T, sh sealtest.Shell)) {
	t.Helper()
	for _, sh := range shells {
		t.Run(sh.Name, func(t *testing.T) {
			t.Parallel()
			f(t, sh)
		})
	}
}

// operationsOf gives the names that match, in order.
func operationsOf(r *seal.Report, match func(seal.OperationReport) bool) []string {
	var names []string
	for _, op := range r.Operations {
		if match(op) {
			names = append(names, op.Name)
		}
	}
	return names
}

// The life of a guest: an audit names all and changes nothing, the seal removes
// all, an audit finds nothing, a second seal has nothing to do, and the shutdown
// removes what has come back since. A root of its own for each would prove no more
// and take three times as long.
func TestAuditAndSealOfAWholeGuest(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		for _, stage := range []struct {
			name string
			test func(*testing.T, sealtest.Shell, string)
		}{
			{"audit", auditNamesAllAndChangesNothing},
			{"seal", sealRemovesAllThatWasPlanted},
			{"audit after it", auditFindsNothing},
			{"seal again", sealHasNothingToDo},
			{"shutdown", hookRemovesWhatCameBack},
		} {
			if !t.Run(stage.name, func(t *testing.T) { stage.test(t, sh, root) }) {
				return
			}
		}
	})
}

func sealRemovesAllThatWasPlanted(t *testing.T, sh sealtest.Shell, root string) {
	report, status := run(t, sh, options(t, root, seal.ModeSeal))
	if err := report.Err(); err != nil || status != seal.ExitSealed {
		t.Fatalf("status %d: %v\n%s", status, err, strings.Join(report.Table(), "\n"))
	}
	for _, wrong := range sealtest.Sealed(t, root) {
		t.Error(wrong)
	}
	for _, op := range report.Operations {
		if op.Removed == 0 && !removesNothing(op.Name) || op.Result != seal.ResultSealed || op.Check != seal.ResultClean {
			t.Errorf("%s: removed %d, %s, check %s", op.Name, op.Removed, op.Result, op.Check)
		}
	}
	looksLikeASystem(t, root)
}

// looksLikeASystem: what daemons and the boot need is still there.
func looksLikeASystem(t *testing.T, root string) {
	t.Helper()
	hosts, err := os.ReadFile(filepath.Join(root, "etc/hosts"))
	if err != nil || string(hosts) != "127.0.0.1 localhost\n::1 localhost\n" {
		t.Errorf("etc/hosts: %q %v", hosts, err)
	}
	if target, err := os.Readlink(filepath.Join(root, "var/lib/dbus/machine-id")); err != nil || target != "/etc/machine-id" {
		t.Errorf("the machine-id of D-Bus is %q, %v", target, err)
	}
	if info, err := os.Stat(filepath.Join(root, "tmp")); err != nil || info.Mode().Perm() != 0o777 || info.Mode()&os.ModeSticky == 0 {
		t.Errorf("tmp: %v %v", info.Mode(), err)
	}
	for _, dir := range []string{"var/tmp", "var/log/nginx", "var/log/journal", "var/log/audit", "home/build/.ssh", "var/lib/apt/lists"} {
		if info, err := os.Stat(filepath.Join(root, dir)); err != nil || !info.IsDir() {
			t.Errorf("directory %s: %v", dir, err)
		}
	}
	if _, err := os.Lstat(filepath.Join(root, "tmp/deep")); err == nil {
		t.Error("an empty directory stayed in tmp")
	}
}

func sealHasNothingToDo(t *testing.T, sh sealtest.Shell, root string) {
	again, status := run(t, sh, options(t, root, seal.ModeSeal))
	if status != seal.ExitSealed {
		t.Fatalf("status %d: %v", status, again.Err())
	}
	if busy := operationsOf(again, func(op seal.OperationReport) bool { return op.Removed != 0 || op.Bytes != 0 }); busy != nil {
		t.Errorf("a sealed root was sealed again by %v", busy)
	}
}

// auditNamesAllAndChangesNothing: with every operation and option on, no file is
// made, none is written, moved or touched.
func auditNamesAllAndChangesNothing(t *testing.T, sh sealtest.Shell, root string) {
	o := options(t, root, seal.ModeAudit)
	o.Forbidden = []seal.Forbidden{{Label: "forbidden_strings[0]", Value: "stands-in-one-file"}}
	sealtest.Write(t, root, "opt/app/settings", "token: stands-in-one-file\n")
	was := snapshot(t, root)
	before, status := run(t, sh, o)
	sameTree(t, was, snapshot(t, root))
	if status != seal.ExitLeft || !before.Complete {
		t.Errorf("audit of an unsealed root: status %d, %v", status, before.Err())
	}
	blind := operationsOf(before, func(op seal.OperationReport) bool {
		return !removesNothing(op.Name) && (op.Check != seal.ResultLeft || len(op.LeftAt) == 0)
	})
	if blind != nil {
		t.Errorf("audit found nothing for %v", blind)
	}
	if at := operation(t, before, "forbidden-strings").LeftAt; len(at) != 1 || at[0] != "/opt/app/settings (forbidden_strings[0])" {
		t.Errorf("the string stands at %q", at)
	}
	const goal = 60
	named := eachCanaryIsNamed(t, root, before)
	if named < goal {
		t.Errorf("audit names %d canaries", named)
	}
	t.Logf("%d canaries planted: audit names %d of them before the seal", len(sealtest.Canaries()), named)
}

func auditFindsNothing(t *testing.T, sh sealtest.Shell, root string) {
	after, status := run(t, sh, options(t, root, seal.ModeAudit))
	if status != seal.ExitSealed || after.Err() != nil {
		t.Errorf("audit of a sealed root: status %d: %v", status, after.Err())
	}
	for _, op := range after.Operations {
		if len(op.LeftAt) > 0 {
			t.Errorf("audit names %q after the seal for %s", op.LeftAt, op.Name)
		}
	}
}

// eachCanaryIsNamed: every one by its path, and all of them still there. It gives
// how many are named.
func eachCanaryIsNamed(t *testing.T, root string, audit *seal.Report) (found int) {
	t.Helper()
	named := map[string][]string{}
	for _, op := range audit.Operations {
		named[op.Name] = op.LeftAt
	}
	for _, c := range sealtest.Canaries() {
		isNamed := func(at string) bool { return at == "/"+c.Path || strings.HasPrefix(at, "/"+c.Path+" (") }
		if !slices.ContainsFunc(named[c.Operation], isNamed) {
			t.Errorf("audit did not name /%s for %s", c.Path, c.Operation)
		} else {
			found++
		}
		if _, err := os.Lstat(filepath.Join(root, c.Path)); err != nil {
			t.Errorf("audit changed the guest: %v", err)
		}
	}
	return found
}

func TestEveryOperationHasACanary(t *testing.T) {
	t.Parallel()
	planted := map[string]bool{}
	for _, c := range sealtest.Canaries() {
		planted[c.Operation] = true
	}
	for _, name := range seal.Names() {
		if !planted[name] && !removesNothing(name) {
			t.Errorf("nothing is planted for %s", name)
		}
	}
}
