//go:build linux

package instance_test

import (
	"net/netip"
	"strings"
	"testing"
)

func ssh22(a netip.Addr) string { return netip.AddrPortFrom(a, 22).String() }

// An sshd on all addresses is the rule on developers' machines; binding port 22 of any address fails then.
func TestGuestsBootBesideTheHostsSSH(t *testing.T) {
	t.Parallel()
	if !inOwnNetwork(t) {
		return
	}
	hostSSH(t)
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	m := boot(t, b, "i-0beside")
	if got := strings.TrimSpace(m.must("hostname")); got != "ip-0beside" {
		t.Errorf("the connection reached %q", got)
	}
}
