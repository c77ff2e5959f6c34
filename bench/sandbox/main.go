package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

type options struct {
	server, dir                         string
	regions, images, snapshots, clients int
	rate                                float64
	span                                time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.server, "server", ".bin/sandbox", "the `BINARY` of cmd/sandbox")
	flag.StringVar(&o.dir, "state", "", "`DIR` of a state that is kept and used again; empty makes a new one for this run")
	flag.IntVar(&o.regions, "regions", 0, "how many Regions are filled; 0 fills all that there are")
	flag.IntVar(&o.images, "images", 10_000, "images in each Region")
	flag.IntVar(&o.snapshots, "snapshots", 25_000, "snapshots in each Region")
	flag.IntVar(&o.clients, "clients", 200, "clients that call at once")
	flag.Float64Var(&o.rate, "rate", 200, "calls per second of all clients together in the first phase")
	flag.DurationVar(&o.span, "time", 20*time.Second, "how long each phase lasts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/sandbox:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) error {
	regions := world.RegionNames()
	if o.regions > 0 {
		regions = regions[:min(o.regions, len(regions))]
	}
	dir := o.dir
	if dir == "" {
		made, err := os.MkdirTemp("", "bench-sandbox-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(made) }() // a temporary folder of our own
		dir = made
	}
	if err := fill(o, dir, regions, out); err != nil {
		return err
	}
	s, err := start(ctx, o.server, dir, out)
	if err != nil {
		return err
	}
	defer s.kill()
	targets, err := sample(ctx, s, regions)
	if err != nil {
		return err
	}
	for _, phase := range []struct {
		name string
		rate float64
	}{
		{fmt.Sprintf("%d clients, %.0f calls per second together", o.clients, o.rate), o.rate},
		{fmt.Sprintf("%d clients, each as fast as it gets answers", o.clients), 0},
	} {
		result := load(ctx, s, targets, o.clients, phase.rate, o.span)
		result.print(out, phase.name)
		s.memory(out)
	}
	return s.stop(out)
}

// fill makes the state, unless the folder has one already.
func fill(o options, dir string, regions []string, out io.Writer) error {
	if kept, err := os.ReadDir(dir); err == nil && len(kept) > 0 {
		fmt.Fprintf(out, "state: %s is used again\n", dir)
		return nil
	}
	begin := time.Now()
	w, err := world.New(world.Options{Dir: dir})
	if err != nil {
		return err
	}
	w.Populate(world.Population{Regions: regions, Images: o.images, Snapshots: o.snapshots, Partner: "111122223333"})
	populated := time.Since(begin)
	begin = time.Now()
	if err := w.Close(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d Regions, each with %d images and %d snapshots: %d images, %d snapshots, four tags on each\n",
		len(regions), o.images, o.snapshots, len(regions)*o.images, len(regions)*o.snapshots)
	fmt.Fprintf(out, "populate: %.1f s by world.Populate, %.1f s to save, %.0f MiB on disk\n",
		populated.Seconds(), time.Since(begin).Seconds(), mib(folderSize(dir)))
	return nil
}
