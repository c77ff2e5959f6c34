package seal

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
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
	// Keep lists absolute paths in the guest, files or directories, that are
	// never touched and that no check counts.
	Keep []string
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
	for _, name := range o.Skip {
		if !slices.Contains(order, name) {
			errs = append(errs, fmt.Errorf("skip: %w", unknown(name)))
		}
	}
	if len(o.Selected()) == 0 {
		errs = append(errs, errors.New("skip: every operation is skipped, so nothing would be sealed; leave the provisioner out instead"))
	}
	for _, p := range o.Keep {
		if err := validKeep(p); err != nil {
			errs = append(errs, fmt.Errorf("keep: %w", err))
		}
	}
	return errors.Join(errs...)
}

// validKeep refuses paths that cannot mean what their writer thinks.
func validKeep(p string) error {
	switch {
	case !strings.HasPrefix(p, "/"):
		return fmt.Errorf("%q is not an absolute path in the guest", p)
	case strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("%q holds a control character", p)
	case !utf8.ValidString(p):
		return fmt.Errorf("%q is not UTF-8", p)
	case path.Clean(p) == "/":
		return fmt.Errorf("%q keeps the whole guest; name what is to stay", p)
	case path.Clean(p) != strings.TrimSuffix(p, "/"):
		return fmt.Errorf("%q is not in its shortest form; write %q", p, path.Clean(p))
	}
	return nil
}

// Selected gives the operations that run, in order.
func (o Options) Selected() []Operation {
	var ops []Operation
	for _, op := range operations() {
		if !slices.Contains(o.Skip, op.Name) {
			ops = append(ops, op)
		}
	}
	return ops
}
