//go:build !linux

package instance

import (
	"errors"
	"runtime"
)

// Supported tells why guests cannot run here.
func Supported() error {
	return errors.New("instances need Linux namespaces and overlayfs, this is " + runtime.GOOS + ": use --instances none with communicator = \"none\"")
}

// NewLinux fails with what [Supported] says.
func NewLinux(string, string) (Backend, error) { return nil, Supported() }

// NewBooted fails with what [Supported] says.
func NewBooted(string, string) (Backend, error) { return nil, Supported() }

// MaybeGuest returns at once: no guest stage runs on this system.
func MaybeGuest() {}
