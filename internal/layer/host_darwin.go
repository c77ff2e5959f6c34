package layer

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// zombie is the state SZOMB of a process that its parent has not asked for, from
// sys/proc.h.
const zombie = 5

// lifeOf gives when a process started, and whether it runs. One that has ended and that
// its parent has not asked for does not.
func lifeOf(pid int) (start string, lives bool) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return "", signalled(pid)
	}
	began := info.Proc.P_starttime
	return fmt.Sprintf("%d.%06d", began.Sec, began.Usec), info.Proc.P_stat != zombie
}
