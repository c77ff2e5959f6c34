//go:build linux

package stage

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// grace is how long programs have between SIGTERM and SIGKILL. systemd gives 90 s; a build has nothing to
// gain from that.
const grace = 3 * time.Second

// Maybe runs a stage and exits if this process was started as one, and returns otherwise.
func Maybe() {
	if len(os.Args) != 1 {
		return
	}
	switch os.Args[0] {
	case argOne:
		os.Exit(one())
	case argTwo:
		os.Exit(two())
	}
}

func one() int {
	// Credentials and keyrings are per thread in Linux; stage two is started from the one set up here.
	runtime.LockOSThread()
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "guest: not started as the first process of a namespace")
		return 1
	}
	if err := shed(); err != nil {
		return fail(err)
	}
	orders := json.NewDecoder(os.Stdin)
	var b Boot
	if err := orders.Decode(&b); err != nil {
		return fail(fmt.Errorf("read the boot order: %w", err))
	}
	// Any handler will do: without one these signals would end pid 1 for a guest that may send them.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	if err := build(b); err != nil {
		return fail(fmt.Errorf("guest root: %w", err))
	}
	manager, err := startTwo(b)
	if err != nil {
		return fail(err)
	}
	go follow(orders)
	return reap(manager)
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "guest:", err)
	refuse(os.NewFile(readyFD, "ready"), err)
	return 1
}

// refuse tells the host why there will be no guest. One that was ready before has closed the file: nobody
// waits for its word any more.
func refuse(ready io.Writer, why error) {
	if err := json.NewEncoder(ready).Encode(Ready{Error: why.Error()}); err != nil && !errors.Is(err, os.ErrClosed) {
		fmt.Fprintln(os.Stderr, "guest: tell the host:", err)
	}
}

// build prepares the process and the root. When it returns nil nothing of the host is in reach.
func build(b Boot) error {
	unix.Umask(0o022)
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("close /proc/1: %w", err)
	}
	if _, err := unix.KeyctlInt(unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0); err != nil && !errors.Is(err, unix.ENOSYS) {
		return fmt.Errorf("new keyring: %w", err)
	}
	table, err := mountTable()
	if err != nil {
		return err
	}
	if err := pivot(b); err != nil {
		return err
	}
	if err := mountKernel(); err != nil {
		return err
	}
	masks, err := mask()
	if err != nil {
		return err
	}
	if err := verify(devicesOf(table), masks); err != nil {
		return err
	}
	if err := scope(); err != nil {
		return err
	}
	return filter()
}

func startTwo(b Boot) (int, error) {
	in, out, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	const allIDs = 1<<32 - 1
	all := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: allIDs}}
	ready, listener := os.NewFile(readyFD, "ready"), os.NewFile(listenerFD, "listener")
	self := os.NewFile(selfFD, "self")
	cmd := &exec.Cmd{
		Path: "/proc/self/fd/" + strconv.Itoa(selfFD), Args: []string{argTwo}, Env: []string{}, Dir: "/",
		Stdin: in, Stdout: os.Stdout, Stderr: os.Stderr, ExtraFiles: []*os.File{ready, listener, self},
		SysProcAttr: &syscall.SysProcAttr{
			Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC,
			UidMappings: all, GidMappings: all, GidMappingsEnableSetgroups: true, Setsid: true,
		},
	}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start the guest's init: %w (user.max_user_namespaces must not be 0)", err)
	}
	closeAll([]*os.File{in, ready, listener, self})
	go func() { // the init reads it to the end before it does anything
		if err := errors.Join(json.NewEncoder(out).Encode(b.Guest), out.Close()); err != nil {
			fmt.Fprintln(os.Stderr, "guest: give the order to the init:", err)
		}
	}()
	return cmd.Process.Pid, nil
}

// follow waits for the order to stop. If the other side is gone, so is the guest.
func follow(orders *json.Decoder) {
	for {
		var o Order
		if err := orders.Decode(&o); err != nil {
			if !errors.Is(err, io.EOF) {
				fmt.Fprintln(os.Stderr, "guest: orders:", err)
			}
			os.Exit(1)
		}
		if o.Stop {
			_ = unix.Kill(-1, unix.SIGTERM)
			time.AfterFunc(grace, func() { _ = unix.Kill(-1, unix.SIGKILL) })
		}
	}
}

// reap is what is left to do for pid 1. It ends with the init, or after it with the last program that was
// asked to stop: when pid 1 exits the kernel kills what is left.
func reap(manager int) int {
	code := 0
	for {
		var ws unix.WaitStatus
		pid, err := unix.Wait4(-1, &ws, 0, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return code
		case pid == manager && ws.ExitStatus() != 0:
			return 1
		}
	}
}
