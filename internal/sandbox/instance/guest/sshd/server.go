//go:build linux

package sshd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// ErrNoHostKeys is what sshd says, and then does.
var ErrNoHostKeys = errors.New("no hostkeys available -- exiting")

// loginGrace and maxAuthTries are sshd's defaults (sshd_config(5)).
const (
	loginGrace   = 120 * time.Second
	maxAuthTries = 6
)

// Server is one SSH server over one root.
type Server struct {
	root    string
	config  *ssh.ServerConfig
	journal *journal

	mu       sync.Mutex
	closed   bool
	listener net.Listener
	conns    map[net.Conn]struct{}
	sessions map[*session]struct{}
	running  sync.WaitGroup // sessions
}

// New reads the host keys of the root, and fails with [ErrNoHostKeys] if it has none.
func New(root string) (*Server, error) {
	s := &Server{
		root: root, journal: &journal{file: filepath.Join(root, "var/log/auth.log")},
		conns: map[net.Conn]struct{}{}, sessions: map[*session]struct{}{},
	}
	s.config = &ssh.ServerConfig{
		ServerVersion: "SSH-2.0-goldenami_guest", MaxAuthTries: maxAuthTries,
		PublicKeyCallback: s.authorize, AuthLogCallback: s.logAuth,
	}
	count := 0
	for _, kind := range []string{"rsa", "ecdsa", "ed25519"} {
		file := filepath.Join(root, "etc/ssh/ssh_host_"+kind+"_key")
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		key, err := ssh.ParsePrivateKey(text)
		if err != nil {
			return nil, fmt.Errorf("host key %s: %w", file, err)
		}
		s.config.AddHostKey(key)
		count++
	}
	if count == 0 {
		return nil, ErrNoHostKeys
	}
	return s, nil
}

// Serve accepts until Shutdown.
func (s *Server) Serve(l net.Listener) {
	s.mu.Lock()
	s.listener = l
	if s.closed {
		_ = l.Close()
	}
	s.mu.Unlock()
	s.journal.write("Server listening on %s", l.Addr())
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.journal.write("accept: %v", err)
			time.Sleep(100 * time.Millisecond) // out of descriptors, mostly
			continue
		}
		if !s.add(c) {
			_ = c.Close()
			return
		}
		go s.serve(c)
	}
}

func (s *Server) add(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.conns[c] = struct{}{}
	}
	return !s.closed
}

func (s *Server) remove(c net.Conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	_ = c.Close()
}

func (s *Server) serve(c net.Conn) {
	defer s.remove(c)
	if err := c.SetDeadline(time.Now().Add(loginGrace)); err != nil {
		return
	}
	conn, channels, requests, err := ssh.NewServerConn(c, s.config)
	if err != nil {
		s.journal.write("Connection closed by %s: %v", c.RemoteAddr(), err)
		return
	}
	if err := c.SetDeadline(time.Time{}); err != nil {
		return
	}
	l, ok := loginOf(conn.Permissions)
	if !ok {
		return
	}
	go ssh.DiscardRequests(requests) // a keepalive gets its answer, as from OpenSSH: failure
	s.journal.write("pam_unix(sshd:session): session opened for user %s(uid=%d)", l.user.Name, l.user.UID)
	defer s.journal.write("pam_unix(sshd:session): session closed for user %s", l.user.Name)
	var open sync.WaitGroup
	for ch := range channels {
		if ch.ChannelType() != "session" {
			_ = ch.Reject(ssh.Prohibited, "only sessions are served here")
			continue
		}
		channel, reqs, err := ch.Accept()
		if err != nil {
			continue
		}
		open.Go(func() { s.session(conn, l, channel, reqs) })
	}
	open.Wait()
}

func (s *Server) session(conn *ssh.ServerConn, l login, channel ssh.Channel, reqs <-chan *ssh.Request) {
	ss := &session{root: s.root, login: l, channel: channel, local: conn.LocalAddr(), remote: conn.RemoteAddr()}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		_ = channel.Close()
		return
	}
	s.sessions[ss] = struct{}{}
	s.running.Add(1)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.sessions, ss)
		s.mu.Unlock()
		s.running.Done()
	}()
	ss.serve(reqs)
}

// Shutdown stops accepting, hangs up the terminals, waits so long for commands to end, and closes the rest.
func (s *Server) Shutdown(limit time.Duration) {
	s.mu.Lock()
	s.closed = true
	if s.listener != nil {
		_ = s.listener.Close()
	}
	for ss := range s.sessions {
		ss.hangUp()
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(limit):
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}
