//go:build linux

package stage

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/guest"
)

func two() int {
	ready := os.NewFile(readyFD, "ready")
	unix.CloseOnExec(readyFD)
	unix.CloseOnExec(listenerFD)
	_ = unix.Close(selfFD)
	spec, l, err := inherit()
	if err == nil {
		err = guest.Run(spec, l, func() error {
			defer func() { _ = ready.Close() }()
			return json.NewEncoder(ready).Encode(Ready{})
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "init:", err)
		refuse(ready, err)
		return 1
	}
	return 0
}

// inherit takes over what stage one left: the order, the listener and the limits.
func inherit() (guest.Spec, net.Listener, error) {
	var spec guest.Spec
	if os.Getppid() != 1 {
		return spec, nil, fmt.Errorf("parent is process %d, want 1", os.Getppid())
	}
	order, err := io.ReadAll(os.Stdin)
	if err != nil {
		return spec, nil, err
	}
	if err := json.Unmarshal(order, &spec); err != nil {
		return spec, nil, fmt.Errorf("read the order: %w", err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return spec, nil, err
	}
	if err := unix.Dup3(int(null.Fd()), 0, 0); err != nil {
		return spec, nil, err
	}
	_ = null.Close()
	// What Debian's PAM and kernel give a login; the parent's own limits may be anything.
	for what, lim := range map[int]syscall.Rlimit{
		unix.RLIMIT_NOFILE: {Cur: 1024, Max: 524288}, unix.RLIMIT_CORE: {},
		unix.RLIMIT_STACK: {Cur: 8 << 20, Max: unix.RLIM_INFINITY},
	} {
		lower(what, lim)
	}
	f := os.NewFile(listenerFD, "listener")
	l, err := net.FileListener(f)
	_ = f.Close()
	if err != nil {
		return spec, nil, fmt.Errorf("listener: %w", err)
	}
	return spec, l, nil
}

// lower sets a limit, no higher than the one that is there: raising takes a right over the host.
// The calls are those of package syscall, which then passes the same limit on to children.
func lower(what int, want syscall.Rlimit) {
	var have syscall.Rlimit
	if err := syscall.Getrlimit(what, &have); err != nil {
		return
	}
	want.Max = min(want.Max, have.Max)
	want.Cur = min(want.Cur, want.Max)
	_ = syscall.Setrlimit(what, &want) // within what is allowed; the old limit stands otherwise
}
