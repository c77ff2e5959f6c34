package ami

import (
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/oklog/ulid/v2"
)

const (
	minName   = 3
	maxName   = 128
	maxFamily = 64
)

var (
	// EC2's rule for image names, from the reference of CreateImage:
	// letters, digits, parentheses, square brackets, space, period, slash,
	// dash, single quote, at sign, underscore.
	nameRefused = regexp.MustCompile(`[^A-Za-z0-9()\[\] ./\-'@_]`)
	familyRule  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]*$`)
)

// entropy makes the versions of one process strictly rising even within one
// millisecond.
var entropy = &ulid.LockedMonotonicReader{MonotonicReader: ulid.Monotonic(rand.Reader, 0)}

// NewVersion gives a new version: a ULID, which sorts by time and is unique
// without a counter that runs would have to share.
func NewVersion(now time.Time) string {
	at := ulid.Timestamp(now)
	if now.UnixMilli() < 0 || at > ulid.MaxTime() {
		at = 0 // a broken clock must not cost the build; the random part stays unique
	}
	id, err := ulid.New(at, entropy)
	for err != nil { // the random part overflowed within this millisecond
		at++
		id, err = ulid.New(at, entropy)
	}
	return id.String()
}

// Name gives an image's name: <family>-<tier>-<arch>-<fp8>-<version>. It
// never collides, because the version is unique, and is never refused by EC2:
// characters that EC2 does not take become dashes, and a family that is too
// long is cut.
func Name(family string, t Tier, arch, fingerprint, version string) string {
	if len(fingerprint) > 8 {
		fingerprint = fingerprint[:8]
	}
	rest := fmt.Sprintf("-%s-%s-%s-%s", t, arch, fingerprint, version)
	rest = nameRefused.ReplaceAllString(rest, "-")
	rest = rest[max(0, len(rest)-maxName+1):]
	family = nameRefused.ReplaceAllString(family, "-")
	return family[:min(len(family), maxName-len(rest))] + rest
}

// ValidateName tells why EC2 would refuse a name for an image; nil if it
// would not.
func ValidateName(s string) error {
	if len(s) < minName || len(s) > maxName {
		return fmt.Errorf("image name %q has %d characters: EC2 takes %d to %d", s, len(s), minName, maxName)
	}
	if bad := nameRefused.FindString(s); bad != "" {
		return fmt.Errorf("image name %q has the character %q: EC2 takes letters, digits and ( ) [ ] space . / - ' @ _", s, bad)
	}
	return nil
}

// ValidateVersion tells why a string is no version; nil if it is one.
func ValidateVersion(s string) error {
	if !isVersion(s) {
		return fmt.Errorf("%q is not a version: versions have 26 digits and capital letters, such as 01JD0000000000000000000000", s)
	}
	return nil
}

// ValidateFamily tells why a string cannot name a family; nil if it can. The
// rule leaves room for the rest of the image's name and excludes * and ?,
// which EC2's filters take for wildcards.
func ValidateFamily(s string) error {
	switch {
	case s == "":
		return errors.New("the family has no name")
	case len(s) > maxFamily:
		return fmt.Errorf("family %q has %d characters: use at most %d", s, len(s), maxFamily)
	case !familyRule.MatchString(s):
		return fmt.Errorf("family %q: use letters, digits and . _ - / and begin with a letter or a digit", s)
	}
	return nil
}
