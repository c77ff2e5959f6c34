//go:build linux

package machine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Maybe supervises and exits if this process was started for that, and returns otherwise.
func Maybe() {
	if len(os.Args) != 1 {
		return
	}
	switch os.Args[0] {
	case argSupervisor:
		os.Exit(supervise())
	case argIDs:
		_, _ = io.Copy(io.Discard, os.Stdin) // its namespace is used until its parent closes the pipe
		os.Exit(0)
	}
}

func supervise() int {
	// The network namespace and the ids that files are made with are the thread's; nspawn is started from it.
	runtime.LockOSThread()
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "machine: not started as the first process of a namespace")
		return 1
	}
	orders := json.NewDecoder(os.Stdin)
	var b Boot
	if err := orders.Decode(&b); err != nil {
		return fail(fmt.Errorf("read the boot order: %w", err))
	}
	// Any handler will do: these end a pid 1 that has none.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	if err := prepare(b); err != nil {
		return fail(fmt.Errorf("guest root: %w", err))
	}
	group, err := newGroup(b.Name)
	if err != nil {
		return fail(err)
	}
	defer group.remove()
	nspawn, err := start(b, group)
	if err != nil {
		return fail(err)
	}
	go follow(orders, nspawn.Process)
	return reap(nspawn.Process.Pid)
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "machine:", err)
	return 1
}

// start runs the guest. Its init finds a console that is a terminal, of which the output alone is passed on.
func start(b Boot, g *group) (*exec.Cmd, error) {
	path, err := exec.LookPath("systemd-nspawn")
	if err != nil {
		return nil, fmt.Errorf("%w: it is in Debian's package systemd-container", err)
	}
	cmd := &exec.Cmd{
		Path: path,
		Args: []string{
			"systemd-nspawn", "--quiet", "--directory=" + root, "--boot", "--machine=" + b.Name,
			// There may be no systemd on the host to register with, nor one that gives us a unit.
			"--register=no", "--keep-unit",
			fmt.Sprintf("--private-users=%d:%d", b.FirstID, ids), "--private-users-ownership=off",
			"--private-network", "--network-interface=" + b.Interface,
			"--bind-ro=" + hypervisor + ":/sys/hypervisor",
			"--console=read-only", "--kill-signal=SIGRTMIN+4",
			"--resolv-conf=off", "--timezone=off", "--link-journal=no",
		},
		Env: []string{
			"PATH=" + os.Getenv("PATH"),
			"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1",
			"SYSTEMD_NSPAWN_TMPFS_TMP=0", // /tmp is on the disk, as in the images of Debian
		},
		Dir: "/", Stdout: os.Stdout, Stderr: os.Stderr,
		SysProcAttr: &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(g.dir.Fd())},
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start systemd-nspawn: %w", err)
	}
	return cmd, nil
}

// follow waits for the order to stop. If the other side is gone, so is the guest.
func follow(orders *json.Decoder, nspawn *os.Process) {
	const soon = 5 * time.Second
	for {
		var o Order
		if err := orders.Decode(&o); err != nil {
			_ = unix.Kill(-1, unix.SIGKILL) // all but ourselves; reap then ends
			time.AfterFunc(soon, func() { os.Exit(1) })
			return
		}
		if o.Stop {
			_ = nspawn.Signal(syscall.SIGTERM) // nspawn passes on the kill signal; it may have ended
		}
	}
}

// reap waits until nspawn has ended, and gives its exit code.
func reap(nspawn int) int {
	for {
		var ws unix.WaitStatus
		pid, err := unix.Wait4(-1, &ws, 0, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return 1
		case pid == nspawn && ws.Signaled():
			return 1
		case pid == nspawn:
			return ws.ExitStatus()
		}
	}
}
