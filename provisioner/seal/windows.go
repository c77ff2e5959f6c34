package seal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/windows"
)

// The systems of guests, as other provisioners of Packer name them.
const (
	guestUnix    = "unix"
	guestWindows = "windows"
)

// validFor checks the options for the guests that they can be meant for: where neither
// guest_os_type nor the options decide, the communicator will.
func (c *Config) validFor() error {
	switch c.GuestOSType {
	case guestUnix:
		return c.validForUnix()
	case guestWindows:
		return c.validForWindows()
	case "":
		err := c.validForUnix()
		if err != nil && c.validForWindows() == nil {
			return nil
		}
		return err
	}
	return fmt.Errorf("guest_os_type: %q is neither %q nor %q", c.GuestOSType, guestUnix, guestWindows)
}

// validForUnix checks the options for a guest that has a POSIX sh.
func (c *Config) validForUnix() error {
	o := c.options()
	o.ScanAllow = c.ScanAllow // the others are told by their lines
	return errors.Join(append(flatten(o.Validate()), c.unfitAllowed(seal.ValidPath)...)...)
}

// validForWindows checks the options for a Windows guest: there is no option that
// does nothing.
func (c *Config) validForWindows() error {
	var errs []error
	for _, o := range []struct {
		name string
		set  bool
	}{
		{"root", c.Root != seal.LiveRoot},
		{"ssh_banner", c.SSHBanner != ""},
		{"scanner_command", c.ScannerCommand != ""},
		{"remove_build_user", c.RemoveBuildUser},
		{"allow_no_network", c.AllowNoNetwork},
		{"allow_no_host_keys", c.AllowNoHostKeys},
	} {
		if o.set {
			errs = append(errs, fmt.Errorf("%s: on Windows there is nothing that it could do; leave it out", o.name))
		}
	}
	options := c.windowsOptions()
	options.ScanAllow = c.ScanAllow // the others are told by their lines
	errs = append(errs, flatten(options.Validate())...)
	return errors.Join(append(errs, c.unfitAllowed(windows.ValidPath)...)...)
}

// windowsOptions are those that the program for Windows depends on.
func (c *Config) windowsOptions() windows.Options {
	return windows.Options{
		Mode: seal.Mode(c.Mode), Skip: c.Skip, Enable: c.Enable, Keep: c.Keep, KeepUsers: c.KeepUsers,
		ScrubPaths: c.ScrubPaths, Strict: c.Strict, AllowNoLaunchKey: c.AllowNoLaunchKey,
		SecretScan: seal.ScanMode(c.SecretScan), ScanAllow: slices.Concat(c.ScanAllow, c.allowedPaths()), ScanTimeout: c.ScanTimeout, Forbidden: c.forbidden(),
	}
}

// guestType gives the system of the guest behind a communicator.
func (c *Config) guestType(communicator string) (string, error) {
	switch {
	case communicator == "none":
		return "", errors.New("communicator is \"none\", so the guest cannot be reached; leave the provisioner out of this build")
	case communicator == "winrm" && c.GuestOSType == guestUnix:
		return "", errors.New("guest_os_type is \"unix\", but WinRM reaches Windows guests alone; leave it out")
	case communicator == "winrm" || c.GuestOSType == guestWindows:
		return guestWindows, nil
	}
	return guestUnix, nil
}

// sealWindows seals a Windows guest. Packer's WinRM has no standard input, so there the
// program is uploaded; the launcher deletes it before it runs what it has read.
func (p *Provisioner) sealWindows(ctx context.Context, ui packersdk.Ui, comm packersdk.Communicator, data map[string]any) error {
	err := p.config.validForWindows()
	if err == nil {
		err = p.config.known()
	}
	if err != nil {
		return fmt.Errorf("the guest is Windows: %w", err)
	}
	options := p.config.windowsOptions()
	options.Forbidden = append(options.Forbidden, p.config.sensitive(data)...)
	options.BuildKey = buildKey(data)
	if key := seal.KeyText(options.BuildKey); key != "" && options.SecretScan != seal.ScanOff {
		options.Forbidden = append(options.Forbidden, seal.Forbidden{Label: "the build's public key", Value: key, Warn: options.SecretScan == seal.ScanWarn})
	}
	communicator, _ := data["ConnType"].(string)
	if options.Nonce, err = seal.NewNonce(); err != nil {
		return err
	}
	program, err := windows.Program(options)
	if err != nil {
		return err
	}
	ui.Say(opening(options.Mode, options.Count()))
	return p.tell(ui, options.Mode, func() (*seal.Report, error) {
		return p.runWindows(ctx, comm, program, options, communicator == "winrm")
	})
}

// runWindows is run for Windows guests.
func (p *Provisioner) runWindows(ctx context.Context, comm packersdk.Communicator, program string, o windows.Options, upload bool) (*seal.Report, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, p.config.Timeout,
		fmt.Errorf("not done within the timeout of %s; the guest may be half sealed", p.config.Timeout))
	defer cancel()

	parser, diagnostics := windows.Parser(o), &tail{}
	cmd := &packersdk.RemoteCmd{Command: windows.Launcher(program), Stdout: parser, Stderr: diagnostics}
	if upload {
		path := windows.FilePath(o.Nonce)
		if err := uploaded(ctx, comm, path, program); err != nil {
			return parser.Report(), fmt.Errorf("upload the seal to the guest, where nothing was changed: %w", err)
		}
		cmd.Command = windows.FileLauncher(program, path)
	} else {
		cmd.Stdin = strings.NewReader(program)
	}
	status, err := execute(ctx, comm, cmd)
	report := parser.Report()
	switch {
	case err != nil && report.Complete:
		return report, report.Err() // WinRM tells of a connection that ended after the last line as an error
	case err != nil && report.Started && ctx.Err() == nil:
		return report, errors.Join(fmt.Errorf("the connection ended during the seal: %w", err), report.Err())
	case err != nil:
		return report, err
	case report.Started:
		return report, describe(report, status, diagnostics)
	}
	return report, windowsNeverStarted(status, diagnostics)
}

// uploaded puts the program into the guest. Communicators do not take a context, so an
// upload that hangs is left behind.
func uploaded(ctx context.Context, comm packersdk.Communicator, path, program string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	done := make(chan error, 1)
	go func() { done <- comm.Upload(path, strings.NewReader(program), nil) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// windowsNeverStarted explains a command that gave no report at all.
func windowsNeverStarted(status int, diagnostics *tail) error {
	switch status {
	case packersdk.CmdDisconnect:
		return errors.New("the connection ended before the seal started; nothing was changed")
	case windows.ExitBroken:
		return errors.New("the guest did not get the seal's program as it was sent, so nothing was changed; a terminal (ssh_pty) changes what passes through it")
	}
	return fmt.Errorf("the guest did not run the seal (exit status %d%s); Windows PowerShell 5.1 or newer is needed, in full language mode", status, diagnostics.said())
}
