//go:build !windows

package ebs

import (
	"os/signal"
	"syscall"
)

func ignorePipe() { signal.Ignore(syscall.SIGPIPE) }
