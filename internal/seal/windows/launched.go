package windows

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/powershell"
)

// Launched tells whether a command line is one that [Launcher] or [FileLauncher] gave,
// for who carries it to the guest. Of the second it gives the nonce of the program too;
// of the first, the program itself has it.
func Launched(command string) (nonce string, ok bool) {
	text, ok := powershell.Program(command)
	if !ok {
		return "", false
	}
	found := launched.FindStringSubmatch(text)
	if len(found) != 4 || found[1] != found[2] || found[2] != found[3] {
		return "", false
	}
	return found[1], true
}

// IsFile tells whether the path is one that [FilePath] gave.
func IsFile(path string) bool {
	nonce, ok := strings.CutPrefix(path, fileHead)
	nonce, tail := strings.CutSuffix(nonce, fileTail)
	return ok && tail && validNonce.MatchString(nonce)
}

// launched is what a launcher looks like, whatever the program.
var launched = regexp.MustCompile("^" + regexp.QuoteMeta(launcherHead) +
	"(?:" + regexp.QuoteMeta(fromInput) + "|" + fill(fromFile, "%[1]s", "'"+regexp.QuoteMeta(fileHead)+"([0-9a-f]{32})"+regexp.QuoteMeta(fileTail)+"'") + ")" +
	strings.ReplaceAll(fill(launcherTail, "%X", "[0-9A-F]{64}"), "%d", strconv.Itoa(ExitBroken)) + "$")

// fill makes a pattern of a text with places for a value.
func fill(text, place, value string) string {
	return strings.ReplaceAll(regexp.QuoteMeta(text), regexp.QuoteMeta(place), value)
}
