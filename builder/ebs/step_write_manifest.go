package ebs

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/hashicorp/packer-plugin-sdk/multistep"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/lineage"
	"github.com/goldenami/packer-plugin-goldenami/internal/shell"
	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
	"github.com/goldenami/packer-plugin-goldenami/version"
)

// stepWriteManifest writes into the image what it is, after the stages and before the
// provisioners of the build block. A guest that takes no file costs a warning: the
// image's tags say the same.
//
// Reads: communicator.
type stepWriteManifest struct{ *build }

func (s stepWriteManifest) Run(ctx context.Context, state multistep.StateBag) multistep.StepAction {
	if s.meta == nil {
		return multistep.ActionContinue
	}
	comm, ok := state.Get("communicator").(packersdk.Communicator)
	if !ok || s.cfg.Comm.Type == "none" {
		s.say("Manifest: left out of the image, since there is no connection to the instance")
		return multistep.ActionContinue
	}
	guest := manifestGuest{guest: guest{comm: comm, ui: s.ui, dir: "/tmp/goldenami-manifest-" + s.runID}}
	write, path := guest.writeLinux, lineage.ManifestFile
	if s.source.Platform == types.PlatformValuesWindows {
		write, path = guest.writeWindows, lineage.WindowsManifestFile
	}
	manifest, err := s.manifest(ctx, guest)
	if err == nil {
		err = write(ctx, manifest)
	}
	switch {
	case ctx.Err() != nil:
		return s.halt("manifest: %w", context.Cause(ctx))
	case err != nil:
		s.say("Warning: the image has no manifest, because it could not be written: %s", err)
	default:
		s.say("Manifest: %s", path)
	}
	return multistep.ActionContinue
}

func (stepWriteManifest) Cleanup(multistep.StateBag) {}

// manifest is what the parent's manifest says of its stages, what this build baked,
// and, the best witness, what the stages left on the machine.
func (s stepWriteManifest) manifest(ctx context.Context, g manifestGuest) ([]byte, error) {
	bake, _ := stage.Cut(s.cfg.stages, s.base.Tier, s.cfg.tier())
	baked := make([]lineage.Stage, 0, len(bake))
	for _, b := range bake {
		baked = append(baked, lineage.Stage{Name: b.Name, Tier: string(b.Tier), SHA256: b.Hash()})
	}
	commands := []string{
		"cat " + lineage.ManifestFile + " 2>/dev/null || :",
		"cd " + stage.MarkerDir + " 2>/dev/null && for f in *; do [ -f \"$f\" ] && echo \"$f $(cat \"$f\")\"; done || :",
	}
	if s.source.Platform == types.PlatformValuesWindows {
		commands = []string{powershell(fmt.Sprintf("if (Test-Path '%[1]s') { Get-Content -Raw -Encoding UTF8 '%[1]s' }", lineage.WindowsManifestFile))}
	}
	told := make([]string, 2)
	for i, command := range commands {
		text, err := g.output(ctx, command)
		if err != nil {
			return nil, err
		}
		told[i] = text
	}
	parent, markers := lineage.ParseManifest([]byte(told[0])), lineage.ParseMarkers(told[1])
	if s.base.Tier == "" {
		parent, markers = lineage.Manifest{}, s.known(markers)
	}
	return lineage.NewManifest(version.PluginVersion.String(), *s.meta, parent, baked, markers).JSON()
}

// known drops markers of stages that the family does not have: an image that is built
// from a source AMI has no parent whose stages they could be.
func (s stepWriteManifest) known(markers []lineage.Stage) []lineage.Stage {
	names := map[string]bool{}
	for _, st := range s.cfg.stages {
		names[st.Name] = true
	}
	var out []lineage.Stage
	for _, m := range markers {
		if names[m.Name] {
			out = append(out, m)
		}
	}
	return out
}

// manifestGuest is the instance as the manifest sees it.
type manifestGuest struct{ guest }

// output gives what a command prints.
func (g manifestGuest) output(ctx context.Context, command string) (string, error) {
	var out bytes.Buffer
	cmd := &packersdk.RemoteCmd{Command: command, Stdout: &out}
	if err := g.comm.Start(ctx, cmd); err != nil {
		return "", fmt.Errorf("read what the machine holds: %w", err)
	}
	if code := cmd.Wait(); code != 0 {
		return "", fmt.Errorf("read what the machine holds: exit code %d", code)
	}
	return out.String(), nil
}

// writeLinux puts the file into its place as root, whole or not at all.
func (g manifestGuest) writeLinux(ctx context.Context, manifest []byte) error {
	dir := lineage.ManifestFile[:strings.LastIndexByte(lineage.ManifestFile, '/')]
	fresh := dir + "/.manifest.json.new"
	program := "#!/bin/sh -e\numask 022\nmkdir -p " + dir + "\n" +
		"printf '%s' " + shell.Quote(string(manifest)) + " >" + fresh + "\n" +
		"chown 0:0 " + fresh + "\nchmod 0644 " + fresh + "\n" +
		"mv -f " + fresh + " " + lineage.ManifestFile + "\n"
	if err := g.run(ctx, "umask 077 && mkdir "+g.dir); err != nil {
		return fmt.Errorf("make a private folder on the instance: %w", err)
	}
	if err := g.program(ctx, "manifest", []byte(program)); err != nil {
		return err
	}
	return g.run(ctx, "rm -rf "+g.dir)
}

func (g manifestGuest) writeWindows(ctx context.Context, manifest []byte) error {
	dir := lineage.WindowsManifestFile[:strings.LastIndexByte(lineage.WindowsManifestFile, '\\')]
	if err := g.run(ctx, powershell("New-Item -ItemType Directory -Force '"+dir+"' | Out-Null")); err != nil {
		return fmt.Errorf("make its folder: %w", err)
	}
	if err := g.comm.Upload(lineage.WindowsManifestFile, bytes.NewReader(manifest), nil); err != nil {
		return fmt.Errorf("upload it: %w", err)
	}
	return nil
}

// powershell gives a command line that runs a command under any shell of Windows. The
// command has no double quotes.
func powershell(command string) string {
	return `powershell -NoProfile -NonInteractive -Command "` + command + `"`
}
