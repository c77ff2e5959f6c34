//go:build linux

package sshd

import (
	"fmt"
	"os"
	"strconv"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal of the guest's own devpts.
type terminal struct {
	kind, name    string
	master, slave *os.File
	once, freed   sync.Once
}

// ptyRequest is the message of RFC 4254, section 6.2.
type ptyRequest struct {
	Term                         string
	Columns, Rows, Width, Height uint32
	Modes                        string
}

type sizeRequest struct{ Columns, Rows, Width, Height uint32 }

// ttyGroup owns terminals on Debian and Red Hat.
const ttyGroup = 5

func (s *session) openTerminal(payload []byte) bool {
	var m ptyRequest
	if s.term != nil || s.started || s.login.noPty || ssh.Unmarshal(payload, &m) != nil {
		return false
	}
	t, err := newTerminal(m, s.login.user.UID)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sshd: terminal:", err)
		return false
	}
	s.term = t
	return true
}

func newTerminal(m ptyRequest, uid int) (*terminal, error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/ptmx: %w", err)
	}
	t := &terminal{kind: m.Term, master: os.NewFile(uintptr(fd), "/dev/ptmx")}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, t.fail("unlock", err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, t.fail("number", err)
	}
	t.name = "/dev/pts/" + strconv.Itoa(number)
	if t.slave, err = os.OpenFile(t.name, os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return nil, t.fail("open", err)
	}
	if err := t.slave.Chown(uid, ttyGroup); err != nil {
		return nil, t.fail("owner", err)
	}
	if err := t.slave.Chmod(0o620); err != nil {
		return nil, t.fail("mode", err)
	}
	if err := setModes(int(t.slave.Fd()), []byte(m.Modes)); err != nil {
		return nil, t.fail("modes", err)
	}
	return t, t.size(m.Columns, m.Rows, m.Width, m.Height)
}

func (t *terminal) fail(what string, err error) error {
	t.close()
	return fmt.Errorf("%s: %w", what, err)
}

func (t *terminal) resize(payload []byte) error {
	var m sizeRequest
	if err := ssh.Unmarshal(payload, &m); err != nil {
		return err
	}
	return t.size(m.Columns, m.Rows, m.Width, m.Height)
}

func (t *terminal) size(columns, rows, width, height uint32) error {
	raw, err := t.master.SyscallConn()
	if err != nil {
		return err
	}
	ws := unix.Winsize{Col: uint16(columns), Row: uint16(rows), Xpixel: uint16(width), Ypixel: uint16(height)} //nolint:gosec // a client's odd size is its own
	var ioctl error
	if err := raw.Control(func(fd uintptr) { ioctl = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &ws) }); err != nil {
		return err
	}
	return ioctl
}

// release lets go of the program's side, so that its end is seen.
func (t *terminal) release() {
	t.freed.Do(func() {
		if t.slave != nil {
			_ = t.slave.Close()
		}
	})
}

func (t *terminal) close() {
	t.release()
	t.once.Do(func() { _ = t.master.Close() })
}

// Opcodes of RFC 4254, section 8, that are single bits of termios.
var (
	inputModes = map[byte]uint32{
		30: unix.IGNPAR, 31: unix.PARMRK, 32: unix.INPCK, 33: unix.ISTRIP, 34: unix.INLCR, 35: unix.IGNCR,
		36: unix.ICRNL, 38: unix.IXON, 39: unix.IXANY, 40: unix.IXOFF, 41: unix.IMAXBEL, 42: unix.IUTF8,
	}
	localModes = map[byte]uint32{
		50: unix.ISIG, 51: unix.ICANON, 53: unix.ECHO, 54: unix.ECHOE, 55: unix.ECHOK, 56: unix.ECHONL,
		57: unix.NOFLSH, 58: unix.TOSTOP, 59: unix.IEXTEN, 60: unix.ECHOCTL, 61: unix.ECHOKE,
	}
	outputModes = map[byte]uint32{70: unix.OPOST, 72: unix.ONLCR, 73: unix.OCRNL, 74: unix.ONOCR, 75: unix.ONLRET}
)

// setModes applies the modes that a client asks for: each is an opcode and four bytes, up to opcode 0.
func setModes(fd int, modes []byte) error {
	attr, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	for len(modes) >= 5 && modes[0] != 0 {
		on := modes[1]|modes[2]|modes[3]|modes[4] != 0
		set(&attr.Iflag, inputModes[modes[0]], on)
		set(&attr.Lflag, localModes[modes[0]], on)
		set(&attr.Oflag, outputModes[modes[0]], on)
		modes = modes[5:]
	}
	return unix.IoctlSetTermios(fd, unix.TCSETS, attr)
}

func set(flags *uint32, bit uint32, on bool) {
	if on {
		*flags |= bit
	} else {
		*flags &^= bit
	}
}
