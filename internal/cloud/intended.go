package cloud

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Intended looks for what a call made whose answer nobody has, as of a process that
// was killed while it waited. Instances are found by the call's token, all else by its
// name, where mine says of the tags that they are that run's. known is false where
// nothing was found and that does not mean that nothing is there.
func (c *Clients) Intended(ctx context.Context, call Call, mine func([]types.Tag) bool) (found []Resource, known bool, err error) {
	search, ok := intendedSearches[call.Service+"."+call.Operation]
	if !ok || call.Name == "" && call.Token == "" {
		return nil, false, nil
	}
	strange := false // something has the name and is not known to be that run's
	all, err := search(ctx, c.EC2(call.Region), call)
	if err != nil {
		return nil, false, err
	}
	for _, one := range all {
		if !one.certain && !mine(one.tags) {
			strange = true
			continue
		}
		one.Region = call.Region
		found = append(found, one.Resource)
	}
	return found, !strange, nil
}

// shown is a resource as a search shows it.
type shown struct {
	Resource
	certain bool // nobody else can have made it
	tags    []types.Tag
}

type intendedSearch func(ctx context.Context, api *ec2.Client, call Call) ([]shown, error)

var intendedSearches = map[string]intendedSearch{
	"EC2.RunInstances":        instancesByToken,
	"EC2.CreateKeyPair":       keyPairsByName,
	"EC2.CreateSecurityGroup": groupsByName,
	"EC2.CreateImage":         imagesByName,
	"EC2.CopyImage":           imagesByName,
}

func by(name, value string) []types.Filter {
	return []types.Filter{{Name: aws.String(name), Values: []string{value}}}
}

func instancesByToken(ctx context.Context, api *ec2.Client, call Call) ([]shown, error) {
	out, err := api.DescribeInstances(ctx, &ec2.DescribeInstancesInput{Filters: by("client-token", call.Token)})
	if err != nil {
		return nil, err
	}
	var all []shown
	for _, group := range out.Reservations {
		for _, i := range group.Instances {
			r := Resource{Kind: KindInstance, ID: aws.ToString(i.InstanceId), Account: aws.ToString(group.OwnerId)}
			all = append(all, shown{r, aws.ToString(i.ClientToken) == call.Token, i.Tags})
		}
	}
	return all, nil
}

func keyPairsByName(ctx context.Context, api *ec2.Client, call Call) ([]shown, error) {
	out, err := api.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{Filters: by("key-name", call.Name)})
	if err != nil {
		return nil, err
	}
	var all []shown
	for _, k := range out.KeyPairs {
		all = append(all, shown{Resource{Kind: KindKeyPair, ID: aws.ToString(k.KeyPairId), Name: call.Name}, false, k.Tags})
	}
	return all, nil
}

func groupsByName(ctx context.Context, api *ec2.Client, call Call) ([]shown, error) {
	out, err := api.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: by("group-name", call.Name)})
	if err != nil {
		return nil, err
	}
	var all []shown
	for _, g := range out.SecurityGroups {
		all = append(all, shown{Resource{Kind: KindSecurityGroup, ID: aws.ToString(g.GroupId), Name: call.Name}, false, g.Tags})
	}
	return all, nil
}

func imagesByName(ctx context.Context, api *ec2.Client, call Call) ([]shown, error) {
	out, err := api.DescribeImages(ctx, &ec2.DescribeImagesInput{Owners: []string{"self"}, Filters: by("name", call.Name)})
	if err != nil {
		return nil, err
	}
	var all []shown
	for _, i := range out.Images {
		all = append(all, shown{Resource{Kind: KindImage, ID: aws.ToString(i.ImageId), Name: call.Name}, false, i.Tags})
	}
	return all, nil
}
