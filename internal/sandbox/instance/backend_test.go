package instance_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
)

func TestDefaultAddr(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "127.1.0.1", 253: "127.1.0.254", 254: "127.1.1.1", 254*256 - 1: "127.1.255.254", 254 * 256: "127.2.0.1"} {
		if got := instance.DefaultAddr(n).String(); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
	seen := map[netip.Addr]bool{}
	for n := -100; n < 200_000; n++ {
		a := instance.DefaultAddr(n)
		b := a.As4()
		if !a.IsLoopback() || b[1] == 0 || b[3] == 0 || b[3] == 255 {
			t.Fatalf("%d: %s is special", n, a)
		}
		if n >= 0 && seen[a] {
			t.Fatalf("%d: %s again", n, a)
		}
		seen[a] = true
	}
}

func TestNoneKeepsTheBooks(t *testing.T) {
	t.Parallel()
	b := instance.NewNone()
	s := instance.Spec{ID: "i-0a", Addr: instance.DefaultAddr(0), User: "admin"}
	if err := b.Start(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Commit(t.Context(), s.ID, "snap-1"); n != 0 || err != nil {
		t.Errorf("commit: %d, %v", n, err)
	}
	if _, err := b.Commit(t.Context(), s.ID, "snap-1"); err == nil {
		t.Error("a layer can be made twice")
	}
	if err := b.DeleteLayer("snap-1"); err != nil {
		t.Error(err)
	}
	for _, err := range []error{b.Stop(t.Context(), s.ID), b.Terminate(t.Context(), s.ID), b.Terminate(t.Context(), "i-0x"), b.Close()} {
		if err != nil {
			t.Error(err)
		}
	}
	if err := b.Start(t.Context(), s); err == nil {
		t.Error("a closed backend starts instances")
	}
	if b.Console(s.ID) != nil {
		t.Error("a console without a guest")
	}
}

func TestSpecsAreChecked(t *testing.T) {
	t.Parallel()
	good := instance.Spec{ID: "i-0a", Addr: instance.DefaultAddr(0), User: "admin"}
	for want, change := range map[string]func(*instance.Spec){
		"instance id":   func(s *instance.Spec) { s.ID = "../etc" },
		"layer id":      func(s *instance.Spec) { s.Layers = []string{"snap-1", ".hidden"} },
		"default user":  func(s *instance.Spec) { s.User = "" },
		"DNS label":     func(s *instance.Spec) { s.Hostname = "a.b" },
		"127.0.0.0/8":   func(s *instance.Spec) { s.Addr = netip.MustParseAddr("10.0.0.1") },
		"not in 127.0.": func(s *instance.Spec) { s.Addr = netip.Addr{} },
	} {
		s := good
		change(&s)
		if err := instance.NewNone().Start(t.Context(), s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to say %q", err, want)
		}
	}
}
