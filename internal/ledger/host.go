package ledger

import (
	"os"
	"strings"
)

// host says which machine holds the lock of a ledger. Over a network file system the
// locks of another machine may not show.
type host struct {
	Name string `json:"name,omitempty"`
	Boot string `json:"boot,omitempty"` // of the kernel, where it can be read
}

// bootID is the same for all containers of one kernel, which see each other's locks,
// whatever they are called.
const bootID = "/proc/sys/kernel/random/boot_id"

func thisHost() *host {
	h := &host{}
	h.Name, _ = os.Hostname() // empty where the system does not tell
	if raw, err := os.ReadFile(bootID); err == nil {
		h.Boot = strings.TrimSpace(string(raw))
	}
	return h
}

// here tells whether a lock that was taken on that host would show on this one, or was
// lost when this one was started anew.
func (h host) here() bool {
	this := thisHost()
	return h.Boot != "" && h.Boot == this.Boot || h.Name != "" && h.Name == this.Name
}
