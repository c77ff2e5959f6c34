package ami

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// State is how far an image has come in its life. It is stored as a tag, so
// that a roll-back is one CreateTags call. Expired is not a state: it follows
// from ExpiresAt.
type State string

// The states in the order of an image's life.
const (
	Building State = "building" // set in the call that makes the image
	Testing  State = "testing"  // available, not yet proven
	Good     State = "good"     // the only state that others build on; written last
	Bad      State = "bad"      // failed its tests
	Revoked  State = "revoked"  // was good, taken back
	Retired  State = "retired"  // disabled, about to be deleted
)

// States gives all states in the order of an image's life.
func States() []State { return []State{Building, Testing, Good, Bad, Revoked, Retired} }

// ParseState gives the state of that name. The error lists the names there are.
func ParseState(s string) (State, error) {
	if slices.Contains(States(), State(s)) {
		return State(s), nil
	}
	names := make([]string, 0, len(States()))
	for _, known := range States() {
		names = append(names, string(known))
	}
	return "", fmt.Errorf("unknown image state %q: use one of %s", s, strings.Join(names, ", "))
}

// changes are the states that may follow each one. The comment of this package says
// which component makes which change.
var changes = map[State][]State{
	Building: {Testing, Good, Bad},
	Testing:  {Good, Bad},
	Good:     {Bad, Revoked, Retired},
	Bad:      {Retired},
	Revoked:  {Good, Retired},
	Retired:  nil,
}

// CheckChange tells why an image in one state must not be given another; nil if it
// may, or has it already. An image without a state yet may be given any.
func CheckChange(from, to State) error {
	if _, err := ParseState(string(to)); err != nil {
		return err
	}
	if from == to || from == "" || slices.Contains(changes[from], to) {
		return nil
	}
	return fmt.Errorf("an image that is %s cannot become %s", from, to)
}

// CreateTagsAPI is the call that SetState makes.
type CreateTagsAPI interface {
	CreateTags(ctx context.Context, in *ec2.CreateTagsInput, opts ...func(*ec2.Options)) (*ec2.CreateTagsOutput, error)
}

// resourcesPerCall is how many resources one CreateTags call may name: AWS
// documents 1000 and advises to stay well below.
const resourcesPerCall = 500

// SetState writes the state of the images and snapshots with these ids. All
// ids are checked before the first call, so a bad argument changes nothing. It does
// not read what state they are in: callers that know it ask CheckChange first.
func SetState(ctx context.Context, api CreateTagsAPI, s State, ids ...string) error {
	if _, err := ParseState(string(s)); err != nil {
		return err
	}
	if len(ids) == 0 {
		return errors.New("set image state: no image id given")
	}
	if slices.Contains(ids, "") {
		return errors.New("set image state: an image id is empty")
	}
	for some := range slices.Chunk(ids, resourcesPerCall) {
		_, err := api.CreateTags(ctx, &ec2.CreateTagsInput{
			Resources: some,
			Tags:      EC2Tags(map[string]string{tagState: string(s)}),
		})
		if err != nil {
			return fmt.Errorf("set state %s on %s: %w", s, strings.Join(some, ", "), err)
		}
	}
	return nil
}
