package seal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hcldec"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
)

// Provisioner seals the guest of a build. The zero value is ready for Prepare.
type Provisioner struct {
	config Config
	// root is the directory to seal in place of the running guest; tests alone
	// set it, and internal/seal refuses them the running one.
	root string
}

var _ packersdk.Provisioner = (*Provisioner)(nil)

// ConfigSpec gives the HCL schema of the options.
func (p *Provisioner) ConfigSpec() hcldec.ObjectSpec {
	return p.config.FlatMapstructure().HCL2Spec()
}

// Prepare decodes and checks the options; it reaches no guest.
func (p *Provisioner) Prepare(raws ...any) error {
	p.config = Config{}
	return p.config.prepare(raws...)
}

// Provision runs the seal in the guest, shows the report, writes it where it is
// asked for, and fails the build when anything is left or failed.
func (p *Provisioner) Provision(ctx context.Context, ui packersdk.Ui, comm packersdk.Communicator, data map[string]any) error {
	communicator, _ := data["ConnType"].(string)
	kind, err := p.config.guestType(communicator)
	if err == nil && kind == guestWindows {
		err = p.sealWindows(ctx, ui, comm, data)
	} else if err == nil {
		err = p.sealUnix(ctx, ui, comm, data)
	}
	if err != nil {
		return fmt.Errorf("goldenami-seal: %w", err)
	}
	return nil
}

// sealUnix seals a guest that has a POSIX sh.
func (p *Provisioner) sealUnix(ctx context.Context, ui packersdk.Ui, comm packersdk.Communicator, data map[string]any) error {
	if err := p.config.known(); err != nil {
		return err
	}
	options := p.config.options()
	options.Forbidden = append(options.Forbidden, p.config.sensitive(data)...)
	if err := options.Validate(); err != nil {
		return fmt.Errorf("the guest is taken for Linux; for a Windows guest over SSH set guest_os_type = \"windows\": %w", err)
	}
	if p.root != "" {
		options.Root = p.root
	}
	options.BuildKey = buildKey(data)
	options.BuildUser, _ = data["User"].(string)
	var err error
	if options.Nonce, err = seal.NewNonce(); err != nil {
		return err
	}
	program, err := seal.Program(options)
	if err != nil {
		return err
	}
	ui.Say(opening(options.Mode, len(options.Selected())))
	return p.tell(ui, options.Mode, func() (*seal.Report, error) { return p.run(ctx, comm, program, options) })
}

// tell runs a seal, shows its report and writes it.
func (p *Provisioner) tell(ui packersdk.Ui, mode seal.Mode, run func() (*seal.Report, error)) error {
	started := time.Now()
	report, err := run()
	if report.Started {
		for _, line := range report.Table() {
			ui.Say("  " + line)
		}
	}
	if p.config.Report != "" {
		err = errors.Join(err, report.WriteFile(p.config.Report))
	}
	if err != nil {
		return err
	}
	ui.Say(fmt.Sprintf("%s in %s", closing(mode), time.Since(started).Round(10*time.Millisecond)))
	return nil
}

func opening(m seal.Mode, operations int) string {
	if m == seal.ModeAudit {
		return fmt.Sprintf("Auditing the guest: %d checks, nothing is changed", operations)
	}
	return fmt.Sprintf("Sealing the guest: %d operations, then a check of each", operations)
}

func closing(m seal.Mode) string {
	if m == seal.ModeAudit {
		return "Audited: nothing is left"
	}
	return "Sealed"
}

// run executes the program as one remote command, within the timeout. The
// report is never nil; err says why it cannot be trusted or what it found.
func (p *Provisioner) run(ctx context.Context, comm packersdk.Communicator, program string, o seal.Options) (*seal.Report, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, p.config.Timeout,
		fmt.Errorf("not done within the timeout of %s; the guest may be half sealed", p.config.Timeout))
	defer cancel()

	parser, diagnostics := seal.NewParser(o), &tail{}
	cmd := &packersdk.RemoteCmd{
		Command: seal.Launcher,
		Stdin:   strings.NewReader(program),
		Stdout:  parser,
		Stderr:  diagnostics,
	}
	status, err := execute(ctx, comm, cmd)
	if err != nil {
		return parser.Report(), err
	}
	report := parser.Report()
	if report.Started {
		return report, describe(report, status, diagnostics)
	}
	return report, neverStarted(status, diagnostics)
}

// execute starts cmd and waits for it or for the context. Communicators cannot
// end a command that runs, so one that hangs is left behind with the guest,
// which ends with the failed build. Nothing starts when the context has ended.
func execute(ctx context.Context, comm packersdk.Communicator, cmd *packersdk.RemoteCmd) (status int, err error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	started, exited := make(chan error, 1), make(chan int, 1)
	go func() {
		err := comm.Start(ctx, cmd)
		started <- err
		if err == nil {
			exited <- cmd.Wait()
		}
	}()
	select {
	case err := <-started:
		if err != nil {
			return 0, fmt.Errorf("start the seal in the guest: %w", err)
		}
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	select {
	case status := <-exited:
		return status, nil
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// describe turns a report into the build's verdict. The report counts and not
// the status: a guest may end the connection right after the last line.
func describe(r *seal.Report, status int, diagnostics *tail) error {
	err := r.Err()
	if err == nil {
		return nil
	}
	if r.Complete || len(r.Refusals) > 0 {
		return err
	}
	if status == packersdk.CmdDisconnect {
		return fmt.Errorf("the connection ended during the seal: %w", err)
	}
	return fmt.Errorf("%w (exit status %d%s)", err, status, diagnostics.said())
}

// neverStarted explains a command that gave no report at all.
func neverStarted(status int, diagnostics *tail) error {
	switch status {
	case packersdk.CmdDisconnect:
		return errors.New("the connection ended before the seal started; nothing was changed")
	case seal.ExitNoRoot:
		return errors.New("the build's user is not root and has neither sudo nor doas without a password; give it NOPASSWD in sudoers, as cloud images do, or log in as root")
	default:
		return fmt.Errorf("the guest did not run the seal (exit status %d%s); a POSIX sh at /bin/sh is needed, and no output of login scripts in its place; for a Windows guest over SSH set guest_os_type = \"windows\"", status, diagnostics.said())
	}
}
