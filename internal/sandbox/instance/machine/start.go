//go:build linux

package machine

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// Process is a started supervisor.
type Process struct {
	Console *os.File // what the guest writes to its console; its reader closes it
	cmd     *exec.Cmd
	orders  *os.File
}

// Start starts the supervisor on the calling thread, whose mount namespace has the tmpfs.
func Start(b Boot, network *os.File) (*Process, error) {
	input, orders, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("pipe to guest: %w", err)
	}
	defer func() { _ = input.Close() }()
	console, output, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("pipe from guest: %w", err), orders.Close())
	}
	defer func() { _ = output.Close() }()
	p := &Process{Console: console, orders: orders}
	p.cmd = &exec.Cmd{
		Path: "/proc/self/exe", Args: []string{argSupervisor}, Env: []string{"PATH=" + os.Getenv("PATH")}, Dir: "/",
		Stdin: input, Stdout: output, Stderr: output, ExtraFiles: []*os.File{network},
		SysProcAttr: &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID, Setsid: true},
	}
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start guest: %w", err), orders.Close(), console.Close())
	}
	if err := json.NewEncoder(orders).Encode(b); err != nil {
		return nil, errors.Join(fmt.Errorf("start guest: %w", err), p.Kill(), p.Wait(), console.Close())
	}
	return p, nil
}

// Stop asks for an orderly power-off.
func (p *Process) Stop() error { return json.NewEncoder(p.orders).Encode(Order{Stop: true}) }

// Kill ends the guest at once. The supervisor still removes the control group.
func (p *Process) Kill() error {
	if err := p.orders.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// Wait returns when nothing of the guest runs any more. The console is left to its reader.
func (p *Process) Wait() error {
	defer func() { _ = p.orders.Close() }()
	return p.cmd.Wait()
}
