package seal_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// forbids gives options with nothing but the look for these strings.
func forbids(t *testing.T, root string, values ...string) seal.Options {
	t.Helper()
	o := alone(options(t, root, seal.ModeAudit), "forbidden-strings")
	o.Forbidden = nil
	for i, value := range values {
		o.Forbidden = append(o.Forbidden, seal.Forbidden{Label: "forbidden_strings[" + string(rune('0'+i)) + "]", Value: value})
	}
	return o
}

// Wherever it stands, it is named by its path and the number of the string, and
// its content is nowhere.
func TestForbiddenStringsAreFoundAnywhere(t *testing.T) {
	t.Parallel()
	const one, two = `tok'en $(id) "a"*[x]\n`, "-e-sw0rd=="
	const key = "-----BEGIN KEY-----\nAAAAAAAAAAAA-AAAAAAAA\nBBBB-secret-BBBBBBBBB\nend"
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		for p, text := range map[string]string{
			"usr/share/app/a.bin":                "\x00\x01" + one + "\x00",
			"opt/it's [a]* $(id)/b":              "x=" + two + "\n" + one,
			"etc/goldenami/status":               two,
			"var/lib/docker/overlay2/c":          two,
			"in-root":                            two,
			".hidden/d":                          two,
			"home/kept/e":                        one,
			"srv/le.reg":                         utf16Text(binary.LittleEndian, "[HKEY]\r\nx="+one+"\r\n"),
			"srv/be":                             utf16Text(binary.BigEndian, one),
			"srv/mixed.bin":                      "\n\x00\x00" + utf16Text(binary.LittleEndian, two)[2:],
			"srv/key":                            "x\nBBBB-secret-BBBBBBBBB\nx",
			"srv/new\nline":                      two,
			"srv/no match":                       "tok'en $(id) a*[x]n -e-sw0rd= AAAAAAAAAAAA-AAAAAAAA",
			"var/log/journal/" + "x/big.journal": strings.Repeat("\x00", 3<<20) + two,
		} {
			sealtest.Write(t, root, p, text)
		}
		const large = "var/lib/app/large"
		sealtest.Write(t, root, large, "")
		if err := os.Truncate(filepath.Join(root, large), 257<<20); err != nil {
			t.Fatal(err)
		}
		o := forbids(t, root, one, two, key)
		o.Keep = []string{"/home/kept"}
		report, status := run(t, sh, o)
		got := operation(t, report, "forbidden-strings")
		slices.Sort(got.LeftAt)
		want := []string{
			"/.hidden/d (forbidden_strings[1])", "/etc/goldenami/status (forbidden_strings[1])", "/home/kept/e (forbidden_strings[0])", "/in-root (forbidden_strings[1])",
			"/opt/it's [a]* $(id)/b (forbidden_strings[0])", "/opt/it's [a]* $(id)/b (forbidden_strings[1])", "/srv/be (forbidden_strings[0])", "/srv/key (forbidden_strings[2])",
			"/srv/le.reg (forbidden_strings[0])", "/srv/mixed.bin (forbidden_strings[1])", "/srv/new\nline",
			"/usr/share/app/a.bin (forbidden_strings[0])", "/var/lib/docker/overlay2/c (forbidden_strings[1])", "/var/log/journal/x/big.journal (forbidden_strings[1])",
		}
		if status != seal.ExitLeft || !slices.Equal(got.LeftAt, want) || len(report.Warnings) != 1 || !strings.HasPrefix(report.Warnings[0], "/"+large+" is larger") {
			t.Errorf("status %d, warnings %q:\n%q\n%q", status, report.Warnings, got.LeftAt, want)
		}
		text, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"tok'en", "sw0rd", "secret-B"} {
			if strings.Contains(string(text)+strings.Join(report.Table(), "\n"), secret) {
				t.Errorf("%s is told", secret)
			}
		}
		if report, status = run(t, sh, forbids(t, root, "nowhere-to-be-found")); status != seal.ExitSealed {
			t.Errorf("a string that stands nowhere: %v", report.Err())
		}
	})
}

// No process has the string among its arguments, no file keeps it, and the
// shutdown's program does not have it.
func TestForbiddenStringsShowNowhere(t *testing.T) {
	t.Parallel()
	const secret = "s3cret-of-the-build"
	root := sealtest.Plant(t)
	o := forbids(t, root, secret)
	o.Mode = seal.ModeSeal
	// grep and find are asked by everybody: what they are given is what ps shows.
	watch := filepath.Join(t.TempDir(), "argv")
	bin := t.TempDir()
	for _, tool := range []string{"grep", "find", "sh", "timeout", "sed", "stat", "head", "tr", "cat"} {
		sealtest.Write(t, bin, tool, "#!/bin/sh\nprintf '%s ' "+tool+" \"$@\" >>"+watch+"\nPATH=/usr/bin:/bin exec "+tool+" \"$@\"\n")
		if err := os.Chmod(filepath.Join(bin, tool), 0o700); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	before := snapshot(t, root)
	report, status := runChanged(t, o, "PATH="+bin+":$PATH")
	if status != seal.ExitSealed {
		t.Fatal(report.Err())
	}
	argv, err := os.ReadFile(watch)
	spread := strings.Join(strings.Split(secret, ""), "\x01") // as it is looked for in UTF-16
	if err != nil || !strings.Contains(string(argv), "grep -qF -f /dev/fd/5") || strings.Contains(string(argv), secret) || strings.Contains(string(argv), spread) {
		t.Errorf("%v: %s", err, argv)
	}
	if strings.Contains(seal.HookProgram(o, root), secret) {
		t.Error("the shutdown's program has it, and stands in a file")
	}
	after := snapshot(t, root)
	for p := range after {
		if _, was := before[p]; !was {
			t.Errorf("%s is new", p)
		}
	}
}

func TestForbiddenStringsAreRefusedWithoutBeingShown(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"empty": "", "short": "aQ3$x", "blank": "          \n   ", "short lines": "aQ\naQ3\n", "control": "aQ3$x\x03longer", "NUL": "aQ3$x\x00longer"} {
		o := forbids(t, "/nowhere/root", "long enough", value)
		err := o.Validate()
		if err == nil || !strings.Contains(err.Error(), "forbidden_strings[1] ") || strings.Contains(err.Error(), "aQ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	o := forbids(t, "/nowhere/root", "long enough")
	o.SecretScan, o.ScanTimeout = seal.ScanOff, 0
	if err := o.Validate(); err == nil || !strings.Contains(err.Error(), "scan_timeout") {
		t.Errorf("no time to look: %v", err)
	}
}

// What was not looked at may hold any of them.
func TestForbiddenStringsThatWereNotLookedFor(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]string{
		"in a directory":     `timeout() { return 124; }`,
		"BusyBox's way":      `timeout() { return 143; }`,
		"before a directory": `GA_SCAN_TIMEOUT=0`,
	} {
		report, _ := runChanged(t, forbids(t, sealtest.Plant(t), "nowhere-to-be-found"), more)
		if err := report.Err(); err == nil || !strings.Contains(err.Error(), "not looked at as a whole within") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A grep that fails has not said that a file holds none.
func TestForbiddenStringsThatGrepCannotLookFor(t *testing.T) {
	t.Parallel()
	root, bin := sealtest.Plant(t), t.TempDir()
	sealtest.Write(t, root, "srv/heavy", "too much for it")
	sealtest.Write(t, bin, "grep", "#!/bin/sh\n[ \"$1\" = -qF ] || PATH=/usr/bin:/bin exec grep \"$@\"\nPATH=/usr/bin:/bin grep -q 'too much for it' && exit 2\nexit 1\n")
	if err := os.Chmod(filepath.Join(bin, "grep"), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	report, status := runChanged(t, forbids(t, root, "nowhere-to-be-found"), "PATH="+bin+":$PATH")
	if got := operation(t, report, "forbidden-strings").LeftAt; status != seal.ExitLeft || len(got) != 1 || got[0] != "/srv/heavy (not looked at for forbidden_strings[0]: grep failed)" {
		t.Errorf("status %d: %q: %v", status, got, report.Err())
	}
}

// Other disks of the guest are looked at too, once each, and nothing that is none.
func TestOtherDisksAreLookedAt(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := t.TempDir()
		sealtest.Write(t, root, "mnt/a b/x", "")
		sealtest.Write(t, root, "mnt/c/x", "")
		mounts := filepath.Join(t.TempDir(), "mounts")
		lines := "/dev/vda1 R ext4 rw 0 0\nproc R/proc proc rw 0 0\n/dev/vdb R/mnt/a\\040b xfs rw 0 0\n/dev/vdb R/mnt/c xfs rw 0 0\n" +
			"/dev/loop1 R/snap squashfs ro 0 0\nhost:/x R/mnt/c nfs rw 0 0\n/dev/vdc /elsewhere ext4 rw 0 0\n"
		if err := os.WriteFile(mounts, []byte(strings.ReplaceAll(lines, "R", root)), 0o600); err != nil {
			t.Fatal(err)
		}
		got := asked(t, sh, root, `stat() { case $4 in "$GA_ROOT"/) echo 7 ;; *) echo 8 ;; esac; }
mount_table=`+mounts+`
read_mounts
and_disks echo "$GA_ROOT/"`)
		if got != root+"/\n"+root+"/mnt/a b\n" {
			t.Errorf("%q", got)
		}
	})
}

// Strings of any bytes are looked for as they are, and nothing runs.
func TestForbiddenStringsAreWordsToEveryShell(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		dir := t.TempDir()
		rapid.Check(t, func(r *rapid.T) {
			value := "0" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(hostile), 1, 5).Draw(r, "pieces"), "") + "123456"
			o := forbids(t, "/nowhere/root", value)
			o.Scanner = "printf '%s\n' \"$GA\" " + value
			text, err := seal.Program(o)
			if err != nil {
				r.Skip("refused: " + err.Error())
			}
			text = strings.TrimSuffix(text, "main </dev/null\n") + "cd '" + dir + `'
show() { printf '%s\n' "$2"; }
each_forbidden show
printf '%s\n' "$GA_FORBIDDEN" "$GA_SCANNER"
`
			var out bytes.Buffer
			if status, stderr := sh.Run(t.Context(), t, text, &out); status != 0 || stderr != "" {
				r.Fatalf("status %d: %s", status, stderr)
			}
			pattern, _, _ := strings.Cut(out.String(), "\n")
			if want := pattern + "\n" + pattern + "\n" + o.Scanner + "\n"; out.String() != want || !strings.Contains(value, pattern) {
				r.Fatalf("%q instead of %q", out.String(), want)
			}
		})
		if files, err := filepath.Glob(dir + "/*"); err != nil || len(files) > 0 {
			t.Errorf("a value was executed: %v %v", files, err)
		}
	})
}

// The scanner's word counts, and not what it prints.
func TestScannerOfTheUser(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		for command, want := range map[string]string{
			`test -s "$GOLDENAMI_ROOT/etc/passwd" && echo s3cret; echo s3cret >&2; echo "@goldenami x" >&3; true`: "",
			"exit 3":            "scanner_command (exit status 3)",
			"no-such-scanner-x": "scanner_command (it cannot be run: exit status 127)",
			"cat; exit 4":       "scanner_command (exit status 4)", // its input is empty and not the program
			"sleep 30":          "scanner_command (not done within 1s; raise scan_timeout)",
		} {
			root := sealtest.Plant(t)
			o := alone(options(t, root, seal.ModeSeal), "scanner")
			o.Scanner, o.ScanTimeout = command, time.Second
			if want == "" {
				o.ScanTimeout = time.Minute
			}
			report, status := run(t, sh, o)
			got := strings.Join(operation(t, report, "scanner").LeftAt, "|")
			if got != want || (status == seal.ExitSealed) != (want == "") || strings.Contains(strings.Join(report.Table(), ""), "s3cret") {
				t.Errorf("%s: status %d, %q: %v", command, status, got, report.Err())
			}
		}
	})
}
