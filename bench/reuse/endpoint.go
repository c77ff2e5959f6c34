package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// bench is a running endpoint, and Packer with the plugin installed.
type bench struct {
	cmd                    *exec.Cmd
	packer, templates, log string
	env                    []string
}

// start serves an endpoint that launches no guests, and installs the plugin where
// nothing else of this machine is.
func start(ctx context.Context, o options, dir string) (*bench, error) {
	b := &bench{packer: o.packer, templates: o.templates, log: filepath.Join(dir, "calls.jsonl")}
	for _, line := range os.Environ() {
		if !strings.HasPrefix(line, "AWS_") && !strings.HasPrefix(line, "PACKER_") {
			b.env = append(b.env, line)
		}
	}
	b.env = append(b.env, "PACKER_PLUGIN_PATH="+filepath.Join(dir, "plugins"), "PACKER_CONFIG_DIR="+dir, "PACKER_CACHE_DIR="+filepath.Join(dir, "cache"),
		"GOLDENAMI_LEDGER_DIR="+filepath.Join(dir, "ledger"), "CHECKPOINT_DISABLE=1")
	install := exec.CommandContext(ctx, o.packer, "plugins", "install", "--path", o.plugin, "github.com/goldenami/goldenami") //nolint:gosec // the binaries are the caller's word
	install.Env = b.env
	if text, err := install.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("install the plugin (make build packer): %w\n%s", err, text)
	}
	b.cmd = exec.CommandContext(ctx, o.sandbox, "-instances", "none", "-log", b.log) //nolint:gosec // as above
	stdout, err := b.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	b.cmd.Stderr = os.Stderr
	if err := b.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the endpoint (make build): %w", err)
	}
	lines, set := bufio.NewScanner(stdout), map[string]bool{}
	for (!set["AWS_ENDPOINT_URL"] || !set["AWS_SECRET_ACCESS_KEY"] || !set["AWS_REGION"]) && lines.Scan() {
		if line, ok := strings.CutPrefix(lines.Text(), "export "); ok {
			name, value, _ := strings.Cut(line, "=")
			b.env = append(b.env, name+"="+strings.Trim(value, `'"`))
			set[name] = true
		}
	}
	if !set["AWS_ENDPOINT_URL"] {
		return nil, errors.Join(errors.New("the endpoint ended before it served"), b.cmd.Wait())
	}
	go func() { _, _ = io.Copy(io.Discard, stdout) }() // nothing in it matters any more
	return b, nil
}

// stop ends the endpoint as Ctrl-C does.
func (b *bench) stop() error {
	if err := b.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return b.cmd.Wait()
}
