package layer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// OnConcurrent says what to do where another run builds the same content now.
type OnConcurrent string

// The answers to another build.
const (
	ConcurrentWait  OnConcurrent = "wait"  // for its image, and use it; the default
	ConcurrentBuild OnConcurrent = "build" // a second image
	ConcurrentFail  OnConcurrent = "fail"
)

// ParseOnConcurrent reads the option's value; empty is the default.
func ParseOnConcurrent(s string) (OnConcurrent, error) {
	switch o := OnConcurrent(s); o {
	case "":
		return ConcurrentWait, nil
	case ConcurrentWait, ConcurrentBuild, ConcurrentFail:
		return o, nil
	default:
		return "", fmt.Errorf("%q is not known: use %s, %s or %s", s, ConcurrentWait, ConcurrentBuild, ConcurrentFail)
	}
}

// ClaimAPI are the calls by which runs on different machines see each other.
type ClaimAPI interface {
	CreateKeyPair(ctx context.Context, in *ec2.CreateKeyPairInput, opts ...func(*ec2.Options)) (*ec2.CreateKeyPairOutput, error)
	DescribeKeyPairs(ctx context.Context, in *ec2.DescribeKeyPairsInput, opts ...func(*ec2.Options)) (*ec2.DescribeKeyPairsOutput, error)
	DeleteKeyPair(ctx context.Context, in *ec2.DeleteKeyPairInput, opts ...func(*ec2.Options)) (*ec2.DeleteKeyPairOutput, error)
	ec2.DescribeInstancesAPIClient
	ami.CreateTagsAPI
}

// Claimer lets one build at a time make the image of a fingerprint. The mark of a
// build is a key pair: its name is unique in an account and Region and making it
// is atomic, which EC2 offers of nothing else that costs nothing and needs no
// further service. Nobody ever has its private half.
type Claimer struct {
	API ClaimAPI
	// Name is the mark's, see ami.ClaimName; Run is this run.
	Name, Run string
	// Report takes sentences about waiting and taking over; nil drops them.
	Report func(string)
	// Lease is for how long a mark stands unless it is renewed, which its build
	// does five times as often; 10 min unless set.
	Lease time.Duration
	// Pause is the first pause between two looks at another's mark; 1 s unless set.
	Pause time.Duration
}

// BusyError says that another build of the same content is under way.
type BusyError struct{ Mark, Run string }

func (e *BusyError) Error() string {
	return fmt.Sprintf("run %s builds the same content now (key pair %s marks it)", orUnknownRun(e.Run), e.Mark)
}

func orUnknownRun(run string) string {
	if run == "" {
		return "of somebody else, whose tags cannot be seen yet,"
	}
	return run
}

// Take makes the mark of this build. Where another build has it, the result is
// a *BusyError, or with ConcurrentBuild none at all and no claim; or it waits
// until that build has ended or died. enough, if not nil, is asked each time the
// other's mark is gone, and once more when this build has its own: an image may
// have become good in between. If it says yes there is no claim.
//
// It returns as soon as ctx ends. Release the claim.
func (c *Claimer) Take(ctx context.Context, on OnConcurrent, enough func(context.Context) (bool, error)) (*Claim, error) {
	if enough == nil {
		enough = func(context.Context) (bool, error) { return false, nil }
	}
	if c.Report == nil {
		c.Report = func(string) {}
	}
	wait := newClaimWait(c)
	for {
		claim, err := c.mark(ctx)
		switch {
		case err == nil:
			return c.confirmed(ctx, claim, enough)
		case !cloud.IsDuplicate(err):
			return nil, fmt.Errorf("mark that this content is being built (key pair %s): %w", c.Name, err)
		}
		other, err := c.look(ctx)
		if err != nil {
			return nil, err
		}
		switch on {
		case ConcurrentBuild:
			c.Report((&BusyError{Mark: c.Name, Run: other.claim.Run}).Error() + "; building a second image all the same")
			return nil, nil
		case ConcurrentFail:
			return nil, &BusyError{Mark: c.Name, Run: other.claim.Run}
		case ConcurrentWait:
		}
		if err := wait.untilGone(ctx, other); err != nil {
			return nil, err
		}
		if done, err := enough(ctx); done || err != nil {
			return nil, err
		}
	}
}

// confirmed looks once more now that nobody else can begin.
func (c *Claimer) confirmed(ctx context.Context, claim *Claim, enough func(context.Context) (bool, error)) (*Claim, error) {
	done, err := enough(ctx)
	if !done && err == nil {
		return claim, nil
	}
	return nil, errors.Join(err, claim.Release(ctx))
}

// mark makes the key pair.
func (c *Claimer) mark(ctx context.Context) (*Claim, error) {
	until := wallClock().Add(c.lease())
	tags := ami.Claim{Run: c.Run, Deadline: until}.Tags()
	out, err := c.API.CreateKeyPair(ctx, &ec2.CreateKeyPairInput{
		KeyName: &c.Name, KeyType: types.KeyTypeEd25519, // quicker to make than RSA
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeKeyPair, Tags: ami.EC2Tags(tags)}},
	})
	if err != nil {
		return nil, err
	}
	return c.hold(ctx, aws.ToString(out.KeyPairId), until), nil
}

func (c *Claimer) lease() time.Duration {
	if c.Lease > 0 {
		return c.Lease
	}
	return 10 * time.Minute
}

// marked is another's mark as far as it can be seen.
type marked struct {
	id      string // empty: not visible, or gone
	made    time.Time
	claim   ami.Claim // zero: its tags are not visible, or not ours
	visible bool      // the tags are
}

// look reads the mark. EC2 may not show yet what it refuses to have twice.
func (c *Claimer) look(ctx context.Context) (marked, error) {
	out, err := c.API.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{
		Filters: []types.Filter{{Name: aws.String("key-name"), Values: []string{c.Name}}},
	})
	if err != nil {
		return marked{}, fmt.Errorf("look who builds the same content (key pair %s): %w", c.Name, err)
	}
	for _, pair := range out.KeyPairs {
		if aws.ToString(pair.KeyName) == c.Name {
			m := marked{id: aws.ToString(pair.KeyPairId), made: aws.ToTime(pair.CreateTime)}
			m.claim, m.visible = ami.ParseClaim(pair.Tags)
			return m, nil
		}
	}
	return marked{}, nil
}

// alive lists the instances of a run that cost money now.
func (c *Claimer) alive(ctx context.Context, run string) ([]string, error) {
	pages := ec2.NewDescribeInstancesPaginator(c.API, &ec2.DescribeInstancesInput{Filters: []types.Filter{
		ami.OfRun(run),
		{Name: aws.String("instance-state-name"), Values: []string{"pending", "running", "stopping", "stopped"}},
	}})
	var ids []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("look for instances of run %s: %w", run, err)
		}
		for _, group := range page.Reservations {
			for _, i := range group.Instances {
				ids = append(ids, aws.ToString(i.InstanceId))
			}
		}
	}
	return ids, nil
}
