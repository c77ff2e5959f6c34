//go:build linux

package sshd

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"
)

// session is one session channel (RFC 4254, section 6): at most one program.
type session struct {
	root          string
	login         login
	channel       ssh.Channel
	local, remote net.Addr

	env     []string // what the client may set
	term    *terminal
	started bool
	// answered is closed when the client was told that its program was started, so
	// that the program's end, which closes the channel, does not come before.
	answered chan struct{}

	mu    sync.Mutex
	group int // process group of the running program, else 0
}

// The messages of RFC 4254, section 6.
type (
	envRequest    struct{ Name, Value string }
	stringRequest struct{ Value string } // exec, subsystem, signal
	exitStatus    struct{ Status uint32 }
	exitSignal    struct {
		Signal   string
		Core     bool
		Message  string
		Language string
	}
)

func (s *session) serve(reqs <-chan *ssh.Request) {
	var program sync.WaitGroup
	s.answered = make(chan struct{})
	answered := sync.OnceFunc(func() { close(s.answered) })
	for r := range reqs {
		ok := s.request(r, &program)
		if r.WantReply {
			if err := r.Reply(ok, nil); err != nil {
				break
			}
		}
		if s.started {
			answered()
		}
	}
	answered()
	// The client is gone, or the program ended and the channel with it.
	s.hangUp()
	program.Wait()
	if s.term != nil {
		s.term.close()
	}
}

// request carries one request out and tells whether it could.
func (s *session) request(r *ssh.Request, program *sync.WaitGroup) bool {
	switch r.Type {
	case "env":
		var m envRequest
		if ssh.Unmarshal(r.Payload, &m) != nil || !accepted(m.Name) || s.started {
			return false
		}
		s.env = append(s.env, m.Name+"="+m.Value)
		return true
	case "pty-req":
		return s.openTerminal(r.Payload)
	case "window-change":
		return s.term != nil && s.term.resize(r.Payload) == nil
	case "signal":
		var m stringRequest
		return ssh.Unmarshal(r.Payload, &m) == nil && s.signal(m.Value)
	case "shell":
		return s.start(nil, program)
	case "exec":
		var m stringRequest
		return ssh.Unmarshal(r.Payload, &m) == nil && s.start(&m.Value, program)
	case "subsystem":
		var m stringRequest
		if ssh.Unmarshal(r.Payload, &m) != nil || m.Value != "sftp" {
			return false
		}
		server := s.sftpServer()
		return server != "" && s.start(&server, program)
	}
	return false
}

// accepted is AcceptEnv of Debian's sshd_config.
func accepted(name string) bool { return name == "LANG" || strings.HasPrefix(name, "LC_") }

// sftpServer finds the guest's own: Debian, Red Hat, SUSE.
func (s *session) sftpServer() string {
	for _, p := range []string{"/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server"} {
		if st, err := os.Stat(filepath.Join(s.root, p)); err == nil && st.Mode().IsRegular() {
			return p
		}
	}
	return ""
}

var signals = map[string]unix.Signal{
	"ABRT": unix.SIGABRT, "ALRM": unix.SIGALRM, "FPE": unix.SIGFPE, "HUP": unix.SIGHUP, "ILL": unix.SIGILL,
	"INT": unix.SIGINT, "KILL": unix.SIGKILL, "PIPE": unix.SIGPIPE, "QUIT": unix.SIGQUIT, "SEGV": unix.SIGSEGV,
	"TERM": unix.SIGTERM, "USR1": unix.SIGUSR1, "USR2": unix.SIGUSR2,
}

func signalName(sig unix.Signal) string {
	for name, s := range signals {
		if s == sig {
			return name
		}
	}
	return "KILL" // RFC 4254 knows no other names
}

func (s *session) signal(name string) bool {
	sig, ok := signals[name]
	s.mu.Lock()
	defer s.mu.Unlock()
	return ok && s.group != 0 && unix.Kill(-s.group, sig) == nil
}
