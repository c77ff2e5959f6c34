package windows

import (
	"crypto/sha256"
	_ "embed" // the program's parts
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/powershell"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
)

var (
	//go:embed program/base.ps1
	baseText string
	//go:embed program/remove.ps1
	removeText string
	//go:embed program/check.ps1
	checkText string
	//go:embed program/scan.ps1
	scanText string
	//go:embed program/guest.ps1
	guestText string
	//go:embed program/preflight.ps1
	preflightText string
	//go:embed program/main.ps1
	mainText string
)

// ExitBroken is how the launcher ends when the program is not there or is not what
// was sent. Nothing was changed then.
const ExitBroken = 78

var validNonce = regexp.MustCompile(`^[0-9a-f]{32}$`)

// Program gives the text of the PowerShell program for o: printable ASCII in lines
// that are separated by \n, without one after the last.
func Program(o Options) (string, error) {
	if err := o.Validate(); err != nil {
		return "", err
	}
	if !validNonce.MatchString(o.Nonce) {
		return "", errors.New("the seal's program needs a nonce of 32 hex digits")
	}
	var b strings.Builder
	selected := o.selected()
	fmt.Fprintf(&b, "$GaNonce = %s\n$GaMode = %s\n$GaAllowNoLaunchKey = $%t\n", powershell.Literal(o.Nonce), powershell.Literal(string(o.Mode)), o.AllowNoLaunchKey)
	fmt.Fprintf(&b, "$GaKeep = %s\n$GaKeepUsers = %s\n$GaScrub = %s\n", powershell.List(o.kept()), powershell.List(o.KeepUsers), powershell.List(cleanAll(o.ScrubPaths)))
	fmt.Fprintf(&b, "$GaBuildKey = %s\n", powershell.Literal(seal.KeyText(o.BuildKey)))
	fmt.Fprintf(&b, "$GaOperations = %s\n$GaLaters = %s\n", powershell.List(selected), powershell.List(laters))
	writeScan(&b, o)
	for _, part := range []string{baseText, removeText, checkText, guestText, scanText, preflightText} {
		b.WriteString(part)
	}
	for _, name := range selected {
		b.WriteString(fragment("ops", name))
	}
	for _, name := range laters {
		b.WriteString(fragment("later", name))
	}
	b.WriteString(mainText)
	return lines(b.String()), nil
}

// Parser reads the report of the program that [Program] made for o.
func Parser(o Options) *seal.Parser {
	return seal.Expectation{
		Mode: o.Mode, Strict: o.Strict, Nonce: o.Nonce,
		Operations: operations(), Selected: o.selected(),
		NotCovered: NotCovered(o), Handovers: Handovers(),
	}.Parser()
}

// NotCovered is what a run of o says nothing about.
func NotCovered(o Options) []string {
	secrets := "secrets without a known form, in databases, compressed or encoded files, and in the registry"
	if !slices.Contains(o.selected(), "secret-scan") {
		secrets = "secrets inside files of applications"
	}
	return []string{
		secrets,
		"the registry of users who are not logged in",
		"secrets of LSA, and what the password of Administrator is",
		"the page file",
		"what services write after the seal",
		"blocks of files that were deleted before",
		"volumes other than those that hold the paths named",
	}
}

// The launcher's parts. It runs the program in its own scope, so that the program has
// one scope whichever way it came.
const (
	launcherHead = "$ErrorActionPreference = 'Stop'\n$ProgressPreference = 'SilentlyContinue'\n"
	launcherTail = `$bytes = [Text.Encoding]::UTF8.GetBytes($program)
$hash = [BitConverter]::ToString((New-Object Security.Cryptography.SHA256CryptoServiceProvider).ComputeHash($bytes)).Replace('-', '')
if ($hash -ne '%X') {
[Console]::Error.WriteLine('goldenami-seal: the program did not arrive as it was sent')
exit %d
}
. ([ScriptBlock]::Create($program))
`
	fromInput = "$program = @($input) -join \"`n\"\n"
	fromFile  = `$program = ''
if ([IO.File]::Exists(%[1]s)) {
$program = [IO.File]::ReadAllText(%[1]s)
[IO.File]::Delete(%[1]s)
}
`
)

// Launcher gives the one remote command for a program that comes on its standard
// input, whichever shell answers.
func Launcher(program string) string { return launcher(program, fromInput) }

// FileLauncher gives the one remote command for a program that was put at path,
// because WinRM in Packer has no standard input. It deletes the file before it
// runs what it has read.
func FileLauncher(program, path string) string {
	return launcher(program, fmt.Sprintf(fromFile, powershell.Literal(path)))
}

func launcher(program, from string) string {
	return powershell.Command(launcherHead + from + fmt.Sprintf(launcherTail, sha256.Sum256([]byte(program)), ExitBroken))
}

// FilePath is where a program waits for [FileLauncher]: in a folder that every Windows
// has, under a name that nobody can know before.
func FilePath(nonce string) string { return fileHead + nonce + fileTail }

const fileHead, fileTail = "C:/Windows/Temp/goldenami-seal-", ".ps1"
