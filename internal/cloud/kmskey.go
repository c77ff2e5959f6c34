package cloud

import (
	"fmt"
	"regexp"
	"strings"
)

// KeyRef is a parsed reference to a KMS key, in one of the forms that EC2 takes
// for KmsKeyId: key id, alias, key ARN, alias ARN.
type KeyRef struct {
	Partition string // of an ARN, else empty
	Region    string // of an ARN, else empty
	Account   string // of an ARN, else empty
	KeyID     string // UUID or mrk-…; empty for an alias
	Alias     string // with its prefix, alias/…; empty for a key id
}

// MultiRegion tells whether the key's id is that of a multi-Region key. For an
// alias it is not known from the reference.
func (k KeyRef) MultiRegion() bool { return strings.HasPrefix(k.KeyID, "mrk-") }

// ARN tells whether the reference was an ARN and so is bound to one Region.
func (k KeyRef) ARN() bool { return k.Partition != "" }

// AWSManaged tells whether the reference names a key that AWS manages, by its
// reserved alias prefix. Snapshots under such a key cannot be shared.
func (k KeyRef) AWSManaged() bool { return strings.HasPrefix(k.Alias, "alias/aws/") }

// String gives the reference in the form that the APIs take.
func (k KeyRef) String() string {
	what := k.Alias
	if what == "" {
		what = k.KeyID
	}
	if !k.ARN() {
		return what
	}
	if k.Alias == "" {
		what = "key/" + what
	}
	return fmt.Sprintf("arn:%s:kms:%s:%s:%s", k.Partition, k.Region, k.Account, what)
}

// In gives the reference to the same multi-Region key's replica in another
// Region; EC2 wants the ARN of the Region where it encrypts. Other references
// come back as they are.
func (k KeyRef) In(region string) KeyRef {
	if k.ARN() && k.MultiRegion() {
		k.Region = region
	}
	return k
}

var (
	keyIDShape     = regexp.MustCompile(`^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$`)
	aliasShape     = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]{1,250}$`)
	partitionShape = regexp.MustCompile(`^aws(-[a-z]+)*$`)
)

// ParseKey parses a KMS key reference. Shapes are those of the KMS API reference
// (https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id);
// whether the key exists only KMS can tell.
func ParseKey(s string) (KeyRef, error) {
	var k KeyRef
	what := s
	if strings.HasPrefix(s, "arn:") {
		part := strings.SplitN(s, ":", 6)
		if len(part) != 6 || part[2] != "kms" {
			return KeyRef{}, fmt.Errorf("%q is no ARN of a KMS key or alias", s)
		}
		k.Partition, k.Region, k.Account, what = part[1], part[3], part[4], part[5]
		if err := k.checkARN(s); err != nil {
			return KeyRef{}, err
		}
		if id, ok := strings.CutPrefix(what, "key/"); ok {
			what = id
		} else if !strings.HasPrefix(what, "alias/") {
			return KeyRef{}, fmt.Errorf("the resource of %q is neither key/… nor alias/…", s)
		}
	}
	switch {
	case keyIDShape.MatchString(what):
		k.KeyID = what
	case aliasShape.MatchString(what):
		k.Alias = what
	default:
		return KeyRef{}, fmt.Errorf("%q is neither a key id (UUID or mrk- with 32 hex digits) nor an alias (alias/…); a key is named by its id, alias, key ARN or alias ARN", s)
	}
	return k, nil
}

func (k KeyRef) checkARN(s string) error {
	switch {
	case !partitionShape.MatchString(k.Partition):
		return fmt.Errorf("%q has no AWS partition", s)
	case !ValidRegion(k.Region):
		return fmt.Errorf("%q names no Region", s)
	case !ValidAccountID(k.Account):
		return fmt.Errorf("%q has no 12-digit account id", s)
	case Partition(k.Region) != k.Partition:
		return fmt.Errorf("%q: Region %s belongs to partition %s", s, k.Region, Partition(k.Region))
	}
	return nil
}

// KeyRegion gives the Region that an ARN of a key or alias is bound to; isARN is
// false for a key id, an alias, and for what is no key reference.
func KeyRegion(kmsKey string) (region string, isARN bool) {
	k, err := ParseKey(kmsKey)
	if err != nil || !k.ARN() {
		return "", false
	}
	return k.Region, true
}
