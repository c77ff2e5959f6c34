package ledger

import (
	"errors"
	"fmt"
	"os"
)

// prepareDir makes the directory of ledgers if need be and checks it.
func prepareDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil { //nolint:gosec // the place is the user's choice
		return err
	}
	return checkDir(dir)
}

// checkDir refuses a directory in which somebody else could plant a ledger.
func checkDir(dir string) error {
	info, err := os.Lstat(dir) //nolint:gosec // the place is the user's choice
	if err != nil {
		return err
	}
	if info.Mode()&os.ModeSymlink != 0 {
		return fmt.Errorf("%s is a symbolic link; name the directory itself", dir)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", dir)
	}
	if err := checkOwner(info); err != nil {
		return fmt.Errorf("%s %w", dir, err)
	}
	return nil
}

func checkFile(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	return checkOwner(info)
}
