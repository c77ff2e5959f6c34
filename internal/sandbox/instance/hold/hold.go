//go:build linux

// Package hold keeps a tmpfs that no file name of the machine leads to.
//
// One thread of the process has a mount namespace of its own with the tmpfs in it. The rest of the process
// reaches the files through an open directory, child processes that the thread starts inherit the mount.
// When the thread ends, with [Thread.Close] or with the process however it dies, the kernel unmounts all of
// it: there is nothing to clean up, and the host's mount table never shows it.
package hold

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// Thread is the thread and its tmpfs.
type Thread struct {
	jobs chan job
	gone chan struct{}
	root *os.File
}

type job struct {
	run  func() error
	done chan error
}

// ErrClosed is returned by Do after Close.
var ErrClosed = errors.New("mount thread has ended")

// New mounts a tmpfs over mountPoint, an existing directory, for its own thread and its children only.
func New(mountPoint string) (*Thread, error) {
	t := &Thread{jobs: make(chan job), gone: make(chan struct{})}
	started := make(chan error)
	go t.offMain(mountPoint, started)
	if err := <-started; err != nil {
		return nil, err
	}
	return t, nil
}

// offMain finds a thread that is not the process's first: that one's mount namespace is what /proc/self
// shows to others, and it cannot end before the process.
func (t *Thread) offMain(mountPoint string, started chan<- error) {
	runtime.LockOSThread()
	if unix.Gettid() == unix.Getpid() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			t.offMain(mountPoint, started)
		}()
		<-done
		runtime.UnlockOSThread()
		return
	}
	// Not unlocked from here on: Go then ends the thread with the goroutine, and with it the namespace.
	t.serve(mountPoint, started)
}

func (t *Thread) serve(mountPoint string, started chan<- error) {
	defer close(t.gone)
	if err := t.mount(mountPoint); err != nil {
		started <- err
		return
	}
	close(started)
	for j := range t.jobs {
		j.done <- j.run()
	}
}

func (t *Thread) mount(mountPoint string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("new mount namespace: %w (CAP_SYS_ADMIN is needed)", err)
	}
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return fmt.Errorf("keep mounts to ourselves: %w", err)
	}
	if err := unix.Mount("goldenami", mountPoint, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0700"); err != nil {
		return fmt.Errorf("mount tmpfs on %s: %w", mountPoint, err)
	}
	fd, err := unix.Open(mountPoint, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open tmpfs: %w", err)
	}
	var st unix.Statfs_t
	if err := unix.Fstatfs(fd, &st); err != nil {
		return fmt.Errorf("look at tmpfs: %w", err)
	}
	if st.Type != unix.TMPFS_MAGIC {
		return fmt.Errorf("%s shows file system type %#x instead of the tmpfs mounted on it", mountPoint, st.Type)
	}
	t.root = os.NewFile(uintptr(fd), "tmpfs")
	return nil
}

// Do runs f on the thread. A process that f starts sees the tmpfs at its mount point.
func (t *Thread) Do(f func() error) error {
	j := job{run: f, done: make(chan error, 1)}
	select {
	case t.jobs <- j:
		return <-j.done
	case <-t.gone:
		return ErrClosed
	}
}

// Path names the tmpfs for this process.
func (t *Thread) Path() string { return "/proc/self/fd/" + strconv.Itoa(int(t.root.Fd())) }

// Close ends the thread; the tmpfs goes when the last process that has it mounted ends. It must be called
// once, after the last Do.
func (t *Thread) Close() error {
	close(t.jobs)
	<-t.gone
	return t.root.Close()
}
