package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// runCommand runs the command with the endpoint's variables over the caller's,
// passes signals on to it, and gives its exit code (128+n when signal n ended it,
// as shells do). A terminal's Ctrl-C reaches the command by itself; the endpoint
// goes on serving until the command has ended, so that it can clean up.
func runCommand(command, env []string, stdout, stderr io.Writer) (int, error) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)

	cmd := exec.CommandContext(context.Background(), command[0], command[1:]...)
	cmd.Env = append(withoutAWS(os.Environ()), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	if err := cmd.Start(); err != nil {
		return exitError, fmt.Errorf("run %s: %w", command[0], err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if s != os.Interrupt || !onTerminal() {
				_ = cmd.Process.Signal(s) // it may have ended just now
			}
		case err := <-ended:
			return exitCode(err)
		}
	}
}

func exitCode(err error) (int, error) {
	var failed *exec.ExitError
	switch {
	case err == nil:
		return exitOK, nil
	case !errors.As(err, &failed):
		return exitError, err
	}
	if status, isWait := failed.Sys().(syscall.WaitStatus); isWait && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return failed.ExitCode(), nil
}

// onTerminal tells whether a Ctrl-C went to the whole process group already.
func onTerminal() bool {
	info, err := os.Stdin.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && info.Mode()&os.ModeDevice != 0 && !isDevNull(info)
}

func isDevNull(info os.FileInfo) bool {
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(info, null)
}
