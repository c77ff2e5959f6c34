package ec2

import (
	"sort"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("DescribeInstances", describeInstances)
	add("DescribeInstanceStatus", describeInstanceStatus)
}

type describeInstancesInput struct {
	IDs []string `q:"InstanceId"`
	described
}

type describeInstancesOutput struct {
	Reservations wire.Set[reservation] `xml:"reservationSet"`
	NextToken    string                `xml:"nextToken,omitempty"`
}

func describeInstances(c *action.Call, in *describeInstancesInput) (*describeInstancesOutput, error) {
	found, err := matchingInstances(c, in.IDs, in.Filters)
	if err != nil {
		return nil, err
	}
	part, next, err := page(found, in.MaxResults, in.NextToken, 1000)
	if err != nil {
		return nil, err
	}
	out := &describeInstancesOutput{NextToken: next}
	for _, i := range part {
		out.Reservations = append(out.Reservations, reservation{
			ID: i.ReservationID, Owner: c.Account, Instances: wire.Set[instanceItem]{instanceView(c, i)},
		})
	}
	return out, nil
}

// matchingInstances are the caller's instances, oldest first.
func matchingInstances(c *action.Call, ids []string, filters []filter) ([]*world.Instance, error) {
	mine := c.Mine()
	var list []*world.Instance
	if len(ids) > 0 {
		named, err := findInstances(c, ids)
		if err != nil {
			return nil, err
		}
		list = named
	} else {
		for _, i := range mine.Instances {
			list = append(list, i)
		}
	}
	var found []*world.Instance
	for _, i := range seen(c, list, func(i *world.Instance) string { return i.ID }) {
		if i.State == world.StateTerminated && c.Now.Sub(i.Ended) > forgetAfter {
			continue
		}
		match, err := matchAll(filters, func(f string) ([]string, bool) { return instanceValues(c, i, f) })
		if err != nil {
			return nil, err
		}
		if match {
			found = append(found, i)
		}
	}
	sort.Slice(found, func(a, b int) bool {
		if !found[a].Launched.Equal(found[b].Launched) {
			return found[a].Launched.Before(found[b].Launched)
		}
		return found[a].ID < found[b].ID
	})
	return found, nil
}

func instanceValues(c *action.Call, i *world.Instance, name string) ([]string, bool) {
	switch name {
	case "instance-id":
		return one(i.ID)
	case "image-id":
		return one(i.ImageID)
	case "instance-state-name":
		return one(i.State)
	case "instance-type":
		return one(i.Type)
	case "key-name":
		return one(i.KeyName)
	case "vpc-id":
		return one(i.VPCID)
	case "subnet-id":
		return one(i.SubnetID)
	case "client-token":
		return one(i.ClientToken)
	case "instance-lifecycle":
		return one(i.Lifecycle)
	case "instance.group-id", "network-interface.group-id":
		return i.SecurityGroups, true
	case "private-ip-address":
		return one(i.PrivateIP)
	case "ip-address":
		return one(i.PublicIP)
	case "availability-zone":
		return one(i.AvailabilityZone)
	case "reservation-id":
		return one(i.ReservationID)
	}
	return tagValues(seenTags(c, i.ID, c.Mine().TagsOf(i.ID)), name)
}

type describeInstanceStatusInput struct {
	IDs        []string `q:"InstanceId"`
	IncludeAll bool     `q:"IncludeAllInstances"`
	described
}

type describeInstanceStatusOutput struct {
	Statuses  wire.Set[instanceStatus] `xml:"instanceStatusSet"`
	NextToken string                   `xml:"nextToken,omitempty"`
}

type instanceStatus struct {
	ID       string        `xml:"instanceId"`
	Zone     string        `xml:"availabilityZone"`
	State    instanceState `xml:"instanceState"`
	System   statusSummary `xml:"systemStatus"`
	Instance statusSummary `xml:"instanceStatus"`
}

type statusSummary struct {
	Status string `xml:"status"`
}

// describeInstanceStatus gives running instances alone, unless all are asked for.
func describeInstanceStatus(c *action.Call, in *describeInstanceStatusInput) (*describeInstanceStatusOutput, error) {
	found, err := matchingInstances(c, in.IDs, in.Filters)
	if err != nil {
		return nil, err
	}
	var all []instanceStatus
	for _, i := range found {
		check := "not-applicable"
		if i.State == world.StateRunning {
			check = "ok"
		}
		if i.State == world.StateRunning || in.IncludeAll {
			all = append(all, instanceStatus{
				ID: i.ID, Zone: i.AvailabilityZone, State: stateOf(i.State), System: statusSummary{check}, Instance: statusSummary{check},
			})
		}
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, 1000)
	return &describeInstanceStatusOutput{Statuses: part, NextToken: next}, err
}
