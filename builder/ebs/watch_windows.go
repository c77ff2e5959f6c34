package ebs

import (
	"os"

	"golang.org/x/sys/windows"
)

// ignorePipe has nothing to do: Windows has no such signal.
func ignorePipe() {}

// parent is Packer's process. Windows never gives a process another parent, and gives
// the id of an ended one to others, so that only a handle tells. It is zero where there
// is none to be had.
type parent struct{ handle windows.Handle }

func openParent() parent {
	handle, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(os.Getppid())) //nolint:gosec // ids are of 32 bits
	if err != nil {
		return parent{}
	}
	return parent{handle}
}

// gone asks without waiting: a process is signalled when it has ended.
func (p parent) gone() bool {
	if p.handle == 0 {
		return false
	}
	event, err := windows.WaitForSingleObject(p.handle, 0)
	return err == nil && event == windows.WAIT_OBJECT_0
}

func (p parent) close() {
	if p.handle != 0 {
		_ = windows.CloseHandle(p.handle) // nothing to do about an error
	}
}
