package powershell

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// Literal gives s as an expression that evaluates to s. It is printable ASCII
// without "<", whatever s is, so that neither a code page nor an agent that looks
// for tags changes it. What is not UTF-8 becomes U+FFFD.
func Literal(s string) string {
	for _, b := range []byte(s) {
		if b < ' ' || b > '~' || b == '<' {
			s = strings.ToValidUTF8(s, "\ufffd")
			return "([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('" + base64.StdEncoding.EncodeToString([]byte(s)) + "')))"
		}
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// List gives all as an expression of an array of strings, one or none included.
func List(all []string) string {
	quoted := make([]string, len(all))
	for i, s := range all {
		quoted[i] = Literal(s)
	}
	return "@(" + strings.Join(quoted, ", ") + ")"
}

// Command gives the command line that runs program. It holds nothing that any
// shell reads as more than a word. Windows takes lines of up to 8191 characters,
// which is about 3000 of a program.
func Command(program string) string {
	var raw []byte
	for _, unit := range utf16.Encode([]rune(program)) {
		raw = binary.LittleEndian.AppendUint16(raw, unit)
	}
	return commandHead + base64.StdEncoding.EncodeToString(raw)
}

const commandHead = "powershell.exe -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -OutputFormat Text -EncodedCommand "

// Program gives the program of a command line that [Command] gave, and whether it is
// one.
func Program(command string) (string, bool) {
	encoded, ok := strings.CutPrefix(command, commandHead)
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(raw)%2 != 0 {
		return "", false
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(raw[2*i:])
	}
	return string(utf16.Decode(units)), true
}
