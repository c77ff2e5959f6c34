package seal_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// paths gives n paths of 50 bytes.
func paths(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("/opt/%045d", i)
	}
	return list
}

// A terminal cuts longer lines, and the rest of the program would be another one.
func TestLinesFitATerminal(t *testing.T) {
	t.Parallel()
	o := options(t, "/nowhere/root", seal.ModeSeal)
	o.Keep, o.ScrubPaths, o.ScanAllow, o.KeepUsers = append(paths(1000), "/"+strings.Repeat("'", 100)), paths(2000)[1000:], paths(1000), []string{strings.Repeat("u", 1900)}
	o.Banner, o.Scanner = strings.Repeat(strings.Repeat("x", 1900)+"\n", 50), strings.Repeat("true\n", 2000)
	text, err := seal.Program(o)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		if len(line) > 4095 {
			t.Errorf("%d bytes: %.60q", len(line), line)
		}
	}
}

// As many paths as may be named do what few do. More would start no find any more,
// and a find that does not start finds nothing.
func TestManyKeptPaths(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		o := alone(options(t, root, seal.ModeSeal), "temp-files")
		o.Keep = append(paths(1190), "/tmp/deep/er")
		report, status := run(t, sh, o)
		if status != seal.ExitSealed {
			t.Fatal(report.Err())
		}
		for p, stays := range map[string]bool{"tmp/script_1234.sh": false, "var/tmp/dnf-build/cache": false, "tmp/deep/er/file": true} {
			if got := holds(t, root, p); (got == sealtest.Marker+"\n") != stays {
				t.Errorf("%s: %q", p, got)
			}
		}
	})
}

// As many strings as may be named reach the guest, in both forms.
func TestManyForbiddenStrings(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		o := forbids(t, root)
		o.Forbidden = manyForbidden(126)
		sealtest.Write(t, root, "srv/first", o.Forbidden[0].Value)
		sealtest.Write(t, root, "srv/last", utf16Text(binary.LittleEndian, o.Forbidden[125].Value))
		report, status := run(t, sh, o)
		if got := slices.Sorted(slices.Values(operation(t, report, "forbidden-strings").LeftAt)); status != seal.ExitLeft || strings.Join(got, " ") != "/srv/first (x) /srv/last (x)" {
			t.Errorf("status %d: %q: %v", status, got, report.Err())
		}
	})
}

func TestWhatIsTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*seal.Options){
		"keep: 20000 values of together":   func(o *seal.Options) { o.Keep = paths(20000) },
		"forbidden_strings: 200 values of": func(o *seal.Options) { o.Forbidden = manyForbidden(200) },
		"keep: a line that begins with":    func(o *seal.Options) { o.Keep = []string{"/" + strings.Repeat("x", 3000)} },
		"ssh_banner: a line that begins":   func(o *seal.Options) { o.Banner = "a\n" + strings.Repeat("x", 3000) },
		"scanner_command: a line that beg": func(o *seal.Options) { o.Scanner = strings.Repeat("'", 500) },
		"scanner_command: it holds a cont": func(o *seal.Options) { o.Scanner = "a\x03b" },
	} {
		o := options(t, "/nowhere/root", seal.ModeSeal)
		change(&o)
		if err := o.Validate(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secretsecret") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func manyForbidden(n int) []seal.Forbidden {
	list := make([]seal.Forbidden, n)
	for i := range list {
		list[i] = seal.Forbidden{Label: "x", Value: strings.Repeat("secret", 80) + strconv.Itoa(i)}
	}
	return list
}
