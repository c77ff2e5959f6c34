package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// server is a running cmd/sandbox.
type server struct {
	cmd            *exec.Cmd
	url, accessKey string
	// liveHeap is the heap after the latest garbage collection, in MiB, as the
	// runtime's own trace tells it.
	liveHeap atomic.Int64
}

// start runs the binary on the state folder and waits until it serves.
func start(ctx context.Context, binary, dir string, out io.Writer) (*server, error) {
	begin := time.Now()
	s := &server{cmd: exec.CommandContext(ctx, binary, "-instances", "none", "-no-throttle", "-state", dir)} //nolint:gosec // the binary is the caller's word
	s.cmd.Env = append(os.Environ(), "GODEBUG=gctrace=1")
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the endpoint (make build): %w", err)
	}
	go s.watch(stderr)
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && (s.url == "" || s.accessKey == "") {
		s.read(lines.Text())
	}
	if s.accessKey == "" || s.url == "" {
		return nil, errors.Join(errors.New("the endpoint ended before it served"), s.cmd.Wait())
	}
	go func() { _, _ = io.Copy(io.Discard, stdout) }() // nothing in it matters any more
	fmt.Fprintf(out, "start: %.1f s from the kept state to serving\n", time.Since(begin).Seconds())
	s.memory(out)
	return s, nil
}

func (s *server) read(line string) {
	if v, ok := strings.CutPrefix(line, "export AWS_ENDPOINT_URL="); ok {
		s.url = strings.Trim(v, `'"`)
	}
	if v, ok := strings.CutPrefix(line, "export AWS_ACCESS_KEY_ID="); ok {
		s.accessKey = strings.Trim(v, `'"`)
	}
}

// heapTrace is the part "before->after->live MB" of a line of the runtime's trace.
var heapTrace = regexp.MustCompile(`^gc .* \d+->\d+->(\d+) MB`)

func (s *server) watch(stderr io.Reader) {
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if m := heapTrace.FindStringSubmatch(lines.Text()); m != nil {
			mb, err := strconv.ParseInt(m[1], 10, 64)
			if err == nil {
				s.liveHeap.Store(mb)
			}
			continue
		}
		fmt.Fprintln(os.Stderr, lines.Text())
	}
}

// memory prints what the kernel counts for the process.
func (s *server) memory(out io.Writer) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		fmt.Fprintln(out, "memory: not known on this system")
		return
	}
	kib := func(name string) float64 {
		_, rest, _ := strings.Cut(string(status), name+":")
		n, err := strconv.ParseFloat(strings.Fields(rest + " 0")[0], 64)
		if err != nil {
			return 0
		}
		return n / 1024
	}
	fmt.Fprintf(out, "memory: %.0f MiB resident, %.0f MiB at most so far, live heap %d MiB\n", kib("VmRSS"), kib("VmHWM"), s.liveHeap.Load())
}

// stop ends the endpoint as Ctrl-C does and waits until it has saved.
func (s *server) stop(out io.Writer) error {
	begin := time.Now()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	err := s.cmd.Wait()
	fmt.Fprintf(out, "stop: %.1f s with the last save\n", time.Since(begin).Seconds())
	return err
}

func (s *server) kill() { _ = s.cmd.Process.Kill() } // it has ended already when all went well

func folderSize(dir string) int64 {
	var sum int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error { // a size for print
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }
