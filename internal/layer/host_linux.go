package layer

import (
	"bytes"
	"fmt"
	"os"
)

// startTime gives when a process started, in ticks since boot, so that a
// process id that is used again does not look like the same process. Empty
// where it cannot be read.
func startTime(pid int) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The second field is the program's name in parentheses and may contain
	// anything; the start time is field 22, see proc(5).
	_, after, found := bytes.Cut(raw[max(0, bytes.LastIndexByte(raw, ')')):], []byte(") "))
	fields := bytes.Fields(after)
	if !found || len(fields) < 20 {
		return ""
	}
	return string(fields[19])
}
