package rollback

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/pointer"
)

// EC2 are the calls of one Region. *ec2.Client has them all.
type EC2 interface {
	pointer.EC2
	DescribeRegions(context.Context, *ec2.DescribeRegionsInput, ...func(*ec2.Options)) (*ec2.DescribeRegionsOutput, error)
	DeleteTags(context.Context, *ec2.DeleteTagsInput, ...func(*ec2.Options)) (*ec2.DeleteTagsOutput, error)
}

// Clients gives the clients of a Region.
type Clients interface {
	EC2(region string) EC2
	SSM(region string) pointer.SSM
}

// FromCloud gives the clients of c, with its retries and its recorder.
func FromCloud(c *cloud.Clients) Clients { return cloudClients{c} }

type cloudClients struct{ c *cloud.Clients }

func (c cloudClients) EC2(region string) EC2         { return c.c.EC2(region) }
func (c cloudClients) SSM(region string) pointer.SSM { return c.c.SSM(region) }
