package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"regexp"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/clock"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// options are the flags and the command after them.
type options struct {
	listen, state, delays, log, instances, guest, base string
	account, region, clock, faults                     string
	seed                                               uint64
	unthrottled, exposed                               bool
	latency                                            time.Duration
	command                                            []string
}

var accountID = regexp.MustCompile(`^\d{12}$`)

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "`ADDRESS:PORT` to serve on, of the loopback interface; port 0 takes a free one")
	flags.BoolVar(&o.exposed, "expose", false, "let -listen name an address that other machines reach; the endpoint checks no signatures")
	flags.StringVar(&o.state, "state", "", "`DIR` in which images, keys and disks are kept between runs; empty forgets them")
	flags.StringVar(&o.delays, "delays", "instant", "how long EC2's transitions take: instant, demo, real, or a JSON `FILE`")
	flags.DurationVar(&o.latency, "latency", 2*time.Millisecond, "least time from a call to its answer, as a network has it")
	flags.StringVar(&o.clock, "clock", "real", "the endpoint's time: real, scale=N (N times as fast), or virtual[=STEP] (stands still but for STEP, 1s, with each call)")
	flags.Uint64Var(&o.seed, "seed", 0, "`NUMBER` from which ids and chances follow, so that the same calls give the same answers; 0 draws one")
	flags.BoolVar(&o.unthrottled, "no-throttle", false, "do without EC2's limits on the rate of calls")
	flags.StringVar(&o.faults, "faults", "", "JSON `FILE` that says which calls fail, and how")
	flags.StringVar(&o.log, "log", "", "`FILE` that gets one JSON line per call")
	flags.StringVar(&o.instances, "instances", "linux", "linux: instances are real guests (needs root); none: instances have states and no guest")
	flags.StringVar(&o.guest, "guest", "overlay", "with -instances linux, overlay: guests share the programs of -base; boot: guests boot systemd, cloud-init and sshd of -base, see make guest-root")
	flags.StringVar(&o.base, "base", "/", "`DIR` that is the root of vendor images, never written to")
	flags.StringVar(&o.account, "account", world.HomeAccount, "the `ACCOUNT` whose credentials are handed out")
	flags.StringVar(&o.region, "region", "us-east-1", "the `REGION` that is handed out")
	flags.Usage = func() {
		_, _ = fmt.Fprintln(stderr, "usage: sandbox [flags] [-- COMMAND [ARGUMENT...]]")
		_, _ = fmt.Fprintln(stderr, "Serves a local EC2, STS, IAM, KMS and SSM. It is no AWS.")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.command = flags.Args()
	return o, o.check()
}

func (o options) check() error {
	host, _, err := net.SplitHostPort(o.listen)
	if err != nil {
		return fmt.Errorf("-listen %q: %w", o.listen, err)
	}
	if ip := net.ParseIP(host); !o.exposed && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("-listen %q: the endpoint checks no signatures, so it serves on loopback addresses alone, such as 127.0.0.1:4566, unless -expose is given", o.listen)
	}
	if _, err := clock.Parse(o.clock); err != nil {
		return fmt.Errorf("-clock: %w", err)
	}
	switch {
	case o.instances != "linux" && o.instances != "none":
		return fmt.Errorf("-instances %q: use linux or none", o.instances)
	case o.latency < 0:
		return fmt.Errorf("-latency %s: want a time that is not negative, such as 2ms", o.latency)
	case o.guest != "overlay" && o.guest != "boot":
		return fmt.Errorf("-guest %q: use overlay or boot", o.guest)
	case o.guest == "boot" && o.instances != "linux":
		return errors.New("-guest boot: there are no guests without -instances linux")
	case o.guest == "boot" && o.base == "/":
		return errors.New("-guest boot: this machine cannot be a guest's root; give -base the directory that make guest-root prints")
	case !accountID.MatchString(o.account):
		return fmt.Errorf("-account %q: an account id has twelve digits", o.account)
	case !world.RegionExists(o.region):
		return fmt.Errorf("-region %q: there is no such Region here; there are %v", o.region, world.RegionNames())
	}
	return nil
}
