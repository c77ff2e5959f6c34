package seal

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Mode says whether the program removes or only looks.
type Mode string

// The two modes.
const (
	ModeSeal  Mode = "seal"  // remove, then check
	ModeAudit Mode = "audit" // check only: nothing in the guest is changed
)

// Valid refuses what is no mode.
func (m Mode) Valid() error {
	if m != ModeSeal && m != ModeAudit {
		return fmt.Errorf("%q is neither %q nor %q", m, ModeSeal, ModeAudit)
	}
	return nil
}

// ScanMode says what a finding of the secret scan is.
type ScanMode string

// The modes of the secret scan.
const (
	ScanFail ScanMode = "fail" // a reason to make no image
	ScanWarn ScanMode = "warn" // a warning of the report
	ScanOff  ScanMode = "off"  // nothing is looked for
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
	// Banner is a text that sshd shows before it asks who is there; none if empty.
	Banner string
	// BuildKey is the line of the public key with which the build logs in, if the
	// builder tells it. What is no such line counts as none.
	BuildKey string
	// RemoveBuildUser removes the user as which the build logs in, BuildUser; where
	// an init system runs, at the shutdown.
	RemoveBuildUser bool
	// BuildUser is the name as which the build logs in.
	BuildUser string
	// SecretScan says what a file that looks like a secret is; off if empty.
	SecretScan ScanMode
	// ScanAllow lists absolute paths in the guest, files or directories, that the
	// secret scan passes over.
	ScanAllow []string
	// Forbidden are strings that must not stand in any file of the guest.
	Forbidden []Forbidden
	// Scanner is a command of the guest, for its sh, whose exit status says whether
	// the guest may become an image; none if empty.
	Scanner string
	// ScanTimeout bounds the secret scan, the look for forbidden strings and Scanner,
	// each; full seconds count.
	ScanTimeout time.Duration
	// Strict makes a warning of the report a reason to make no image.
	Strict bool
	// AllowNoHostKeys seals a guest even where nothing is found that would make
	// its SSH host keys again.
	AllowNoHostKeys bool
	// AllowNoLaunchKey seals a guest even where nothing is found that would let
	// in the key with which an instance is launched.
	AllowNoLaunchKey bool
	// AllowNoNetwork seals a guest even where nothing that is enabled would bring up
	// its network.
	AllowNoNetwork bool
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
	errs := slices.Concat(Unfit("mode", []Mode{o.Mode}, Mode.Valid), o.validNames())
	if len(o.Selected()) == 0 {
		errs = append(errs, ErrNothing)
	}
	errs = append(errs, Unfit("keep", o.Keep, ValidPath)...)
	errs = append(errs, o.validSizes()...)
	errs = append(errs, Unfit("keep_users", o.KeepUsers, validUser)...)
	errs = append(errs, Unfit("scrub_paths", o.ScrubPaths, o.validScrub)...)
	errs = append(errs, o.validScan()...)
	errs = append(errs, o.validForbidden()...)
	if err := validBanner(o.Banner); err != nil {
		errs = append(errs, fmt.Errorf("ssh_banner: %w", err))
	}
	return errors.Join(errs...)
}

// ErrNothing is the fault of options by which no operation runs.
var ErrNothing = errors.New("skip: every operation is skipped, so nothing would be sealed; leave the provisioner out instead")

// Unfit gives an error, with the option's name, for each of its values that valid
// refuses.
func Unfit[T any](option string, values []T, valid func(T) error) []error {
	var errs []error
	for _, value := range values {
		if err := valid(value); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", option, err))
		}
	}
	return errs
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

// validScan looks at the options of the secret scan.
func (o Options) validScan() []error {
	var errs []error
	switch o.SecretScan {
	case ScanFail, ScanWarn, ScanOff, "":
	default:
		errs = append(errs, fmt.Errorf("secret_scan: %q is none of %q, %q and %q", o.SecretScan, ScanFail, ScanWarn, ScanOff))
	}
	if o.ScanTimeout < time.Second && (o.set("secret_scan") || o.set("forbidden_strings") || o.set("scanner_command")) {
		errs = append(errs, fmt.Errorf("scan_timeout: %s is too short to look at anything; give at least 1s, or set secret_scan = \"off\"", o.ScanTimeout))
	}
	return append(errs, Unfit("scan_allow", o.ScanAllow, ValidPath)...)
}

// set tells whether the option of that name has a value, for the operations that
// run because of one.
func (o Options) set(option string) bool {
	switch option {
	case "scrub_paths":
		return len(o.ScrubPaths) > 0
	case "ssh_banner":
		return o.Banner != ""
	case "forbidden_strings":
		return len(o.Forbidden) > 0
	case "scanner_command":
		return o.Scanner != ""
	case "remove_build_user":
		return o.RemoveBuildUser
	case "secret_scan":
		return o.SecretScan == ScanFail || o.SecretScan == ScanWarn
	}
	return false
}

// Selected gives the operations that run, in order.
func (o Options) Selected() []Operation {
	var ops []Operation
	for _, op := range operations() {
		wanted := op.Default == "on" || o.set(op.Default) || slices.Contains(o.Enable, op.Name)
		if op.Name == "build-key" && o.keyText() == "" {
			continue
		}
		if wanted && !slices.Contains(o.Skip, op.Name) {
			ops = append(ops, op)
		}
	}
	return ops
}

// keyText is the part of the build's public key that is the key, or nothing.
func (o Options) keyText() string {
	fields := strings.Fields(o.BuildKey)
	if len(fields) < 2 || !publicKey.MatchString(fields[1]) {
		return ""
	}
	return fields[1]
}

// publicKey is the base64 text of an SSH public key, which begins with the length
// of its type's name.
var publicKey = regexp.MustCompile(`^AAAA[A-Za-z0-9+/]{32,}={0,2}$`)
