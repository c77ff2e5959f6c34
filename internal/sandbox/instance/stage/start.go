//go:build linux

package stage

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Process is a started stage one.
type Process struct {
	Ready   *os.File // a [Ready] can be read from it, or its end
	Console *os.File // what the guest's init writes
	cmd     *exec.Cmd
	orders  *os.File
}

// Start starts stage one on the calling thread, which must live as long as the guest shall: the guest dies
// with it. The binary is a reader over the program's own file.
func Start(b Boot, binary *io.SectionReader, l *net.TCPListener) (*Process, error) {
	self, err := sealed(binary)
	if err != nil {
		return nil, err
	}
	defer func() { _ = self.Close() }()
	listener, err := l.File()
	if err != nil {
		return nil, fmt.Errorf("listener: %w", err)
	}
	defer func() { _ = listener.Close() }()
	p := &Process{}
	theirs, err := p.pipes()
	if err != nil {
		return nil, err
	}
	defer closeAll(theirs)
	p.cmd = &exec.Cmd{
		Path: "/proc/self/fd/" + strconv.Itoa(selfFD), Args: []string{argOne}, Env: []string{}, Dir: "/",
		Stdin: theirs[0], Stdout: theirs[1], Stderr: theirs[1], ExtraFiles: []*os.File{theirs[2], listener, self},
		SysProcAttr: &syscall.SysProcAttr{
			Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL, Setsid: true,
		},
	}
	if err := p.cmd.Start(); err != nil {
		p.close()
		_ = p.Console.Close()
		return nil, fmt.Errorf("start guest: %w", err)
	}
	if err := json.NewEncoder(p.orders).Encode(b); err != nil {
		return nil, errors.Join(fmt.Errorf("start guest: %w", err), p.Kill(), p.Wait(), p.Console.Close())
	}
	return p, nil
}

// pipes makes three of them and gives the child's ends: input, console, ready.
func (p *Process) pipes() ([]*os.File, error) {
	var readers, writers [3]*os.File
	for i := range readers {
		var err error
		if readers[i], writers[i], err = os.Pipe(); err != nil {
			closeAll(readers[:i])
			closeAll(writers[:i])
			return nil, fmt.Errorf("pipe to guest: %w", err)
		}
	}
	p.orders, p.Console, p.Ready = writers[0], readers[1], readers[2]
	return []*os.File{readers[0], writers[1], writers[2]}, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

func (p *Process) close() { closeAll([]*os.File{p.orders, p.Ready}) }

// Stop asks for a graceful end.
func (p *Process) Stop() error { return json.NewEncoder(p.orders).Encode(Order{Stop: true}) }

// Kill ends the guest at once: the kernel kills a pid namespace with its first process.
func (p *Process) Kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Wait returns when nothing of the guest runs any more. The console is left to its reader.
func (p *Process) Wait() error {
	defer p.close()
	return p.cmd.Wait()
}

// sealed copies the program into memory that nobody can change.
func sealed(binary *io.SectionReader) (*os.File, error) {
	const execFlag = 0x10 // MFD_EXEC: since 6.3 it says that we mean to run it; older kernels refuse the flag
	fd, err := unix.MemfdCreate("goldenami", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|execFlag)
	if errors.Is(err, unix.EINVAL) {
		fd, err = unix.MemfdCreate("goldenami", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return nil, fmt.Errorf("memory file for the guest's init: %w (vm.memfd_noexec must not be 2)", err)
	}
	f := os.NewFile(uintptr(fd), "goldenami")
	if _, err := io.Copy(f, io.NewSectionReader(binary, 0, binary.Size())); err != nil {
		return nil, errors.Join(fmt.Errorf("copy the guest's init: %w", err), f.Close())
	}
	seals := unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return nil, errors.Join(fmt.Errorf("seal the guest's init: %w", err), f.Close())
	}
	// The kernel does not run a file that is open for writing, so the child gets a second, read-only one.
	ro, err := os.Open("/proc/self/fd/" + strconv.Itoa(fd))
	return ro, errors.Join(err, f.Close())
}
