package ec2

import (
	"strconv"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("DescribeSpotInstanceRequests", describeSpotRequests)
	add("CancelSpotInstanceRequests", cancelSpotRequests)
}

// market is a launch's InstanceMarketOptions.
type market struct {
	Type string      `q:"MarketType"`
	Spot spotOptions `q:"SpotOptions"`
}

type spotOptions struct {
	MaxPrice string `q:"MaxPrice"`
	Type     string `q:"SpotInstanceType"`
	Behavior string `q:"InstanceInterruptionBehavior"`
}

// check refuses what a launch cannot ask of Spot here: only one-time requests are
// fulfilled and then forgotten, as RunInstances and instant fleets make them.
func (m market) check() error {
	switch {
	case m.Type != "" && m.Type != "spot":
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for InstanceMarketOptions.MarketType.", m.Type) // unverified: text
	case m.Spot.Type != "" && m.Spot.Type != "one-time":
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for SpotInstanceType. This endpoint has one-time requests.", m.Spot.Type)
	case m.Spot.MaxPrice == "":
		return nil
	}
	if price, err := strconv.ParseFloat(m.Spot.MaxPrice, 64); err != nil || price <= 0 {
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for MaxPrice.", m.Spot.MaxPrice) // unverified: text
	}
	return nil
}

// requestSpot makes the request that a Spot Instance has, whoever launched it.
func requestSpot(c *action.Call, i *world.Instance, o spotOptions, tags map[string]string) {
	r := &world.SpotRequest{
		ID: c.World.NewID("sir"), InstanceID: i.ID, Type: first(o.Type, "one-time"), MaxPrice: o.MaxPrice,
		Interruption: first(o.Behavior, "terminate"), Created: c.Now,
	}
	i.Lifecycle, i.SpotRequestID = "spot", r.ID
	c.Mine().SpotRequests[r.ID] = r
	c.Mine().SetTags(r.ID, tags)
}

type spotRequestItem struct {
	ID           string        `xml:"spotInstanceRequestId" simplified:"17 digits as other ids have; EC2 has 8"`
	Price        string        `xml:"spotPrice,omitempty" simplified:"the maximum of the request; EC2 shows the on-demand price where there is none"`
	Type         string        `xml:"type"`
	State        string        `xml:"state"`
	Status       spotStatus    `xml:"status"`
	InstanceID   string        `xml:"instanceId"`
	Created      wire.Time     `xml:"createTime"`
	Product      string        `xml:"productDescription"`
	Zone         string        `xml:"launchedAvailabilityZone"`
	Interruption string        `xml:"instanceInterruptionBehavior"`
	Tags         wire.Set[tag] `xml:"tagSet,omitempty"`
}

type spotStatus struct {
	Code    string    `xml:"code"`
	Updated wire.Time `xml:"updateTime"`
	Message string    `xml:"message"`
}

// spotState is the state of a request and its status, whose codes and messages
// are those of the EC2 User Guide, "Get the status of a Spot Instance request".
func spotState(r *world.SpotRequest, i *world.Instance) (state string, status spotStatus) {
	ended := i == nil || i.State == world.StateTerminated || i.State == world.StateShuttingDown
	switch {
	case ended && !r.Interrupted.IsZero():
		return "closed", spotStatus{
			Code: "instance-terminated-no-capacity", Updated: wire.Time(r.Interrupted),
			Message: "Your Spot Instance was terminated because there is no Spot capacity available that matches your request.", // unverified: text
		}
	case ended && r.Cancelled.IsZero():
		status = spotStatus{Code: "instance-terminated-by-user", Updated: wire.Time(r.Created), Message: "Spot Instance terminated due to user-initiated termination."}
		if i != nil && !i.Ended.IsZero() {
			status.Updated = wire.Time(i.Ended)
		}
		return "closed", status
	case ended:
		return "cancelled", spotStatus{Code: "instance-terminated-by-user", Updated: wire.Time(r.Cancelled), Message: "Spot Instance terminated due to user-initiated termination."}
	case !r.Cancelled.IsZero():
		return "cancelled", spotStatus{
			Code: "request-canceled-and-instance-running", Updated: wire.Time(r.Cancelled),
			Message: "Your Spot request is canceled, but your instance is still running.", // unverified: text
		}
	}
	return "active", spotStatus{Code: "fulfilled", Updated: wire.Time(r.Created), Message: "Your Spot request is fulfilled."}
}

func spotRequestView(region *world.Region, r *world.SpotRequest) spotRequestItem {
	i := region.Instances[r.InstanceID]
	item := spotRequestItem{
		ID: r.ID, Price: r.MaxPrice, Type: r.Type, InstanceID: r.InstanceID, Created: wire.Time(r.Created), Interruption: r.Interruption,
		Tags: tagSet(region.TagsOf(r.ID)), Product: "Linux/UNIX",
	}
	item.State, item.Status = spotState(r, i)
	if i != nil {
		item.Zone = i.AvailabilityZone
		if i.Platform == "windows" {
			item.Product = "Windows"
		}
	}
	return item
}

type describeSpotRequestsInput struct {
	IDs []string `q:"SpotInstanceRequestId"`
	described
}

type describeSpotRequestsOutput struct {
	Requests  wire.Set[spotRequestItem] `xml:"spotInstanceRequestSet"`
	NextToken string                    `xml:"nextToken,omitempty"`
}

func describeSpotRequests(c *action.Call, in *describeSpotRequestsInput) (*describeSpotRequestsOutput, error) {
	mine := c.Mine()
	ids, err := selected(mine.SpotRequests, in.IDs, "InvalidSpotInstanceRequestID.NotFound", "The spot instance request ID '%s' does not exist")
	if err != nil {
		return nil, err
	}
	var all []spotRequestItem
	for _, id := range ids {
		item := spotRequestView(mine, mine.SpotRequests[id])
		match, err := matchAll(in.Filters, func(f string) ([]string, bool) {
			switch f {
			case "spot-instance-request-id":
				return one(item.ID)
			case "instance-id":
				return one(item.InstanceID)
			case "state":
				return one(item.State)
			case "status-code":
				return one(item.Status.Code)
			case "type":
				return one(item.Type)
			case "spot-price":
				return one(item.Price)
			case "launched-availability-zone":
				return one(item.Zone)
			}
			return tagValues(mine.TagsOf(id), f)
		})
		if err != nil {
			return nil, err
		}
		if match {
			all = append(all, item)
		}
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, 1000)
	return &describeSpotRequestsOutput{Requests: part, NextToken: next}, err
}

type cancelSpotRequestsInput struct {
	IDs []string `q:"SpotInstanceRequestId,required"`
}

type cancelSpotRequestsOutput struct {
	Requests wire.Set[cancelledSpot] `xml:"spotInstanceRequestSet"`
}

type cancelledSpot struct {
	ID    string `xml:"spotInstanceRequestId"`
	State string `xml:"state"`
}

// cancelSpotRequests ends the requests and leaves their instances running (EC2
// API reference, CancelSpotInstanceRequests).
func cancelSpotRequests(c *action.Call, in *cancelSpotRequestsInput) (*cancelSpotRequestsOutput, error) {
	mine := c.Mine()
	ids, err := selected(mine.SpotRequests, in.IDs, "InvalidSpotInstanceRequestID.NotFound", "The spot instance request ID '%s' does not exist")
	if err != nil {
		return nil, err
	}
	out := &cancelSpotRequestsOutput{}
	for _, id := range ids {
		r := mine.SpotRequests[id]
		if state, _ := spotState(r, mine.Instances[r.InstanceID]); state == "active" {
			r.Cancelled = c.Now
		}
		state, _ := spotState(r, mine.Instances[r.InstanceID])
		out.Requests = append(out.Requests, cancelledSpot{ID: id, State: state})
	}
	return out, nil
}
