package seal

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// search plays what the two searches of the program do, by what the program holds and
// by nothing else.
func (g *windowsGuest) search(program, name string) (left, warnings []string) {
	if name != "secret-scan" && name != "forbidden-strings" {
		return nil, nil
	}
	paths := make([]string, 0, len(g.disk))
	for path := range g.disk {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		if name == "forbidden-strings" {
			l, w := g.forbidden(program, path)
			left, warnings = append(left, l...), append(warnings, w...)
			continue
		}
		for _, found := range g.secrets(program, path) {
			if g.value(program, "GaSecretScan") == "fail" {
				left = append(left, found)
			} else {
				warnings = append(warnings, found)
			}
		}
	}
	return left, warnings
}

// below tells whether a path is one of these or stands in it.
func below(path string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool { return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, `\`)+`\`) })
}

func (g *windowsGuest) secrets(program, path string) (found []string) {
	if below(path, g.list(program, "GaScanAllow")) || below(path, g.list(program, "GaKeep")) {
		return nil
	}
	texts := []string{g.disk[path], string(utf16.Decode(units([]byte(g.disk[path])))), string(utf16.Decode(units(append([]byte{0}, g.disk[path]...))))}
	rules := g.list(program, "GaRules")
	for i := 0; i < len(rules); i += 3 {
		for _, text := range texts {
			if at := regexp.MustCompile(rules[i+2]).FindStringIndex(text); at != nil && strings.Contains(text, rules[i+1]) {
				found = append(found, path+":"+string(rune('1'+strings.Count(text[:at[0]], "\n")))+" ("+rules[i]+")")
				break
			}
		}
	}
	return found
}

func units(raw []byte) []uint16 {
	all := make([]uint16, len(raw)/2)
	for i := range all {
		all[i] = binary.LittleEndian.Uint16(raw[2*i:])
	}
	return all
}

// forbidden looks at each place of a file whether two bits of each byte are right, and
// then whether the hash is.
func (g *windowsGuest) forbidden(program, path string) (left, warnings []string) {
	list, salt := g.list(program, "GaForbidden"), g.value(program, "GaNonce")
	bits := []byte(g.disk[path])
	for i := range bits {
		bits[i] = '@' | bits[i]&3
	}
	told := map[string]bool{}
	for i := 4; i < len(list); i += 4 {
		for at := 0; at+len(list[i+2]) <= len(bits) && !told[list[i]]; at++ {
			if string(bits[at:at+len(list[i+2])]) != list[i+2] {
				continue
			}
			hash := sha256.Sum256([]byte(salt + g.disk[path][at:at+len(list[i+2])]))
			if base64.StdEncoding.EncodeToString(hash[:]) != list[i+3] {
				continue
			}
			told[list[i]] = true
			if list[i+1] == "fail" {
				left = append(left, path+" ("+list[i]+")")
			} else {
				warnings = append(warnings, path+" holds "+list[i])
			}
		}
	}
	return left, warnings
}

// wide gives text in UTF-16 with the mark at its beginning.
func wide(order binary.AppendByteOrder, text string) string {
	var raw []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		raw = order.AppendUint16(raw, unit)
	}
	return string(raw)
}

func TestSecretsInWindowsAreFound(t *testing.T) {
	t.Parallel()
	secret := sealtest.Secrets()["slack-token"]
	for mode, want := range map[string]struct{ err, said int }{"fail": {err: 3}, "warn": {said: 3}, "off": {}} {
		g := planted(t)
		g.disk = map[string]string{
			`C:\app\a.ini`: "a=b\r\ntoken=" + secret, `C:\app\b.reg`: wide(binary.LittleEndian, "\n\ntoken="+secret), `C:\app\c.txt`: wide(binary.BigEndian, secret),
			`C:\allowed\x\a`: secret, `C:\kept\a`: secret, `C:\also it's\a`: secret,
		}
		file := filepath.Join(t.TempDir(), "allow")
		if err := os.WriteFile(file, []byte("C:/also it's\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		shown, err := sealedWindows(t, g, map[string]any{"secret_scan": mode, "scan_allow": []string{"C:/allowed"}, "scan_allow_file": file, "keep": []string{"C:/kept"}})
		if (want.err == 0) != (err == nil) {
			t.Fatalf("%s: %v\n%s", mode, err, shown)
		}
		text := shown
		if err != nil {
			text = err.Error()
		}
		for _, place := range []string{`C:\app\a.ini:2 (slack-token)`, `C:\app\b.reg:3 (slack-token)`, `C:\app\c.txt:1 (slack-token)`} {
			if strings.Contains(text, place) != (want.err+want.said > 0) {
				t.Errorf("%s: %s and\n%s", mode, place, text)
			}
		}
		if strings.Contains(text, `C:\allowed`) || strings.Contains(text, `C:\kept`) || strings.Contains(text, `C:\also`) || strings.Contains(text+shown, secret) {
			t.Errorf("%s: %s", mode, text)
		}
	}
}

// TestSecretsOfThisBuildAreNotSentToWindows: what is looked for there is in nothing that
// was sent, and yet found, in each form in which Windows writes.
func TestSecretsOfThisBuildAreNotSentToWindows(t *testing.T) {
	t.Parallel()
	const token, variable, password = "tok'en-$(id)-\u00e9", "json-variable-value", "pass-word-of-login"
	key := strings.Fields(sealtest.BuildKey)[1]
	for way, config := range map[string]map[string]any{"winrm": {}, "ssh": {"guest_os_type": "windows"}} {
		for mode, want := range map[string]int{"fail": 7, "warn": 7, "off": 4} {
			g, report := planted(t), filepath.Join(t.TempDir(), "report.json")
			g.overSSH = way == "ssh"
			g.disk = map[string]string{
				`C:\t\utf8`: "x" + token + "x", `C:\t\le`: wide(binary.LittleEndian, token), `C:\t\be`: "x" + wide(binary.BigEndian, token), `C:\t\1252`: "tok'en-$(id)-\xe9",
				`C:\v`: variable, `C:\p`: wide(binary.BigEndian, password), `C:\k`: "ssh-ed25519 " + key, `C:\n`: token[1:] + password[1:] + "short",
			}
			config["forbidden_strings"], config["secret_scan"], config["report"] = []string{"stands-nowhere", token}, mode, report
			config["packer_user_variables"], config["packer_sensitive_variables"] = map[string]string{"db": variable, "s": "short"}, []string{"db", "s"}
			p := overRPC(t, &Provisioner{})
			if err := p.Prepare(config); err != nil {
				t.Fatal(err)
			}
			ui := &screen{t: t}
			err := p.Provision(t.Context(), ui, g, map[string]any{"ConnType": way, "Password": password, "WinRMPassword": password, "SSHPublicKey": sealtest.BuildKey})
			g.done.Wait()
			written, readErr := os.ReadFile(report)
			if err == nil || readErr != nil {
				t.Fatalf("%s: %v, %v", mode, err, readErr)
			}
			var left []string
			got := readReport(t, report)
			for _, op := range got.Operations {
				left = append(left, op.LeftAt...)
			}
			for path, label := range map[string]string{
				`C:\t\utf8`: "", `C:\t\le`: "", `C:\t\be`: "", `C:\t\1252`: "",
				`C:\v`: `the sensitive variable "db"`, `C:\p`: "the password of the build's login", `C:\k`: "the build's public key",
			} {
				fails := slices.Contains(left, path+" ("+cmp.Or(label, "forbidden_strings[1]")+")")
				warns := slices.Contains(got.Warnings, path+" holds "+label)
				if fails != (label == "" || mode == "fail") || warns != (label != "" && mode == "warn") {
					t.Errorf("%s by %s: %s in %q and %q", mode, way, path, left, got.Warnings)
				}
			}
			if len(left)+len(got.Warnings) != want {
				t.Errorf("%s: %q and %q", mode, left, got.Warnings)
			}
			for _, value := range []string{token, variable, password} {
				nowhere(t, value, append(g.got, err.Error(), ui.text(), string(written)))
			}
		}
	}
}

// nowhere fails the test where a value stands in one of the texts, as it is, in
// UTF-16, or in base64 or hex of either.
func nowhere(t *testing.T, value string, texts []string) {
	t.Helper()
	little, big := wide(binary.LittleEndian, value)[2:], wide(binary.BigEndian, value)[2:]
	for _, form := range []string{value, strings.ReplaceAll(value, "'", "''"), little, big} {
		shapes := []string{form, hex.EncodeToString([]byte(form)), strings.ToUpper(hex.EncodeToString([]byte(form)))}
		for lead := range 3 { // of what stands before it in the same base64
			encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, lead), form...))
			shapes = append(shapes, encoded[4:len(encoded)-4])
		}
		for _, text := range texts {
			for _, shape := range shapes {
				if strings.Contains(text, shape) {
					t.Errorf("%q stands in\n%.300s", value, text)
				}
			}
		}
	}
}

// sealKeys plays what becomes of authorized keys.
func (g *windowsGuest) sealKeys(program, name string) {
	for owner, lines := range g.keys {
		switch {
		case name == "authorized-keys" && !slices.Contains(g.list(program, "GaKeepUsers"), owner):
			delete(g.keys, owner)
		case name == "build-key":
			g.keys[owner] = strings.Join(slices.DeleteFunc(strings.Split(lines, "\n"), func(line string) bool { return strings.Contains(line, g.value(program, "GaBuildKey")) }), "\n")
		}
	}
}

// TestTheBuildsKeyGoesFromKeysThatStay: as on Linux, and only where it is known.
func TestTheBuildsKeyGoesFromKeysThatStay(t *testing.T) {
	t.Parallel()
	const other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMotherotherotherotherotherotherotherotherothe ops"
	all := "# team\n" + sealtest.BuildKey + "\n" + other + "\n"
	for public, want := range map[string]string{sealtest.BuildKey: "# team\n" + other + "\n", "": all, "ssh-rsa nokey": all} {
		g := planted(t)
		g.keys = map[string]string{"ops": all, "gone": other}
		p := overRPC(t, &Provisioner{})
		if err := p.Prepare(map[string]any{"keep_users": []string{"ops"}}); err != nil {
			t.Fatal(err)
		}
		ui := &screen{t: t}
		if err := p.Provision(t.Context(), ui, g, map[string]any{"ConnType": "winrm", "SSHPublicKey": public}); err != nil {
			t.Fatalf("%v\n%s", err, ui.text())
		}
		if len(g.keys) != 1 || g.keys["ops"] != want {
			t.Errorf("%q: %q", public, g.keys)
		}
	}
}
