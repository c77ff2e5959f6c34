//go:build linux

package link

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// apart runs f on a thread of the process that is not its first, which /proc/self stands for, and that runs
// nothing else meanwhile. The thread is not used again unless f leaves it as it was.
func apart(f func() (restored bool)) {
	done := make(chan struct{})
	var run func()
	run = func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			go run() // on another thread, as this one is locked
			<-done
			runtime.UnlockOSThread()
			return
		}
		defer close(done)
		if f() {
			runtime.UnlockOSThread()
		}
	}
	go run()
	<-done
}

// within runs f where its thread is in the network namespace that enter takes it to.
func within(enter, f func() error) (err error) {
	apart(func() bool {
		var home *os.File
		if home, err = os.Open("/proc/thread-self/ns/net"); err != nil {
			return true
		}
		defer func() { _ = home.Close() }()
		if err = enter(); err != nil {
			return true
		}
		err = f()
		return unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil
	})
	return err
}

// newNamespace makes a network namespace, lets f furnish it and gives the descriptor that keeps it.
func newNamespace(f func() error) (*os.File, error) {
	var namespace *os.File
	err := within(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("new network namespace: %w", err)
		}
		return nil
	}, func() error {
		var err error
		if namespace, err = os.Open("/proc/thread-self/ns/net"); err != nil {
			return err
		}
		return f()
	})
	if err != nil && namespace != nil {
		_ = namespace.Close()
	}
	return namespace, err
}

// inside runs f in the namespace.
func inside(namespace *os.File, f func() error) error {
	return within(func() error {
		if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter network namespace: %w", err)
		}
		return nil
	}, f)
}
