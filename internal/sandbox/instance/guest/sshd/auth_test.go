//go:build linux

package sshd

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

func publicKey(t *testing.T) (ssh.PublicKey, string) {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(ssh.MarshalAuthorizedKey(key))
}

func TestKeyOptions(t *testing.T) {
	t.Parallel()
	key, line := publicKey(t)
	other, _ := publicKey(t)
	from := &net.TCPAddr{IP: net.IPv4(127, 1, 2, 3), Port: 999}
	for options, want := range map[string]struct {
		ok    bool
		login login
	}{
		"":                           {true, login{}},
		"no-port-forwarding ":        {true, login{}},
		`command="echo \"a b\", c" `: {true, login{command: `echo "a b", c`}},
		"restrict ":                  {true, login{noPty: true}},
		"restrict,pty ":              {true, login{}},
		`from="127.1.2.*" `:          {true, login{}},
		`from="!127.1.2.3,127.*" `:   {false, login{}},
		`from="10.0.0.0/8" `:         {false, login{}},
		`from="127.0.0.0/8" `:        {true, login{}},
		`expiry-time="20010101" `:    {false, login{}},
		`expiry-time="29990101Z" `:   {true, login{}},
		"unheard-of ":                {false, login{}},
		"cert-authority ":            {false, login{}},
	} {
		text := []byte("# comment\n\nnot a key\n" + options + line)
		l, ok := match(text, key, from)
		if ok != want.ok || (ok && l != want.login) {
			t.Errorf("%q: got %t %+v", options, ok, l)
		}
		if _, ok := match(text, other, from); ok {
			t.Errorf("%q: another key matches", options)
		}
	}
}

func TestExpired(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for value, want := range map[string]bool{
		"20260304050606Z": true, "20260304050608Z": false, "202603040507Z": false, "20260305Z": false, "x": true, "": true,
		strings.Repeat("1", 20): true,
	} {
		if got := expired(value, now); got != want {
			t.Errorf("%q: %t", value, got)
		}
	}
}

func TestNoServerWithoutHostKeys(t *testing.T) {
	t.Parallel()
	if _, err := New(t.TempDir()); !errors.Is(err, ErrNoHostKeys) {
		t.Errorf("got %v", err)
	}
}
