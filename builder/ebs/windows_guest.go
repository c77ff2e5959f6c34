package ebs

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

// baker is an instance that stages are baked on.
type baker interface {
	open(ctx context.Context) error
	stage(ctx context.Context, s stage.Stage) error
	close(ctx context.Context) error
}

// baker is the instance behind a connection, as its system wants to be spoken to.
func (b *build) baker(g guest) baker {
	if b.cfg.userDataFormat().Windows() {
		g.dir = "C:/ProgramData/goldenami/build-" + b.runID
		return windowsGuest{g}
	}
	return g
}

func (g guest) open(ctx context.Context) error { return g.run(ctx, "umask 077 && mkdir "+g.dir) }

func (g guest) close(ctx context.Context) error { return g.run(ctx, "rm -rf "+g.dir) }

// windowsGuest is a guest with PowerShell, over WinRM or SSH, whatever shell answers.
type windowsGuest struct{ guest }

// open makes the folder for administrators and the system alone.
func (g windowsGuest) open(ctx context.Context) error {
	return g.command(ctx, "[void](New-Item -ItemType Directory -Path '"+g.dir+"')\n"+
		"& icacls.exe '"+g.dir+"' /inheritance:r /grant:r '*S-1-5-18:(OI)(CI)F' '*S-1-5-32-544:(OI)(CI)F' | Out-Null\n"+
		"exit $LASTEXITCODE\n")
}

func (g windowsGuest) close(ctx context.Context) error {
	return g.command(ctx, "Remove-Item -Recurse -Force -LiteralPath '"+g.dir+"'\n")
}

func (g windowsGuest) stage(ctx context.Context, s stage.Stage) error {
	path := g.dir + "/" + s.Name + ".ps1"
	if err := g.comm.Upload(path, bytes.NewReader(stage.Render(s)), nil); err != nil {
		return fmt.Errorf("upload it: %w", err)
	}
	return g.run(ctx, "powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File "+path)
}

// command runs lines of PowerShell. Encoded, they are the same to cmd, PowerShell and
// the shell of an SSH server.
func (g windowsGuest) command(ctx context.Context, lines string) error {
	var raw bytes.Buffer
	text := "$ErrorActionPreference = 'Stop'\n$ProgressPreference = 'SilentlyContinue'\n" + lines
	for _, unit := range utf16.Encode([]rune(text)) {
		raw.Write(binary.LittleEndian.AppendUint16(nil, unit))
	}
	encoded := base64.StdEncoding.EncodeToString(raw.Bytes())
	return g.run(ctx, strings.Join([]string{"powershell.exe", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-EncodedCommand", encoded}, " "))
}
