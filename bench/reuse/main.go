package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"time"
)

type options struct {
	packer, plugin, sandbox, templates string
	runs                               int
}

func main() {
	var o options
	flag.StringVar(&o.packer, "packer", ".bin/packer", "the `BINARY` of Packer")
	flag.StringVar(&o.plugin, "plugin", ".bin/packer-plugin-goldenami", "the `BINARY` of the plugin")
	flag.StringVar(&o.sandbox, "sandbox", ".bin/sandbox", "the `BINARY` of cmd/sandbox")
	flag.StringVar(&o.templates, "templates", "bench/reuse", "the `DIR` with family.pkr.hcl and null.pkr.hcl")
	flag.IntVar(&o.runs, "runs", 7, "how often each template is built")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/reuse:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "bench-reuse-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b, err := start(ctx, o, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	first, err := b.build(ctx, "family.pkr.hcl")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "first build of three tiers: %.2f s, %d instances launched, %d API calls\n", first.took.Seconds(), first.launched(), first.sum())
	var again, null []time.Duration
	var last measured
	for range o.runs {
		if last, err = b.build(ctx, "family.pkr.hcl"); err != nil {
			return err
		}
		again = append(again, last.took)
		empty, err := b.build(ctx, "null.pkr.hcl")
		if err != nil {
			return err
		}
		null = append(null, empty.took)
	}
	fmt.Fprintf(out, "again, unchanged: %d instances launched, %d API calls\n", last.launched(), last.sum())
	for _, action := range slices.Sorted(maps.Keys(last.calls)) {
		fmt.Fprintf(out, "  %-28s %d\n", action, last.calls[action])
	}
	fmt.Fprintf(out, "seconds, median of %d runs: %.2f unchanged, %.2f of three null builders, %.2f between\n",
		o.runs, median(again).Seconds(), median(null).Seconds(), (median(again) - median(null)).Seconds())
	return nil
}

func median(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// measured is one run of Packer.
type measured struct {
	took  time.Duration
	calls map[string]int // by action
}

func (m measured) launched() int { return m.calls["RunInstances"] + m.calls["CreateFleet"] }

func (m measured) sum() int {
	n := 0
	for _, c := range m.calls {
		n += c
	}
	return n
}

// build runs Packer on a template, which must succeed.
func (b *bench) build(ctx context.Context, template string) (measured, error) {
	before, err := b.countCalls()
	if err != nil {
		return measured{}, err
	}
	cmd := exec.CommandContext(ctx, b.packer, "build", "-color=false", filepath.Join(b.templates, template)) //nolint:gosec // the binaries are the caller's word
	cmd.Env = b.env
	began := time.Now()
	text, err := cmd.CombinedOutput()
	m := measured{took: time.Since(began)}
	if err != nil {
		return m, fmt.Errorf("packer build %s: %w\n%s", template, err, text)
	}
	m.calls, err = b.countCalls()
	for action, n := range before {
		if m.calls[action] -= n; m.calls[action] == 0 {
			delete(m.calls, action)
		}
	}
	return m, err
}

// countCalls reads the endpoint's log.
func (b *bench) countCalls() (map[string]int, error) {
	text, err := os.ReadFile(b.log)
	if err != nil {
		return nil, err
	}
	calls := map[string]int{}
	for line := range bytes.Lines(text) {
		var c struct{ Action string }
		if err := json.Unmarshal(line, &c); err != nil {
			return nil, fmt.Errorf("the endpoint's log: %w", err)
		}
		calls[c.Action]++
	}
	return calls, nil
}
