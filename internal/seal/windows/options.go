package windows

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
)

// Options decide what the program does. The zero value is not usable: Mode and Nonce
// must be named.
type Options struct {
	Mode seal.Mode
	// Skip names operations that do not run and are not checked.
	Skip []string
	// Enable names operations that run although they are off by default.
	Enable []string
	// Keep lists absolute paths in the guest that are never touched and that no check
	// counts.
	Keep []string
	// KeepUsers names users of the guest whose accounts and authorized keys stay.
	KeepUsers []string
	// ScrubPaths lists absolute paths in the guest that are removed too.
	ScrubPaths []string
	// BuildKey is the line of the public key with which the build logs in, if the
	// builder tells it. What is no such line counts as none.
	BuildKey string
	// SecretScan says what a file that looks like a secret is; off if empty.
	SecretScan seal.ScanMode
	// ScanAllow lists absolute paths in the guest that the secret scan passes over.
	ScanAllow []string
	// Forbidden are strings that must not stand in any file of the guest. They are not
	// sent to it.
	Forbidden []seal.Forbidden
	// ScanTimeout bounds the secret scan and the look for forbidden strings, each; full
	// seconds count.
	ScanTimeout time.Duration
	// Strict makes a warning of the report a reason to make no image.
	Strict bool
	// AllowNoLaunchKey seals a guest even without a launch agent.
	AllowNoLaunchKey bool
	// Nonce marks this run's report lines; see [seal.NewNonce].
	Nonce string
}

// Validate gives every fault of the options at once, or nil. It does not look at
// Nonce, which no user writes; [Program] does.
func (o Options) Validate() error {
	errs := slices.Concat(seal.Unfit("mode", []seal.Mode{o.Mode}, seal.Mode.Valid), o.validNames())
	if len(o.selected()) == 0 {
		errs = append(errs, seal.ErrNothing)
	}
	errs = append(errs, seal.Unfit("keep", o.Keep, ValidPath)...)
	errs = append(errs, seal.Unfit("keep_users", o.KeepUsers, validUser)...)
	errs = append(errs, seal.Unfit("scrub_paths", o.ScrubPaths, o.validScrub)...)
	errs = append(errs, seal.Options{SecretScan: o.SecretScan, ScanTimeout: o.ScanTimeout, Forbidden: o.Forbidden}.ScanFaults()...)
	errs = append(errs, seal.Unfit("scan_allow", o.ScanAllow, ValidPath)...)
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
		switch {
		case !slices.Contains(order, name):
			errs = append(errs, fmt.Errorf("enable: %w", unknown(name)))
		case slices.Contains(o.Skip, name):
			errs = append(errs, fmt.Errorf("enable: %q is named in skip too; leave it in one of them", name))
		case strings.Contains(defaultOf(name), "_") && !o.set(defaultOf(name)):
			errs = append(errs, fmt.Errorf("enable: %q does nothing without %s; set that instead", name, defaultOf(name)))
		}
	}
	return errs
}

// unknown explains a name that no operation of Windows has.
func unknown(name string) error {
	if slices.Contains(seal.Names(), name) {
		return fmt.Errorf("%q is an operation of Linux guests and this is for Windows; the operations are %s", name, strings.Join(order, ", "))
	}
	return fmt.Errorf("no operation for Windows is called %q; did you mean %q? The operations are %s",
		name, seal.Nearest(name, order), strings.Join(order, ", "))
}

// defaultOf gives when an operation runs by itself: on, off, or with an option.
func defaultOf(name string) string { return operations()[slices.Index(order, name)].Default }

// set tells whether the option of that name, with which an operation runs, has a value.
func (o Options) set(option string) bool {
	switch option {
	case "scrub_paths":
		return len(o.ScrubPaths) > 0
	case "secret_scan":
		return o.SecretScan == seal.ScanFail || o.SecretScan == seal.ScanWarn
	case "forbidden_strings":
		return len(o.Forbidden) > 0
	}
	return false
}

// selected gives the names of the operations that run, in order.
func (o Options) selected() []string {
	var names []string
	for _, op := range operations() {
		on := op.Default == "on" || o.set(op.Default) || slices.Contains(o.Enable, op.Name)
		if op.Name == "build-key" && seal.KeyText(o.BuildKey) == "" {
			continue
		}
		if on && !slices.Contains(o.Skip, op.Name) {
			names = append(names, op.Name)
		}
	}
	return names
}

// Count gives how many operations run.
func (o Options) Count() int { return len(o.selected()) }

// kept gives what no operation touches.
func (o Options) kept() []string { return append(cleanAll(o.Keep), alwaysKept...) }
