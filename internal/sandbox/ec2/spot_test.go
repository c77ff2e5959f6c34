package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// fleet makes an instant fleet of a template for a t3.small Spot Instance.
func (c *cloud) fleet(change func(*ec2.CreateFleetInput)) *ec2.CreateFleetOutput {
	c.t.Helper()
	data := &types.RequestLaunchTemplateData{
		ImageId: c.vendor(c.home).ImageId, InstanceType: types.InstanceTypeT3Small,
		InstanceMarketOptions: &types.LaunchTemplateInstanceMarketOptionsRequest{
			MarketType: types.MarketTypeSpot, SpotOptions: &types.LaunchTemplateSpotMarketOptionsRequest{MaxPrice: aws.String("0.05")},
		},
		TagSpecifications: []types.LaunchTemplateTagSpecificationRequest{{
			ResourceType: types.ResourceTypeSpotInstancesRequest, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("spot")}},
		}},
	}
	template, err := c.home.CreateLaunchTemplate(c.t.Context(), &ec2.CreateLaunchTemplateInput{LaunchTemplateName: aws.String("fleet"), LaunchTemplateData: data})
	must(c.t, template, err)
	in := &ec2.CreateFleetInput{
		Type: types.FleetTypeInstant, ReplaceUnhealthyInstances: aws.Bool(false),
		TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{TotalTargetCapacity: aws.Int32(1), DefaultTargetCapacityType: types.DefaultTargetCapacityTypeSpot},
		LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{
			LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{LaunchTemplateName: aws.String("fleet"), Version: aws.String("1")},
		}},
	}
	if change != nil {
		change(in)
	}
	out, err := c.home.CreateFleet(c.t.Context(), in)
	return must(c.t, out, err)
}

func overrides(kinds ...types.InstanceType) func(*ec2.CreateFleetInput) {
	return func(in *ec2.CreateFleetInput) {
		for n, kind := range kinds {
			in.LaunchTemplateConfigs[0].Overrides = append(in.LaunchTemplateConfigs[0].Overrides,
				types.FleetLaunchTemplateOverridesRequest{InstanceType: kind, Priority: aws.Float64(float64(len(kinds) - n))})
		}
	}
}

// launchedTypes are the types of a fleet's instances in the order of its answer.
func launchedTypes(out *ec2.CreateFleetOutput) []types.InstanceType {
	var all []types.InstanceType
	for _, i := range out.Instances {
		all = append(all, i.InstanceType)
	}
	return all
}

func TestFleetWithoutOverridesLaunchesItsTemplate(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	out := c.fleet(nil)
	if len(out.Instances) != 1 || out.Instances[0].InstanceType != types.InstanceTypeT3Small || out.Instances[0].Lifecycle != types.InstanceLifecycleSpot || len(out.Errors) != 0 {
		t.Fatalf("got %+v", out)
	}
}

func TestFleetFillsItsWholeCapacity(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		strategy types.SpotAllocationStrategy
		kinds    []types.InstanceType
		want     []types.InstanceType
		errors   int
	}{
		"first pool":   {"lowest-price", []types.InstanceType{"t3.micro", "t3.small"}, []types.InstanceType{"t3.micro", "t3.micro", "t3.micro"}, 0},
		"skips a pool": {"lowest-price", []types.InstanceType{"m6g.large", "t3.small"}, []types.InstanceType{"t3.small", "t3.small", "t3.small"}, 1},
		"diversified":  {"diversified", []types.InstanceType{"t3.micro", "t3.small"}, []types.InstanceType{"t3.micro", "t3.small", "t3.micro"}, 0},
		"prioritized":  {"capacity-optimized-prioritized", []types.InstanceType{"t3.micro", "t3.small"}, []types.InstanceType{"t3.small", "t3.small", "t3.small"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := start(t, world.Delays{})
			out := c.fleet(func(in *ec2.CreateFleetInput) {
				overrides(tc.kinds...)(in)
				in.SpotOptions = &types.SpotOptionsRequest{AllocationStrategy: tc.strategy}
				in.TargetCapacitySpecification.TotalTargetCapacity = aws.Int32(3)
				in.TargetCapacitySpecification.OnDemandTargetCapacity = aws.Int32(1)
			})
			got := launchedTypes(out)
			if len(got) != 3 || got[0] != tc.want[0] || got[1] != tc.want[1] || got[2] != tc.want[2] || len(out.Errors) != tc.errors {
				t.Errorf("got %v and errors %+v", got, out.Errors)
			}
			if out.Instances[0].Lifecycle != types.InstanceLifecycleOnDemand || out.Instances[1].Lifecycle != types.InstanceLifecycleSpot {
				t.Errorf("lifecycles: %+v", out.Instances)
			}
		})
	}
}

func TestSpotRequestFollowsItsInstance(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.fleet(nil).Instances[0].InstanceIds[0]
	c.until("running", func() bool { return c.instanceState(id) == types.InstanceStateNameRunning })
	described, err := c.home.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	request := aws.ToString(must(t, described, err).Reservations[0].Instances[0].SpotInstanceRequestId)
	must(t, 0, c.tag(c.home, request, "more", "tags"))
	see := func() types.SpotInstanceRequest {
		out, err := c.home.DescribeSpotInstanceRequests(t.Context(), &ec2.DescribeSpotInstanceRequestsInput{Filters: []types.Filter{filter("instance-id", id)}})
		if all := must(t, out, err).SpotInstanceRequests; len(all) != 1 || aws.ToString(all[0].SpotInstanceRequestId) != request {
			t.Fatalf("requests: %+v", all)
		}
		return out.SpotInstanceRequests[0]
	}
	if r := see(); r.State != types.SpotInstanceStateActive || *r.Status.Code != "fulfilled" || *r.SpotPrice != "0.05" || r.Type != types.SpotInstanceTypeOneTime || len(r.Tags) != 2 {
		t.Errorf("running: %+v", r)
	}
	cancelled, err := c.home.CancelSpotInstanceRequests(t.Context(), &ec2.CancelSpotInstanceRequestsInput{SpotInstanceRequestIds: []string{request}})
	if all := must(t, cancelled, err).CancelledSpotInstanceRequests; len(all) != 1 || all[0].State != types.CancelSpotInstanceRequestStateCancelled {
		t.Errorf("cancelled: %+v", all)
	}
	if r := see(); *r.Status.Code != "request-canceled-and-instance-running" || c.instanceState(id) != types.InstanceStateNameRunning {
		t.Errorf("the instance goes on: %+v", r)
	}
	terminated, err := c.home.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
	must(t, terminated, err)
	if r := see(); r.State != types.SpotInstanceStateCancelled || *r.Status.Code != "instance-terminated-by-user" {
		t.Errorf("terminated: %+v", r)
	}
}

func TestSpotRefusals(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	run := func(o *types.SpotMarketOptions) error {
		_, err := c.home.RunInstances(t.Context(), &ec2.RunInstancesInput{
			ImageId: c.vendor(c.home).ImageId, InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
			InstanceMarketOptions: &types.InstanceMarketOptionsRequest{MarketType: types.MarketTypeSpot, SpotOptions: o},
		})
		return err
	}
	refused(t, run(&types.SpotMarketOptions{MaxPrice: aws.String("cheap")}), badRequest, "InvalidParameterValue", "Invalid value 'cheap' for MaxPrice.")
	refused(t, run(&types.SpotMarketOptions{SpotInstanceType: types.SpotInstanceTypePersistent}), badRequest, "InvalidParameterValue",
		"Invalid value 'persistent' for SpotInstanceType. This endpoint has one-time requests.")
	_, err := c.home.DescribeSpotInstanceRequests(t.Context(), &ec2.DescribeSpotInstanceRequestsInput{SpotInstanceRequestIds: []string{"sir-0123456789abcdef0"}})
	refused(t, err, badRequest, "InvalidSpotInstanceRequestID.NotFound", "The spot instance request ID 'sir-0123456789abcdef0' does not exist")
}
