package layer

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// lifeOf gives when a process started, in ticks since boot and empty where it cannot be
// read, and whether it runs. One that has ended and that its parent has not asked for
// does not.
func lifeOf(pid int) (start string, lives bool) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, fs.ErrNotExist) && procIsThere() {
		return "", false
	}
	if err != nil {
		return "", signalled(pid)
	}
	// The second field is the program's name in parentheses and may contain
	// anything; the state is field 3 and the start time field 22, see proc(5).
	_, after, found := bytes.Cut(raw[max(0, bytes.LastIndexByte(raw, ')')):], []byte(") "))
	fields := bytes.Fields(after)
	if !found || len(fields) < 20 {
		return "", signalled(pid)
	}
	state := string(fields[0])
	return string(fields[19]), state != "Z" && state != "X"
}

func procIsThere() bool {
	_, err := os.Stat("/proc/self/stat")
	return err == nil
}
