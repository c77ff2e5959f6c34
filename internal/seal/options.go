package seal

import (
	"errors"
	"fmt"
	"slices"
)

// Mode says whether the program removes or only looks.
type Mode string

// The two modes.
const (
	ModeSeal  Mode = "seal"  // remove, then check
	ModeAudit Mode = "audit" // check only: nothing in the guest is changed
)

// LiveRoot is the Root of the running guest.
const LiveRoot = "/"

// Options decide what the program does. The zero value is not usable: Root and
// Nonce must be named.
type Options struct {
	Mode Mode
	// Skip names operations that do not run and are not checked.
	Skip []string
	// Enable names operations that run although they are off by default.
	Enable []string
	// Keep lists absolute paths in the guest, files or directories, that are
	// never touched and that no check counts.
	Keep []string
	// KeepUsers names users of the guest whose passwords and authorized keys
	// stay.
	KeepUsers []string
	// ScrubPaths lists absolute paths in the guest, files or directories, that
	// are removed too.
	ScrubPaths []string
	// Strict makes a warning of the report a reason to make no image.
	Strict bool
	// AllowNoHostKeys seals a guest even where nothing is found that would make
	// its SSH host keys again.
	AllowNoHostKeys bool
	// Root is the directory that holds the system: [LiveRoot], or the physical
	// path of a mounted one. There is no default, because the wrong one is
	// destructive.
	Root string
	// Nonce marks this run's report lines; see [NewNonce].
	Nonce string
}

// Validate gives every fault of the options at once, or nil. It does not look
// at Root and Nonce, which no user writes; [Program] does.
func (o Options) Validate() error {
	var errs []error
	if o.Mode != ModeSeal && o.Mode != ModeAudit {
		errs = append(errs, fmt.Errorf("mode: %q is neither %q nor %q", o.Mode, ModeSeal, ModeAudit))
	}
	errs = append(errs, o.validNames()...)
	if len(o.Selected()) == 0 {
		errs = append(errs, errors.New("skip: every operation is skipped, so nothing would be sealed; leave the provisioner out instead"))
	}
	for _, p := range o.Keep {
		if err := validPath(p); err != nil {
			errs = append(errs, fmt.Errorf("keep: %w", err))
		}
	}
	for _, name := range o.KeepUsers {
		if err := validUser(name); err != nil {
			errs = append(errs, fmt.Errorf("keep_users: %w", err))
		}
	}
	for _, p := range o.ScrubPaths {
		if err := o.validScrub(p); err != nil {
			errs = append(errs, fmt.Errorf("scrub_paths: %w", err))
		}
	}
	return errors.Join(errs...)
}

// validNames looks at what skip and enable name.
func (o Options) validNames() []error {
	var errs []error
	for _, name := range o.Skip {
		if !slices.Contains(order, name) {
			errs = append(errs, fmt.Errorf("skip: %w", unknown(name)))
		}
	}
	for _, name := range o.Enable {
		if !slices.Contains(order, name) {
			errs = append(errs, fmt.Errorf("enable: %w", unknown(name)))
			continue
		}
		if slices.Contains(o.Skip, name) {
			errs = append(errs, fmt.Errorf("enable: %q is named in skip too; leave it in one of them", name))
		}
		for _, op := range operations() {
			if op.Name == name && op.Default != "on" && op.Default != "off" && !o.set(op.Default) {
				errs = append(errs, fmt.Errorf("enable: %q does nothing without %s; set that instead", name, op.Default))
			}
		}
	}
	return errs
}

// set tells whether the option of that name has a value, for the operations that
// run because of one.
func (o Options) set(option string) bool {
	return option == "scrub_paths" && len(o.ScrubPaths) > 0
}

// Selected gives the operations that run, in order.
func (o Options) Selected() []Operation {
	var ops []Operation
	for _, op := range operations() {
		wanted := op.Default == "on" || o.set(op.Default) || slices.Contains(o.Enable, op.Name)
		if wanted && !slices.Contains(o.Skip, op.Name) {
			ops = append(ops, op)
		}
	}
	return ops
}
