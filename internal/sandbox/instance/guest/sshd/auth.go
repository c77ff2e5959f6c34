//go:build linux

package sshd

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/accounts"
)

// login is what a key allows.
type login struct {
	user    accounts.User
	command string // forced by the key; empty: the client's choice
	noPty   bool
}

// loginKey is where the permissions of a connection carry its login.
type loginKey struct{}

func loginOf(p *ssh.Permissions) (login, bool) {
	if p == nil {
		return login{}, false
	}
	l, ok := p.ExtraData[loginKey{}].(login)
	return l, ok
}

var errDenied = errors.New("permission denied")

// authorize looks for the key in the files of the user. To the client all refusals are alike.
func (s *Server) authorize(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
	u, err := accounts.Lookup(s.root, c.User())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDenied, err)
	}
	if base := filepath.Base(u.Shell); base == "nologin" || base == "false" {
		return nil, fmt.Errorf("%w: user %s has no login shell", errDenied, u.Name)
	}
	dot := filepath.Join(s.root, u.Home, ".ssh")
	for _, name := range []string{"authorized_keys", "authorized_keys2"} { // sshd's default AuthorizedKeysFile
		file := filepath.Join(dot, name)
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if err := strict(u, file, dot, filepath.Dir(dot)); err != nil {
			return nil, fmt.Errorf("%w: %w", errDenied, err)
		}
		if l, ok := match(text, key, c.RemoteAddr()); ok {
			l.user = u
			return &ssh.Permissions{ExtraData: map[any]any{loginKey{}: l}}, nil
		}
	}
	return nil, errDenied
}

// strict is StrictModes of sshd_config(5): others must not be able to change who may log in.
func strict(u accounts.User, files ...string) error {
	const othersWrite = 0o022
	for _, f := range files {
		st, err := os.Stat(f)
		if err != nil {
			return err
		}
		s, ok := st.Sys().(*syscall.Stat_t)
		if !ok || (s.Uid != 0 && int(s.Uid) != u.UID) || st.Mode().Perm()&othersWrite != 0 {
			return fmt.Errorf("bad ownership or modes for %s", f)
		}
	}
	return nil
}

// match finds the key in the text of an authorized_keys file and reads the options before it.
func match(text []byte, key ssh.PublicKey, from net.Addr) (login, bool) {
	want := key.Marshal()
	for line := range bytes.Lines(text) {
		have, _, options, _, err := ssh.ParseAuthorizedKey(line)
		if err != nil || !bytes.Equal(have.Marshal(), want) {
			continue
		}
		if l, ok := allowed(options, from); ok {
			return l, true
		}
	}
	return login{}, false
}

// allowed reads the options of a key. Those that only take away what this server does not serve are met; an
// unknown one refuses the key, as in sshd.
func allowed(options []string, from net.Addr) (login, bool) {
	var l login
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		value = strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(value, `"`), `"`), `\"`, `"`)
		switch strings.ToLower(name) {
		case "command":
			l.command = value
		case "no-pty", "restrict":
			l.noPty = true
		case "pty":
			l.noPty = false
		case "from":
			if !fromAllowed(value, from) {
				return l, false
			}
		case "expiry-time":
			if expired(value, time.Now()) {
				return l, false
			}
		case "no-port-forwarding", "no-agent-forwarding", "no-x11-forwarding", "no-user-rc", "environment",
			"permitopen", "permitlisten", "port-forwarding", "agent-forwarding", "x11-forwarding", "user-rc",
			"no-touch-required", "tunnel":
		default:
			return l, false
		}
	}
	return l, true
}

func fromAllowed(patterns string, from net.Addr) bool {
	host, _, err := net.SplitHostPort(from.String())
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	for p := range strings.SplitSeq(patterns, ",") {
		p, negated := strings.CutPrefix(p, "!")
		hit, _ := filepath.Match(p, host)
		if _, block, err := net.ParseCIDR(p); err == nil {
			hit = block.Contains(ip)
		}
		if hit {
			return !negated
		}
	}
	return false
}

// expired reads YYYYMMDD[HHMM[SS]][Z] (sshd(8)); what cannot be read counts as past.
func expired(value string, now time.Time) bool {
	const full = "20060102150405"
	zone := time.Local
	if v, ok := strings.CutSuffix(value, "Z"); ok {
		value, zone = v, time.UTC
	}
	if len(value) > len(full) {
		return true
	}
	t, err := time.ParseInLocation(full[:len(value)], value, zone)
	return err != nil || now.After(t)
}

func (s *Server) logAuth(c ssh.ConnMetadata, method string, err error) {
	if method == "none" {
		return
	}
	host, port, splitErr := net.SplitHostPort(c.RemoteAddr().String())
	if splitErr != nil {
		host = c.RemoteAddr().String()
	}
	if err == nil {
		s.journal.write("Accepted %s for %s from %s port %s ssh2", method, c.User(), host, port)
		return
	}
	s.journal.write("Failed %s for %s from %s port %s ssh2: %v", method, c.User(), host, port, err)
}

// journal is the guest's auth.log.
type journal struct {
	mu   sync.Mutex
	file string
}

func (j *journal) write(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f, err := os.OpenFile(j.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return // a guest may well remove its logs, and /var/log with them
	}
	defer func() { _ = f.Close() }()
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	text := strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", " ")
	_, _ = fmt.Fprintf(f, "%s %s sshd[%d]: %s\n", time.Now().Format(time.Stamp), name, os.Getpid(), text)
}
