//go:build linux

package instance_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

func TestCommandsOverSSH(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m := boot(t, b, "i-0ssh")
	c := m.client()
	for command, want := range map[string]result{
		"exit 7":                           {7, "", ""},
		"echo out; echo err >&2":           {0, "out\n", "err\n"},
		"cat":                              {0, "typed", ""},
		"echo x > /dev/stderr":             {0, "", "x\n"},
		"echo $USER $HOME $SHELL $LOGNAME": {0, "admin /home/admin /bin/bash admin\n", ""},
		"no-such-command 2>/dev/null":      {127, "", ""},
	} {
		input := ""
		if command == "cat" {
			// Only a command that reads is given input: Go's client fails with EOF where
			// the command ends before its input was sent, whatever the server is.
			input = "typed"
		}
		if got := run(t, c, command, input); got != want {
			t.Errorf("%s: got %+v, want %+v", command, got, want)
		}
	}
	big := run(t, c, "head -c 3000000 /dev/zero | tr '\\0' x", "")
	if len(big.out) != 3_000_000 {
		t.Errorf("got %d bytes", len(big.out))
	}
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	err = s.Run("kill -TERM $$")
	var exit *ssh.ExitError
	if !errors.As(err, &exit) || exit.Signal() != "TERM" {
		t.Errorf("killed command: %v", err)
	}
	if ok, _, err := c.SendRequest("keepalive@openssh.com", true, nil); err != nil || ok {
		t.Errorf("keepalive: %t, %v", ok, err)
	}
}

func TestWrongKeysAreRefused(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m := boot(t, b, "i-0keys")
	stranger := newKey(t)
	for _, user := range []string{"admin", "root", "nobody", "daemon", "nosuchuser", "../admin"} {
		if c, err := m.dial(user, stranger); err == nil {
			t.Errorf("%s logged in with a strange key: %v", user, c.Close())
		}
	}
	root, err := m.dial("root", m.key)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	s, err := root.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	out, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start("id"); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 18)
	if _, err := io.ReadFull(out, said); err != nil || string(said) != "Please login as th" {
		t.Errorf("root was told %q, %v", said, err)
	}
	m.root("chmod 777 /home/admin/.ssh")
	if c, err := m.dial("admin", m.key); err == nil {
		t.Errorf("logged in though others may write the key file: %v", c.Close())
	}
}

func TestFailedLoginsAreLogged(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m := boot(t, b, "i-0log")
	if c, err := m.dial("admin", newKey(t)); err == nil {
		t.Fatalf("strange key: %v", c.Close())
	}
	text := m.root("cat /var/log/auth.log")
	for _, want := range []string{"Failed publickey for admin", "Accepted publickey for admin", "session opened for user admin"} {
		if !strings.Contains(text, want) {
			t.Errorf("auth.log lacks %q:\n%s", want, text)
		}
	}
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m := boot(t, b, "i-0pty")
	c := m.client()
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	var out bytes.Buffer
	s.Stdout = &out
	in, err := s.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RequestPty("xterm", 33, 77, ssh.TerminalModes{ssh.ECHO: 0}); err != nil {
		t.Fatal(err)
	}
	if err := s.WindowChange(44, 99); err != nil {
		t.Fatal(err)
	}
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, "tty; stty size; echo T=$TERM; sudo -n true && echo rooted; exit 5\n"); err != nil {
		t.Fatal(err)
	}
	var exit *ssh.ExitError
	if err := s.Wait(); !errors.As(err, &exit) || exit.ExitStatus() != 5 {
		t.Errorf("shell ended: %v", err)
	}
	const want = "/dev/pts/0\r\n44 99\r\nT=xterm\r\nrooted\r\n"
	if text := strings.ReplaceAll(out.String(), "\x1b[?2004l\r", ""); !strings.Contains(text, want) {
		t.Errorf("terminal lacks %q: %q", want, text)
	}
}

func TestScpUpload(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m := boot(t, b, "i-0scp")
	body := strings.Repeat("content\n", 20_000)
	input := fmt.Sprintf("C0751 %d up.sh\n%s\x00", len(body), body)
	if r := run(t, m.client(), "scp -vt /tmp", input); r.code != 0 || strings.Trim(r.out, "\x00") != "" {
		t.Fatalf("scp: %+v", r)
	}
	if got := m.must("stat -c '%a %s %U' /tmp/up.sh"); got != fmt.Sprintf("751 %d admin\n", len(body)) {
		t.Errorf("uploaded file: %s", got)
	}
}

func TestSessionsRunAtOnce(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m := boot(t, b, "i-0many")
	c := m.client()
	m.must("mkfifo /tmp/meet")
	var wg sync.WaitGroup
	begin := time.Now()
	for i := range 20 { // two of them must be there at the same time for each to end
		wg.Go(func() {
			s, err := c.NewSession()
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = s.Close() }()
			command := "cat /tmp/meet > /dev/null"
			if i == 0 {
				command = "exec 3>/tmp/meet; sleep 0.3"
			}
			if err := s.Run(command); err != nil {
				t.Errorf("session %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	t.Logf("20 sessions: %v", time.Since(begin))
}

// A command that ends at once must not close its session before the client has
// heard that it was started: the client would take the session for lost.
func TestQuickCommandsAreNotLost(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m := boot(t, b, "i-0quick")
	c := m.client()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 25 {
				s, err := c.NewSession()
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Run(":"); err != nil {
					t.Errorf("a command that does nothing: %v", err)
				}
				_ = s.Close()
			}
		})
	}
	wg.Wait()
}

func TestLostClientEndsItsCommand(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m := boot(t, b, "i-0lost")
	c := m.client()
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start("trap '' HUP; echo up; sleep 4242"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	m.must("for i in $(seq 400); do pgrep -f 'sleep 424[2]' > /dev/null || exit 0; sleep 0.01; done; exit 1")
}

// The guest's own sftp-server is what serves sftp: with none there is none.
func TestSftpIsTheGuests(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m := boot(t, b, "i-0sftp")
	subsystem := func() (string, error) {
		s, err := m.client().NewSession()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		out, err := s.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.RequestSubsystem("sftp"); err != nil {
			return "", err
		}
		text, err := io.ReadAll(out)
		return string(text), err
	}
	m.root("rm -f /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server /usr/lib/ssh/sftp-server")
	if _, err := subsystem(); err == nil {
		t.Error("sftp without a server")
	}
	m.root("mkdir -p /usr/lib/openssh; printf '#!/bin/sh\necho served $LOGNAME' > /usr/lib/openssh/sftp-server; chmod 755 /usr/lib/openssh/sftp-server")
	if text, err := subsystem(); err != nil || text != "served admin\n" {
		t.Errorf("sftp: %q, %v", text, err)
	}
}
