package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/clock"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/fault"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func main() {
	instance.MaybeGuest()
	limitMemory()
	code, err := run(os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
	}
	os.Exit(code)
}

// The exit codes of the command itself; otherwise it ends with COMMAND's.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

func run(args []string, stdout, stderr io.Writer) (int, error) {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK, err
	}
	if err != nil {
		return exitUsage, err
	}
	e, closeLog, err := o.endpoint()
	if err != nil {
		return exitError, err
	}
	defer closeLog()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", o.listen)
	if err != nil {
		return exitError, errors.Join(fmt.Errorf("listen on %s: %w", o.listen, err), e.Close())
	}
	server := &http.Server{Handler: e, ReadHeaderTimeout: 10 * time.Second}
	server.RegisterOnShutdown(e.LetGo)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	url := "http://" + listener.Addr().String()
	env := e.Env(url, o.account, o.region)
	_, _ = fmt.Fprintf(stderr, "sandbox: a local endpoint at %s, no AWS: account %s, Region %s, instances %s\n", url, o.account, o.region, o.instances)
	code, err := o.during(env, stdout, stderr)

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = server.Shutdown(ctx) // what is still connected is cut off with the process
	if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, fmt.Errorf("serve on %s: %w", url, serveErr))
		code = max(code, exitError)
	}
	if closeErr := e.Close(); closeErr != nil {
		err = errors.Join(err, fmt.Errorf("end the endpoint: %w", closeErr))
		code = max(code, exitError)
	}
	return code, err
}

// during is what happens while the endpoint serves: the command, or the wait for
// Ctrl-C.
func (o options) during(env []string, stdout, stderr io.Writer) (int, error) {
	if len(o.command) > 0 {
		return runCommand(o.command, env, stdout, stderr)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	for _, line := range env {
		_, _ = fmt.Fprintln(stdout, "export "+line)
	}
	<-ctx.Done()
	return exitOK, nil
}

// endpoint makes what the flags describe, and gives the end of its log.
func (o options) endpoint() (*sandbox.Endpoint, func(), error) {
	delays, err := world.ParseDelays(o.delays)
	if err != nil {
		return nil, nil, fmt.Errorf("-delays: %w", err)
	}
	pace, err := clock.Parse(o.clock)
	if err != nil {
		return nil, nil, fmt.Errorf("-clock: %w", err)
	}
	faults, err := o.plan()
	if err != nil {
		return nil, nil, err
	}
	settings := sandbox.Options{
		Dir: o.state, Delays: delays, Backend: instance.NewNone(), Clock: pace, Seed: o.seed, Throttle: !o.unthrottled, Latency: o.latency,
		Faults: faults,
	}
	closeLog := func() {}
	if o.log != "" {
		f, err := os.OpenFile(o.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, fmt.Errorf("-log: %w", err)
		}
		settings.Log, closeLog = f, func() { _ = f.Close() } // each line was written when it was made
	}
	if o.instances == "linux" {
		backend, end, err := o.guests()
		if err != nil {
			closeLog()
			return nil, nil, err
		}
		before := closeLog
		settings.Backend, closeLog = backend, func() { before(); end() }
	}
	e, err := sandbox.New(settings)
	if err != nil {
		err = errors.Join(err, settings.Backend.Close())
		closeLog()
		return nil, nil, err
	}
	return e, closeLog, nil
}

// plan reads the plan of faults, if there is one.
func (o options) plan() (fault.Spec, error) {
	if o.faults == "" {
		return fault.Spec{}, nil
	}
	text, err := os.ReadFile(o.faults)
	if err != nil {
		return fault.Spec{}, fmt.Errorf("-faults: %w", err)
	}
	spec, err := fault.Parse(text)
	if err != nil {
		return fault.Spec{}, fmt.Errorf("-faults %s: %w", o.faults, err)
	}
	return spec, nil
}

// guests makes the backend of real guests, and gives the end of what it is kept in.
func (o options) guests() (instance.Backend, func(), error) {
	if err := instance.Supported(); err != nil {
		return nil, nil, fmt.Errorf("-instances linux: %w", err)
	}
	dir, end := o.state, func() {}
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "sandbox-"); err != nil {
			return nil, nil, fmt.Errorf("make a folder for the instances: %w", err)
		}
		end = func() { _ = os.RemoveAll(dir) } // a temporary folder of our own
	}
	open := instance.NewLinux
	if o.guest == "boot" {
		open = instance.NewBooted
	}
	backend, err := open(dir, o.base)
	if err != nil {
		end()
		return nil, nil, fmt.Errorf("-instances linux, -guest %s: %w", o.guest, err)
	}
	return backend, end, nil
}
