package ledger

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

func openFile(path string, flags int) (*os.File, error) {
	return os.OpenFile(path, flags, 0o600)
}

// checkOwner has nothing to do: a profile's directories are their user's by
// their access lists, which mode bits do not show.
func checkOwner(os.FileInfo) error { return nil }

// lock marks the ledger as in use until the file is closed. The locked byte lies
// beyond any that is written, because Windows enforces locks on reads and writes.
func lock(file *os.File) error {
	err := windows.LockFileEx(windows.Handle(file.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1 << 30})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errRunning
	}
	return err
}

// removeFile closes first: Windows keeps the name of an open file.
func removeFile(file *os.File, path string) error {
	return errors.Join(file.Close(), os.Remove(path))
}

// syncDir has nothing to do: Windows has no such call and writes names with the
// file's own data.
func syncDir(string) error { return nil }
