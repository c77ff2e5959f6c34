package stage

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/powershell"
)

// WindowsDir takes the place of MarkerDir's parent on Windows: the folder stages
// below it holds the markers, and status.json is in it.
const WindowsDir = `C:\ProgramData\goldenami`

// psPrologue defines what every stage uses. It holds no <, so that no agent takes
// a part of it for the end of a script. A marker is deleted before it is renewed:
// a machine that loses power has all of it or none.
const psPrologue = `$ErrorActionPreference = 'Stop'
$goldenamiDir = Join-Path $goldenamiRoot 'stages'
$goldenamiTmp = Join-Path $goldenamiRoot ('run-' + [Guid]::NewGuid().ToString('N'))
$goldenamiScript = Join-Path $goldenamiTmp 'stage.ps1'
$goldenamiFiles = Join-Path $goldenamiTmp 'files'
$goldenamiCode = 0
function GoldenamiSay($text) { [Console]::Error.WriteLine('goldenami: ' + $text) }
function GoldenamiNow { [int64][Math]::Floor(([DateTime]::UtcNow - [DateTime]'1970-01-01').TotalSeconds) }
function GoldenamiSave($path, $base64) {
	[void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($path))
	[IO.File]::WriteAllBytes($path, [Convert]::FromBase64String($base64))
}
function GoldenamiReplace($path, $text) {
	[IO.File]::WriteAllText($path + '.new', $text)
	[IO.File]::Delete($path)
	[IO.File]::Move($path + '.new', $path)
}
function GoldenamiDue($name, $hash) {
	$script:goldenamiAt = GoldenamiNow
	$marker = Join-Path $goldenamiDir $name
	if ([IO.File]::Exists($marker) -and ([IO.File]::ReadAllText($marker).Trim() -eq $hash)) {
		GoldenamiSay ('stage ' + $name + ': done before')
		GoldenamiRecord $name $hash 'kept' 0 0
		return $false
	}
	return $true
}
function GoldenamiRun($environment, $script, $arguments) {
	$was = @{}
	foreach ($name in $environment.Keys) {
		$was[$name] = [Environment]::GetEnvironmentVariable($name)
		[Environment]::SetEnvironmentVariable($name, $environment[$name])
	}
	$ErrorActionPreference = 'Continue'
	try {
		& powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File $script @arguments | Out-Host
		return $LASTEXITCODE
	} finally {
		foreach ($name in $was.Keys) { [Environment]::SetEnvironmentVariable($name, $was[$name]) }
	}
}
function GoldenamiEnd($name, $hash, $code) {
	if ([IO.File]::Exists($goldenamiScript)) { [IO.File]::Delete($goldenamiScript) }
	if ([IO.Directory]::Exists($goldenamiFiles)) { [IO.Directory]::Delete($goldenamiFiles, $true) }
	$seconds = (GoldenamiNow) - $goldenamiAt
	if ($code -ne 0) {
		GoldenamiSay ('stage ' + $name + ': failed with exit code ' + $code)
		$script:goldenamiCode = $code
		GoldenamiRecord $name $hash 'failed' $code $seconds
		return
	}
	GoldenamiReplace (Join-Path $goldenamiDir $name) $hash
	GoldenamiSay ('stage ' + $name + ': done')
	GoldenamiRecord $name $hash 'ran' 0 $seconds
}
[void][IO.Directory]::CreateDirectory($goldenamiDir)
[void][IO.Directory]::CreateDirectory($goldenamiTmp)
& icacls.exe $goldenamiTmp /inheritance:r /grant:r '*S-1-5-18:(OI)(CI)F' '*S-1-5-32-544:(OI)(CI)F' | Out-Null
if ($LASTEXITCODE -ne 0) { GoldenamiSay 'cannot make a private folder: run this as an administrator'; exit 1 }
`

const psNoRecorder = `function GoldenamiRecord($name, $hash, $result, $code, $seconds) { }
function GoldenamiFinish($state, $code) { }
`

const psRecorder = `$goldenamiBegan = GoldenamiNow
$goldenamiStages = @()
function GoldenamiRecord($name, $hash, $result, $code, $seconds) {
	$script:goldenamiStages += '{"name":"' + $name + '","hash":"' + $hash + '","result":"' + $result + '","exit_code":' + $code + ',"seconds":' + $seconds + '}'
	GoldenamiFinish 'running' 0
}
function GoldenamiFinish($state, $code) {
	$text = '{"schema":1,"state":"' + $state + '","exit_code":' + $code + ',"started":' + $goldenamiBegan + ',"seconds":' + ((GoldenamiNow) - $goldenamiBegan) + ',"stages":[' + ($goldenamiStages -join ',') + ']}'
	try { GoldenamiReplace (Join-Path $goldenamiRoot 'status.json') $text } catch { GoldenamiSay ('cannot write status.json: ' + $_) }
}
GoldenamiFinish 'running' 0
`

const psEnd = `if ($goldenamiCode -eq 0) { GoldenamiFinish 'done' 0 } else { GoldenamiFinish 'failed' $goldenamiCode }
`

const psLeave = `[IO.Directory]::Delete($goldenamiTmp, $true)
exit $goldenamiCode
`

// psProgram is program for Windows: own is a script of the customer's that runs
// after the stages, whatever becomes of them, as scripts do under cloud-init.
func psProgram(stages []Stage, recorder string, own []byte) []byte {
	var out bytes.Buffer
	out.WriteString("# Runs the stages of a golden image, each one once per content.\n")
	fmt.Fprintf(&out, "$goldenamiRoot = %s\n%s%s", powershell.Literal(WindowsDir), psPrologue, recorder)
	for _, s := range stages {
		writePSStage(&out, s)
	}
	out.WriteString(psEnd)
	if len(own) > 0 {
		fmt.Fprintf(&out, "\n# user data of its own\n$goldenamiOwn = Join-Path $goldenamiTmp 'own.ps1'\nGoldenamiSave $goldenamiOwn '%s'\n", encoded(own))
		out.WriteString("$goldenamiOwnCode = GoldenamiRun @{} $goldenamiOwn $args\nif ($goldenamiCode -eq 0) { $goldenamiCode = $goldenamiOwnCode }\n")
	}
	out.WriteString(psLeave)
	return out.Bytes()
}

func writePSStage(out *bytes.Buffer, s Stage) {
	name, hash := powershell.Literal(s.Name), s.Hash()
	fmt.Fprintf(out, "\n# stage %s, tier %s\nif (($goldenamiCode -eq 0) -and (GoldenamiDue %s '%s')) {\n", s.Name, s.Tier, name, hash)
	out.WriteString("\t$code = 1\n\ttry {\n")
	fmt.Fprintf(out, "\t\tGoldenamiSave $goldenamiScript '%s'\n", encoded(s.content))
	for _, f := range s.Files {
		fmt.Fprintf(out, "\t\tGoldenamiSave (Join-Path $goldenamiFiles %s) '%s'\n", powershell.Literal(strings.ReplaceAll(f.Path, "/", `\`)), base64.StdEncoding.EncodeToString(f.Content))
	}
	out.WriteString("\t\t$environment = @{}\n")
	for _, variable := range slices.Sorted(maps.Keys(s.Environment)) {
		fmt.Fprintf(out, "\t\t$environment[%s] = %s\n", powershell.Literal(variable), powershell.Literal(s.Environment[variable]))
	}
	if len(s.Files) > 0 {
		fmt.Fprintf(out, "\t\t$environment['%s'] = $goldenamiFiles\n", FilesVariable)
	}
	out.WriteString("\t\t$code = GoldenamiRun $environment $goldenamiScript @()\n")
	fmt.Fprintf(out, "\t} catch { GoldenamiSay ('stage ' + %s + ': ' + $_) }\n\tGoldenamiEnd %s '%s' $code\n}\n", name, name, hash)
}

// encoded gives a script in base64, with the mark by which Windows PowerShell
// knows UTF-8.
func encoded(script []byte) string {
	mark := []byte("\xef\xbb\xbf")
	if !bytes.HasPrefix(script, mark) {
		script = append(mark, script...)
	}
	return base64.StdEncoding.EncodeToString(script)
}
