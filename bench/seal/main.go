package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"time"
)

type options struct {
	root, dir string
	runs      int
	names     bool
}

func main() {
	var o options
	flag.StringVar(&o.root, "root", "", "the `DIR` of a Debian root, as scripts/guest-root.sh makes it")
	flag.StringVar(&o.dir, "dir", os.TempDir(), "the `DIR` in which copies of it are made")
	flag.IntVar(&o.runs, "runs", 3, "how often each tool works; the median of its times is told")
	flag.BoolVar(&o.names, "names", false, "print the path of everything that is left")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/seal:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) (err error) {
	if os.Geteuid() != 0 {
		return errors.New("this needs root: it makes files of other users")
	}
	dir, err := os.MkdirTemp(o.dir, "bench-seal-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	all := make([]result, 0, len(tools))
	for _, t := range tools {
		r, err := measure(ctx, o, t, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		all = append(all, r)
	}
	show(out, all, o.names)
	return nil
}

// result is what one tool did.
type result struct {
	tool
	left      []canary // in the last run
	destroyed []string
	wall, cpu time.Duration
}

// measure has the tool work on new copies of the root.
func measure(ctx context.Context, o options, t tool, dir string) (result, error) {
	r := result{tool: t}
	var wall, cpu []time.Duration
	for range o.runs {
		root := filepath.Join(dir, "root")
		if err := plant(ctx, o.root, root); err != nil {
			return r, err
		}
		a, b, err := t.clean(ctx, root)
		if err != nil {
			return r, err
		}
		wall, cpu = append(wall, a), append(cpu, b)
		if r.left, r.destroyed, err = look(root); err != nil {
			return r, err
		}
		if err := os.RemoveAll(root); err != nil {
			return r, err
		}
	}
	r.wall, r.cpu = median(wall), median(cpu)
	return r, nil
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// timed runs the command and gives the time it took, and that of processors.
func timed(cmd *exec.Cmd) (wall, cpu time.Duration, err error) {
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	wall = time.Since(begin)
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %s", err, out[max(0, len(out)-500):])
	}
	return wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}
