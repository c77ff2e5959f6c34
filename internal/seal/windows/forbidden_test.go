package windows

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
)

// TestFormsOfAString: the bytes that files of Windows can hold of it.
func TestFormsOfAString(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][]string{
		"secret":               {"secret", "s\x00e\x00c\x00r\x00e\x00t"},
		"a\nlonger\nb":         {"longer", "l\x00o\x00n\x00g\x00e\x00r"},
		"caf\u00e9x":           {"caf\u00e9x", "caf\xe9x", "c\x00a\x00f\x00\xe9\x00x\x00", "\x00c\x00a\x00f\x00\xe9\x00x"},
		"k\u20acy\U0001f511xx": {"k\u20acy\U0001f511xx", "k\x00\xac\x20y\x00\x3d\xd8\x11\xddx\x00x\x00", "\x00k\x20\xac\x00y\xd8\x3d\xdd\x11\x00x\x00x"},
	} {
		if got := forms(seal.Forbidden{Value: value}); !slices.Equal(got, want) {
			t.Errorf("%q: %q", value, got)
		}
	}
	// Cut at 512 bytes, within a character.
	long := forms(seal.Forbidden{Value: "x" + strings.Repeat("\u00e9", 400)})
	if want := "x" + strings.Repeat("\u00e9", 255); long[0] != want || long[1] != "x"+strings.Repeat("\xe9", 255) {
		t.Errorf("%q", long[0])
	}
}

// found is what the program does with a file: each place where two bits of each byte are
// right, and of these the first where the hash is.
func found(list []string, content []byte) int {
	bits := make([]byte, len(content))
	for i, b := range content {
		bits[i] = b&3 | 0x40
	}
	for at := 0; ; at++ {
		next := bytes.Index(bits[at:], []byte(list[2]))
		if next < 0 {
			return -1
		}
		at += next
		hash := sha256.Sum256(append([]byte(nonce), content[at:at+len(list[2])]...))
		if base64.StdEncoding.EncodeToString(hash[:]) == list[3] {
			return at
		}
	}
}

// TestPrintsFindAndDoNotTell: the list finds the string among its likes, begins with the
// salt, and holds nothing of a string but its length and two bits of each byte.
func TestPrintsFindAndDoNotTell(t *testing.T) {
	t.Parallel()
	o := full()
	o.Forbidden = []seal.Forbidden{{Label: "a", Value: "it's-a-secret"}, {Label: "b", Value: "caf\u00e9-secret", Warn: true}}
	list, most := o.prints()
	if len(list) != 4*(1+2+4) || most != 32 || list[0] != "the salt of this run" || found(list, []byte("x"+nonce)) != 1 {
		t.Fatalf("%d: %q", most, list)
	}
	if got := []string{list[4], list[5], list[12], list[13]}; !slices.Equal(got, []string{"a", "fail", "b", "warn"}) {
		t.Errorf("%q", got)
	}
	if list[6] != bitsOf("it's-a-secret") || found(list[4:], []byte("mt's-a-secret it's-a-secret")) != 14 || found(list[4:], []byte("it's-a-secreT")) != -1 {
		t.Errorf("%q", list[4:8])
	}
	for _, part := range []string{"s-a-secret", "a-secret'", "caf", base64.StdEncoding.EncodeToString([]byte("it's-a-secret"))[:16], base64.StdEncoding.EncodeToString([]byte("caf\u00e9-secret"))[:16]} {
		if strings.Contains(program(t, o), part) {
			t.Errorf("%q is in the program", part)
		}
	}
	again := o
	again.Nonce = strings.Repeat("f", 32)
	if other, _ := again.prints(); other[7] == list[7] {
		t.Error("two runs have one hash")
	}
}

func bitsOf(text string) string {
	bits := []byte(text)
	for i := range bits {
		bits[i] = "@ABC"[bits[i]%4]
	}
	return string(bits)
}
