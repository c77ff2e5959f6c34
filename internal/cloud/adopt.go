package cloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go/middleware"
)

// lost is a create call that met a duplicate after an attempt of its own whose
// outcome it does not know.
type lost struct {
	clients *Clients
	region  string
	started time.Time
	in      middleware.InitializeInput
	next    middleware.InitializeHandler
	out     middleware.InitializeOutput
	meta    middleware.Metadata
	cause   error // the duplicate error
}

func (l lost) giveUp(err error) (middleware.InitializeOutput, middleware.Metadata, error) {
	if err != nil {
		err = fmt.Errorf("%w; an earlier attempt of this call had no answer, and whether it made this one could not be found out: %w", l.cause, err)
		return l.out, l.meta, err
	}
	return l.out, l.meta, l.cause
}

// alreadyDone tells that a call failed because its effect is there.
// LimitExceeded is IAM's word for a profile that holds a role.
func alreadyDone(err error) bool { return IsDuplicate(err) || Code(err) == "LimitExceeded" }

// lostAnswer tells whether an attempt before the last may have taken effect.
func lostAnswer(meta middleware.Metadata) bool {
	results, ok := retry.GetAttemptResults(meta)
	if !ok || len(results.Results) < 2 {
		return false
	}
	for _, r := range results.Results[:len(results.Results)-1] {
		if mayHaveTakenEffect(r.Err) {
			return true
		}
	}
	return false
}

// mayHaveTakenEffect is false where AWS has refused (any 4xx with a code, and
// throttles, which come with 503) or was never reached.
func mayHaveTakenEffect(err error) bool {
	if err == nil {
		return true
	}
	class := classOf(err)
	if class.has(throttle) || class.has(capacity) {
		return false
	}
	if status := httpStatus(err); status >= http.StatusBadRequest && status < http.StatusInternalServerError && Code(err) != "" {
		return false
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return false
	}
	return true
}

// clockSkew is how far AWS's clock may be from ours: as much as the SDK's
// signature handling bears.
const clockSkew = 5 * time.Minute

// bornIn tells whether something with that creation time can stem from this call.
func (l lost) bornIn(at time.Time) bool { return at.After(l.started.Add(-clockSkew)) }

// replaceKeyPair deletes the half-known key pair and makes it again: its private
// half was in the lost answer. It touches only a pair that is as young as this
// call and carries the tags this call asked for.
func replaceKeyPair(ctx context.Context, l lost) (middleware.InitializeOutput, middleware.Metadata, error) {
	in, ok := l.in.Parameters.(*ec2.CreateKeyPairInput)
	if !ok {
		return l.giveUp(nil)
	}
	api := l.clients.EC2(l.region)
	found, err := api.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{KeyNames: []string{aws.ToString(in.KeyName)}})
	if err != nil {
		return l.giveUp(err)
	}
	if len(found.KeyPairs) != 1 {
		return l.giveUp(nil)
	}
	pair := found.KeyPairs[0]
	if pair.CreateTime == nil || !l.bornIn(*pair.CreateTime) || !carries(pair.Tags, in.TagSpecifications, types.ResourceTypeKeyPair) {
		return l.giveUp(nil)
	}
	if _, err := api.DeleteKeyPair(ctx, &ec2.DeleteKeyPairInput{KeyPairId: pair.KeyPairId}); err != nil {
		return l.giveUp(err)
	}
	return l.next.HandleInitialize(ctx, l.in)
}

// adoptSecurityGroup finds the group by name and VPC. A group has no creation
// time: it is ours if description and tags are as asked for and nothing was
// opened in it yet.
func adoptSecurityGroup(ctx context.Context, l lost) (middleware.InitializeOutput, middleware.Metadata, error) {
	in, ok := l.in.Parameters.(*ec2.CreateSecurityGroupInput)
	if !ok {
		return l.giveUp(nil)
	}
	filters := []types.Filter{{Name: aws.String("group-name"), Values: []string{aws.ToString(in.GroupName)}}}
	if in.VpcId != nil {
		filters = append(filters, types.Filter{Name: aws.String("vpc-id"), Values: []string{*in.VpcId}})
	}
	found, err := l.clients.EC2(l.region).DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: filters})
	if err != nil {
		return l.giveUp(err)
	}
	if len(found.SecurityGroups) != 1 { // without a VPC the name may be taken in several
		return l.giveUp(nil)
	}
	group := found.SecurityGroups[0]
	if aws.ToString(group.Description) != aws.ToString(in.Description) || len(group.IpPermissions) != 0 ||
		!carries(group.Tags, in.TagSpecifications, types.ResourceTypeSecurityGroup) {
		return l.giveUp(nil)
	}
	l.out.Result = &ec2.CreateSecurityGroupOutput{GroupId: group.GroupId, Tags: group.Tags, SecurityGroupArn: group.SecurityGroupArn}
	return l.out, l.meta, nil
}

func adoptCreatedImage(ctx context.Context, l lost) (middleware.InitializeOutput, middleware.Metadata, error) {
	in, ok := l.in.Parameters.(*ec2.CreateImageInput)
	if !ok {
		return l.giveUp(nil)
	}
	id, err := l.findImage(ctx, in.Name, in.TagSpecifications)
	if id == nil {
		return l.giveUp(err)
	}
	l.out.Result = &ec2.CreateImageOutput{ImageId: id}
	return l.out, l.meta, nil
}

func adoptRegisteredImage(ctx context.Context, l lost) (middleware.InitializeOutput, middleware.Metadata, error) {
	in, ok := l.in.Parameters.(*ec2.RegisterImageInput)
	if !ok {
		return l.giveUp(nil)
	}
	id, err := l.findImage(ctx, in.Name, in.TagSpecifications)
	if id == nil {
		return l.giveUp(err)
	}
	l.out.Result = &ec2.RegisterImageOutput{ImageId: id}
	return l.out, l.meta, nil
}

// findImage gives our own image of that name if it is as young as the call and
// carries the tags that were asked for.
func (l lost) findImage(ctx context.Context, name *string, specs []types.TagSpecification) (*string, error) {
	found, err := l.clients.EC2(l.region).DescribeImages(ctx, &ec2.DescribeImagesInput{
		Owners:  []string{"self"},
		Filters: []types.Filter{{Name: aws.String("name"), Values: []string{aws.ToString(name)}}},
	})
	if err != nil {
		return nil, err
	}
	for _, image := range found.Images {
		born, err := time.Parse(time.RFC3339, aws.ToString(image.CreationDate))
		if err == nil && l.bornIn(born) && aws.ToString(image.Name) == aws.ToString(name) &&
			carries(image.Tags, specs, types.ResourceTypeImage) {
			return image.ImageId, nil
		}
	}
	return nil, nil
}

// carries tells whether have holds every tag that specs ask for on that kind.
func carries(have []types.Tag, specs []types.TagSpecification, kind types.ResourceType) bool {
	value := map[string]string{}
	for _, t := range have {
		value[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	for _, spec := range specs {
		if spec.ResourceType != kind {
			continue
		}
		for _, t := range spec.Tags {
			if v, ok := value[aws.ToString(t.Key)]; !ok || v != aws.ToString(t.Value) {
				return false
			}
		}
	}
	return true
}
