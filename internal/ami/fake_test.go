package ami

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// fakeEC2 holds the images of one Region and answers as EC2 does: filters with
// wildcards, owners, deprecation and pages. Anything it does not know fails.
type fakeEC2 struct {
	mu       sync.Mutex
	images   []types.Image
	pageSize int
	calls    int
	fail     error
	sameTok  bool
	tagged   []string
}

func (f *fakeEC2) DescribeImages(_ context.Context, in *ec2.DescribeImagesInput, _ ...func(*ec2.Options)) (*ec2.DescribeImagesOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.fail != nil {
		return nil, f.fail
	}
	if n := aws.ToInt32(in.MaxResults); n < 1 || n > 1000 {
		return nil, fmt.Errorf("InvalidParameterValue: MaxResults %d", n)
	}
	if f.sameTok {
		return &ec2.DescribeImagesOutput{NextToken: aws.String("again")}, nil
	}
	var matching []types.Image
	for _, image := range f.images {
		if !slices.Contains(in.Owners, aws.ToString(image.OwnerId)) {
			continue
		}
		if image.DeprecationTime != nil && !aws.ToBool(in.IncludeDeprecated) {
			continue
		}
		all := true
		for _, wanted := range in.Filters {
			ok, err := fakeMatch(image, wanted)
			if err != nil {
				return nil, err
			}
			all = all && ok
		}
		if all {
			matching = append(matching, image)
		}
	}
	start := 0
	if in.NextToken != nil {
		var err error
		if start, err = strconv.Atoi(*in.NextToken); err != nil {
			return nil, errors.New("InvalidNextToken")
		}
	}
	end := min(len(matching), start+f.pageSize)
	out := &ec2.DescribeImagesOutput{Images: matching[start:end]}
	if end < len(matching) {
		out.NextToken = aws.String(strconv.Itoa(end))
	}
	return out, nil
}

func fakeMatch(image types.Image, wanted types.Filter) (bool, error) {
	var value string
	switch name := aws.ToString(wanted.Name); {
	case name == "state":
		value = string(image.State)
	case name == "root-device-type":
		value = string(image.RootDeviceType)
	case name == "architecture":
		value = string(image.Architecture)
	case strings.HasPrefix(name, "tag:"):
		for _, tag := range image.Tags {
			if aws.ToString(tag.Key) == strings.TrimPrefix(name, "tag:") {
				value = aws.ToString(tag.Value)
			}
		}
	default:
		return false, fmt.Errorf("InvalidParameterValue: the filter %q is invalid", name)
	}
	for _, pattern := range wanted.Values {
		if ok, _ := path.Match(strings.ReplaceAll(pattern, "/", "|"), strings.ReplaceAll(value, "/", "|")); ok {
			return true, nil
		}
	}
	return false, nil
}

func (f *fakeEC2) CreateTags(_ context.Context, in *ec2.CreateTagsInput, _ ...func(*ec2.Options)) (*ec2.CreateTagsOutput, error) {
	f.calls++
	if f.fail != nil {
		return nil, f.fail
	}
	if len(in.Resources) == 0 || len(in.Resources) > 1000 || len(in.Tags) != 1 {
		return nil, errors.New("InvalidParameterValue")
	}
	for _, id := range in.Resources {
		f.tagged = append(f.tagged, id+" "+aws.ToString(in.Tags[0].Key)+"="+aws.ToString(in.Tags[0].Value))
	}
	return &ec2.CreateTagsOutput{}, nil
}
