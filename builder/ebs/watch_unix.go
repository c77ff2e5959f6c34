//go:build !windows

package ebs

import (
	"os"
	"os/signal"
	"syscall"
)

func ignorePipe() { signal.Ignore(syscall.SIGPIPE) }

// parent is Packer's process. A process whose parent has ended gets another one.
type parent struct{ pid int }

func openParent() parent { return parent{os.Getppid()} }

func (p parent) gone() bool { return os.Getppid() != p.pid }

func (parent) close() {}
