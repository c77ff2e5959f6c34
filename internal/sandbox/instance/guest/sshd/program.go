//go:build linux

package sshd

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/accounts"
)

// killAfter is how long a program may survive the hang-up that the loss of its client sends.
const killAfter = time.Second

// stream is the pipe of one standard stream: ours and the program's end.
type stream struct{ ours, theirs *os.File }

// start runs a command, or the login shell if there is none.
func (s *session) start(command *string, program *sync.WaitGroup) bool {
	if s.started {
		return false
	}
	s.started = true
	cmd := s.command(command)
	streams, err := s.streams(cmd)
	if err == nil {
		s.mu.Lock()
		if err = cmd.Start(); err == nil {
			s.group = cmd.Process.Pid // it leads its own session
		}
		s.mu.Unlock()
	}
	for _, st := range streams {
		_ = st.theirs.Close()
	}
	if err != nil {
		for _, st := range streams {
			_ = st.ours.Close()
		}
		_, _ = fmt.Fprintf(s.channel.Stderr(), "cannot run: %v\n", err)
		s.started = false
		return false
	}
	program.Go(func() {
		<-s.answered
		s.follow(cmd, streams)
	})
	return true
}

func (s *session) command(command *string) *exec.Cmd {
	u := s.login.user
	env := s.environment(u)
	if s.login.command != "" {
		if command != nil {
			env = append(env, "SSH_ORIGINAL_COMMAND="+*command)
		}
		command = &s.login.command
	}
	cmd := &exec.Cmd{Path: u.Shell, Env: env, Dir: u.Home}
	if st, err := os.Stat(u.Home); err != nil || !st.IsDir() {
		cmd.Dir = "/"
	}
	if command == nil {
		cmd.Args = []string{"-" + filepath.Base(u.Shell)} // the dash makes it a login shell
	} else {
		cmd.Args = []string{filepath.Base(u.Shell), "-c", *command}
	}
	ids := accounts.Groups(s.root, u)
	groups := make([]uint32, 0, len(ids))
	for _, g := range ids {
		groups = append(groups, uint32(g)) //nolint:gosec // ids are 32 bits wide
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid:     true,
		Credential: &syscall.Credential{Uid: uint32(u.UID), Gid: uint32(u.GID), Groups: groups}, //nolint:gosec // as above
	}
	return cmd
}

// environment is that of a login through sshd with PAM: /etc/environment, then what the client sent.
func (s *session) environment(u accounts.User) []string {
	path := "/usr/local/bin:/usr/bin:/bin:/usr/games"
	if u.UID == 0 {
		path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	}
	env := []string{
		"USER=" + u.Name, "LOGNAME=" + u.Name, "HOME=" + u.Home, "SHELL=" + u.Shell, "PATH=" + path,
		"MAIL=/var/mail/" + u.Name,
	}
	if text, err := os.ReadFile(filepath.Join(s.root, "etc/environment")); err == nil {
		for line := range strings.Lines(string(text)) {
			name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
			if ok && !strings.HasPrefix(name, "#") {
				env = append(env, name+"="+strings.Trim(value, `"'`))
			}
		}
	}
	clientHost, clientPort, errC := net.SplitHostPort(s.remote.String())
	host, port, errS := net.SplitHostPort(s.local.String())
	if errC == nil && errS == nil {
		env = append(env,
			fmt.Sprintf("SSH_CLIENT=%s %s %s", clientHost, clientPort, port),
			fmt.Sprintf("SSH_CONNECTION=%s %s %s %s", clientHost, clientPort, host, port))
	}
	if s.term != nil {
		env = append(env, "TERM="+s.term.kind, "SSH_TTY="+s.term.name)
	}
	return append(env, s.env...)
}

// streams connects the program to the terminal, or to pipes that belong to its user: programs open
// /dev/stdout and /dev/stderr by name, which asks for the pipe's owner.
func (s *session) streams(cmd *exec.Cmd) ([]stream, error) {
	if s.term != nil {
		cmd.SysProcAttr.Setctty = true
		cmd.Stdin, cmd.Stdout, cmd.Stderr = s.term.slave, s.term.slave, s.term.slave
		return nil, nil
	}
	var out []stream
	for i := range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			return out, err
		}
		st := stream{ours: r, theirs: w}
		if i == 0 {
			st = stream{ours: w, theirs: r}
		}
		out = append(out, st)
		if err := r.Chown(s.login.user.UID, s.login.user.GID); err != nil {
			return out, err
		}
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = out[0].theirs, out[1].theirs, out[2].theirs
	return out, nil
}

// follow carries the streams until the program has ended and no other holds them, as sshd does.
func (s *session) follow(cmd *exec.Cmd, streams []stream) {
	var output sync.WaitGroup
	if s.term != nil {
		s.term.release()
		go func() { _, _ = io.Copy(s.term.master, s.channel) }()
		output.Go(func() { _, _ = io.Copy(s.channel, s.term.master) }) // ends with EIO when the last program does
	} else {
		go func() {
			_, _ = io.Copy(streams[0].ours, s.channel)
			_ = streams[0].ours.Close() // the program sees the end of its input
		}()
		output.Go(func() { _, _ = io.Copy(s.channel, streams[1].ours) })
		output.Go(func() { _, _ = io.Copy(s.channel.Stderr(), streams[2].ours) })
	}
	err := cmd.Wait()
	s.mu.Lock()
	s.group = 0
	s.mu.Unlock()
	s.tell(cmd.ProcessState, err)
	output.Wait()
	for _, st := range streams {
		_ = st.ours.Close()
	}
	_ = s.channel.CloseWrite()
	_ = s.channel.Close()
}

// tell sends how the program ended.
func (s *session) tell(state *os.ProcessState, err error) {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		_, _ = s.channel.SendRequest("exit-status", false, ssh.Marshal(exitStatus{Status: 255}))
		return
	}
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		m := exitSignal{Signal: signalName(ws.Signal()), Core: ws.CoreDump()}
		_, _ = s.channel.SendRequest("exit-signal", false, ssh.Marshal(m))
		return
	}
	code := uint32(state.ExitCode()) //nolint:gosec // 0 to 255 here
	_, _ = s.channel.SendRequest("exit-status", false, ssh.Marshal(exitStatus{Status: code}))
}

// hangUp is what a program gets when its client is gone: SIGHUP, then SIGKILL. One that has ended, and what
// it left in the background, are not touched.
func (s *session) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.group == 0 {
		return
	}
	_ = unix.Kill(-s.group, unix.SIGHUP)
	time.AfterFunc(killAfter, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.group != 0 {
			_ = unix.Kill(-s.group, unix.SIGKILL)
		}
	})
}
