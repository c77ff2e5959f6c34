package windows

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/goldenami/packer-plugin-goldenami/internal/powershell"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
)

// writeScan writes what the two searches look for. The forbidden strings are not among
// it: PowerShell logs programs where it is told to, and what WinRM uploads passes
// through command lines, which Windows may log too.
func writeScan(b *strings.Builder, o Options) {
	fmt.Fprintf(b, "$GaSecretScan = %s\n$GaScanTimeout = %d\n$GaScanAllow = %s\n",
		powershell.Literal(string(o.SecretScan)), int(o.ScanTimeout.Seconds()), powershell.List(cleanAll(o.ScanAllow)))
	if o.set("secret_scan") {
		list := make([]string, 0, 3*len(rules()))
		for _, r := range rules() {
			list = append(list, r.name, r.sure, r.pattern)
		}
		fmt.Fprintf(b, "$GaRules = %s\n$GaExample = %s\n", powershell.List(list), powershell.Literal(examplePattern()))
	}
	if o.set("forbidden_strings") {
		list, most := o.prints()
		fmt.Fprintf(b, "$GaForbidden = %s\n$GaForbiddenLongest = %d\n", powershell.List(list), most)
	}
}

// prints gives, of the salt and of each form of each string, the label, the verdict,
// two bits of each byte and the salted hash; and the length of the longest form. With
// the salt, which anybody may know, the program tries itself.
func (o Options) prints() (list []string, most int) {
	list = o.print("the salt of this run", "fail", o.Nonce)
	most = len(o.Nonce)
	for _, f := range o.Forbidden {
		verdict := "fail"
		if f.Warn {
			verdict = "warn"
		}
		for _, form := range forms(f) {
			list = append(list, o.print(f.Label, verdict, form)...)
			most = max(most, len(form))
		}
	}
	return list, most
}

func (o Options) print(label, verdict, form string) []string {
	bits := make([]byte, len(form))
	for i := range bits {
		bits[i] = '@' | form[i]&3
	}
	hash := sha256.Sum256([]byte(o.Nonce + form))
	return []string{label, verdict, string(bits), base64.StdEncoding.EncodeToString(hash[:])}
}

// forms gives the bytes in which a string can stand in files of Windows: in UTF-8, in
// UTF-16 of either order, and in the code page of the west where that differs.
func forms(f seal.Forbidden) []string {
	text := f.Pattern()
	for text != "" && !utf8.ValidString(text) && utf8.ValidString(f.Value) {
		text = text[:len(text)-1] // it was cut within a character
	}
	var little, big, west []byte
	for _, r := range text {
		for _, unit := range utf16.Encode([]rune{r}) {
			little, big = binary.LittleEndian.AppendUint16(little, unit), binary.BigEndian.AppendUint16(big, unit)
		}
		if r <= 0xff {
			west = append(west, byte(r)) //nolint:gosec // it fits
		}
	}
	switch {
	case len(west) == len(text): // ASCII, so that one form is in UTF-16 of both orders
		return []string{text, string(little[:len(little)-1])}
	case len(west) == utf8.RuneCountInString(text):
		return []string{text, string(west), string(little), string(big)}
	}
	return []string{text, string(little), string(big)}
}
