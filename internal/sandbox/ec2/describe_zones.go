package ec2

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("DescribeAvailabilityZones", describeAvailabilityZones) }

type describeZonesInput struct {
	Names   []string `q:"ZoneName"`
	IDs     []string `q:"ZoneId"`
	Filters []filter `q:"Filter"`
	All     bool     `q:"AllAvailabilityZones" simplified:"Regions have Availability Zones only, no Local or Wavelength Zones, so that all are always listed"`
}

type describeZonesOutput struct {
	Zones wire.Set[zone] `xml:"availabilityZoneInfo"`
}

type zone struct {
	Name        string           `xml:"zoneName"`
	ID          string           `xml:"zoneId"`
	State       string           `xml:"zoneState"`
	Region      string           `xml:"regionName"`
	Type        string           `xml:"zoneType"`
	OptIn       string           `xml:"optInStatus"`
	Group       string           `xml:"groupName"`
	BorderGroup string           `xml:"networkBorderGroup"`
	Messages    wire.Set[string] `xml:"messageSet"`
}

// describeAvailabilityZones lists the zones of the Region of the call. A zone named
// that it does not have fails the whole call.
func describeAvailabilityZones(c *action.Call, in *describeZonesInput) (*describeZonesOutput, error) {
	zones := world.Zones(c.Region)
	byName, byID := map[string]bool{}, map[string]bool{}
	for _, z := range zones {
		byName[z.Name], byID[z.ID] = len(in.Names) == 0, len(in.IDs) == 0
	}
	if err := choose(byName, in.Names); err != nil {
		return nil, err
	}
	if err := choose(byID, in.IDs); err != nil {
		return nil, err
	}
	out := &describeZonesOutput{}
	for _, z := range zones {
		item := zone{
			Name: z.Name, ID: z.ID, State: "available", Region: c.Region, Type: "availability-zone", OptIn: world.OptInNotRequired,
			Group: c.Region + "-zg-1", BorderGroup: c.Region,
		}
		match, err := matchAll(in.Filters, item.values)
		if err != nil {
			return nil, err
		}
		if match && byName[z.Name] && byID[z.ID] {
			out.Zones = append(out.Zones, item)
		}
	}
	return out, nil
}

// choose marks the zones that a request names.
func choose(zones map[string]bool, wanted []string) error {
	for _, name := range wanted {
		if _, exists := zones[name]; !exists {
			return wire.Errorf("InvalidParameterValue", "Invalid availability zone: [%s]", name)
		}
		zones[name] = true
	}
	return nil
}

func (z zone) values(name string) ([]string, bool) {
	switch name {
	case "group-name":
		return one(z.Group)
	case "message":
		return nil, true
	case "opt-in-status":
		return one(z.OptIn)
	case "parent-zone-id", "parent-zone-name":
		return nil, true
	case "region-name":
		return one(z.Region)
	case "state":
		return one(z.State)
	case "zone-id":
		return one(z.ID)
	case "zone-name":
		return one(z.Name)
	case "zone-type":
		return one(z.Type)
	}
	return nil, false
}
