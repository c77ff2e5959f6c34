package world

import (
	"fmt"
	"slices"
	"strings"
)

// The statuses of a Region, in the words of DescribeRegions.
const (
	OptInNotRequired = "opt-in-not-required"
	OptedIn          = "opted-in"
	NotOptedIn       = "not-opted-in"
)

// partitionRegion is a Region of the aws partition: whether an account has to opt
// in first, how its zone ids begin, and the letters of its zones with the numbers
// of their ids.
type partitionRegion struct {
	optIn bool
	code  string
	zones string
}

// partition are the 34 Regions of the aws partition in the endpoints of the EC2 SDK
// v1.344.0, with their opt-in status and zone ids (AWS Regions and Availability
// Zones, "Available Regions"). Which letter stands for which zone id differs from
// account to account in EC2; here it is the same for all.
var partition = map[string]partitionRegion{
	"af-south-1":     {true, "afs1", "a1 b2 c3"},
	"ap-east-1":      {true, "ape1", "a1 b2 c3"},
	"ap-east-2":      {true, "ape2", "a1 b2 c3"},
	"ap-northeast-1": {false, "apne1", "a4 c1 d2"},
	"ap-northeast-2": {false, "apne2", "a1 b2 c3 d4"},
	"ap-northeast-3": {false, "apne3", "a3 b1 c2"},
	"ap-south-1":     {false, "aps1", "a1 b3 c2"},
	"ap-south-2":     {true, "aps2", "a1 b2 c3"},
	"ap-southeast-1": {false, "apse1", "a2 b1 c3"},
	"ap-southeast-2": {false, "apse2", "a3 b1 c2"},
	"ap-southeast-3": {true, "apse3", "a1 b2 c3"},
	"ap-southeast-4": {true, "apse4", "a1 b2 c3"},
	"ap-southeast-5": {true, "apse5", "a1 b2 c3"},
	"ap-southeast-6": {true, "apse6", "a1 b2 c3"},
	"ap-southeast-7": {true, "apse7", "a1 b2 c3"},
	"ca-central-1":   {false, "cac1", "a1 b2 d4"},
	"ca-west-1":      {true, "caw1", "a1 b2 c3"},
	"eu-central-1":   {false, "euc1", "a2 b3 c1"},
	"eu-central-2":   {true, "euc2", "a1 b2 c3"},
	"eu-north-1":     {false, "eun1", "a1 b2 c3"},
	"eu-south-1":     {true, "eus1", "a1 b2 c3"},
	"eu-south-2":     {true, "eus2", "a1 b2 c3"},
	"eu-west-1":      {false, "euw1", "a1 b2 c3"},
	"eu-west-2":      {false, "euw2", "a2 b3 c1"},
	"eu-west-3":      {false, "euw3", "a1 b2 c3"},
	"il-central-1":   {true, "ilc1", "a1 b2 c3"},
	"me-central-1":   {true, "mec1", "a1 b2 c3"},
	"me-south-1":     {true, "mes1", "a1 b2 c3"},
	"mx-central-1":   {true, "mxc1", "a1 b2 c3"},
	"sa-east-1":      {false, "sae1", "a1 b2 c3"},
	"us-east-1":      {false, "use1", "a1 b2 c4 d6 e3 f5"},
	"us-east-2":      {false, "use2", "a1 b2 c3"},
	"us-west-1":      {false, "usw1", "a1 c3"},
	"us-west-2":      {false, "usw2", "a1 b2 c3 d4"},
}

// Zone is an Availability Zone of a Region.
type Zone struct{ Name, ID string }

// RegionNames are the Regions by name, in order.
func RegionNames() []string {
	names := make([]string, 0, len(partition))
	for name := range partition {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// RegionExists tells whether the aws partition has the Region.
func RegionExists(name string) bool {
	_, exists := partition[name]
	return exists
}

// Zones are the Availability Zones of a Region, by name; none for no Region.
func Zones(region string) []Zone {
	r := partition[region]
	fields := strings.Fields(r.zones)
	zones := make([]Zone, 0, len(fields))
	for _, z := range fields {
		zones = append(zones, Zone{Name: region + z[:1], ID: fmt.Sprintf("%s-az%s", r.code, z[1:])})
	}
	return zones
}

// ZoneID is the id of a zone of a Region, or "".
func ZoneID(region, zone string) string {
	for _, z := range Zones(region) {
		if z.Name == zone {
			return z.ID
		}
	}
	return ""
}

// OptInStatus is a Region's status for the account as DescribeRegions words it; ""
// means that there is no such Region. Regions that need it start as not opted in.
func (a *Account) OptInStatus(region string) string {
	switch r, exists := partition[region]; {
	case !exists:
		return ""
	case !r.optIn:
		return OptInNotRequired
	case a.OptedIn[region]:
		return OptedIn
	}
	return NotOptedIn
}

// OptIn makes a Region usable for the account, or not. It is for Regions that
// need it.
func (a *Account) OptIn(region string, enabled bool) {
	if a.OptedIn == nil {
		a.OptedIn = map[string]bool{}
	}
	if enabled {
		a.OptedIn[region] = true
		return
	}
	delete(a.OptedIn, region)
}
