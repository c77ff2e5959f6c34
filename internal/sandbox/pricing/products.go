package pricing

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"
)

// product is one product of the price list with its one On-Demand price.
type product struct {
	service, family  string
	attributes       map[string]string
	unit, text, cost string
}

// The codes of the On-Demand term and of its rate are the same for all products.
const (
	onDemand = "JRTCKXETXF"
	perUnit  = "6YS6EN2CT7"
)

// published is the day of the list.
var published = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// place is a Region as the price list writes it.
type place struct {
	region, location string
	// prefix begins the usage types; us-east-1 has none, except in transfer types.
	prefix string
	// snapshot is USD per GB-month of snapshots (page "Amazon EBS pricing"), transfer
	// USD per GB to another Region (page "Amazon EC2 On-Demand Pricing", data transfer).
	snapshot, transfer string
}

// unverified: the figures were written from the public pages by memory, not read from a stored copy
var places = []place{
	{"us-east-1", "US East (N. Virginia)", "USE1", "0.05", "0.02"},
	{"us-east-2", "US East (Ohio)", "USE2", "0.05", "0.02"},
	{"us-west-2", "US West (Oregon)", "USW2", "0.05", "0.02"},
	{"eu-west-1", "EU (Ireland)", "EU", "0.05", "0.02"},
	{"eu-central-1", "EU (Frankfurt)", "EUC1", "0.054", "0.02"},
	{"ap-northeast-1", "Asia Pacific (Tokyo)", "APN1", "0.05", "0.09"},
	{"ap-southeast-1", "Asia Pacific (Singapore)", "APS1", "0.05", "0.09"},
	{"ap-south-1", "Asia Pacific (Mumbai)", "APS3", "0.05", "0.086"},
}

// instanceType is a type with its hour in USD for Linux, by Region (page "Amazon EC2
// On-Demand Pricing").
type instanceType struct {
	name, family, vcpu, memory string
	hour                       map[string]string
}

// unverified: as for places
var instanceTypes = []instanceType{
	{"t3.micro", "General purpose", "2", "1 GiB", map[string]string{"us-east-1": "0.0104", "us-east-2": "0.0104", "us-west-2": "0.0104", "eu-west-1": "0.0114", "eu-central-1": "0.012"}},
	{"t3.medium", "General purpose", "2", "4 GiB", map[string]string{"us-east-1": "0.0416", "us-east-2": "0.0416", "us-west-2": "0.0416", "eu-west-1": "0.0456", "eu-central-1": "0.048"}},
	{"m5.large", "General purpose", "2", "8 GiB", map[string]string{"us-east-1": "0.096", "us-east-2": "0.096", "us-west-2": "0.096", "eu-west-1": "0.107", "eu-central-1": "0.115"}},
}

// usage is a usage type: with the Region's prefix, which us-east-1 leaves out.
func (p place) usage(what string) string {
	if p.region == "us-east-1" {
		return what
	}
	return p.prefix + "-" + what
}

func (p place) attributes(usage, operation string) map[string]string {
	return map[string]string{
		"servicecode": "AmazonEC2", "servicename": "Amazon Elastic Compute Cloud", "location": p.location, "locationType": "AWS Region",
		"regionCode": p.region, "usagetype": p.usage(usage), "operation": operation,
	}
}

func (p place) snapshots() product {
	a := p.attributes("EBS:SnapshotUsage", "")
	a["storageMedia"] = "Amazon S3"
	return product{"AmazonEC2", "Storage Snapshot", a, "GB-Mo", "$" + p.snapshot + " per GB-Month of snapshot data stored - " + p.location, p.snapshot}
}

// transferTo is a transfer to another Region. Between the two of the US East it
// costs half.
func (p place) transferTo(to place) product {
	cost := p.transfer
	if strings.HasPrefix(p.region, "us-east-") && strings.HasPrefix(to.region, "us-east-") {
		cost = "0.01"
	}
	return product{"AWSDataTransfer", "Data Transfer", map[string]string{
		"servicecode": "AWSDataTransfer", "servicename": "AWS Data Transfer", "transferType": "InterRegion Outbound",
		"fromLocation": p.location, "fromLocationType": "AWS Region", "fromRegionCode": p.region,
		"toLocation": to.location, "toLocationType": "AWS Region", "toRegionCode": to.region,
		"usagetype": p.prefix + "-" + to.prefix + "-AWS-Out-Bytes", "operation": "",
	}, "GB", "$" + cost + " per GB - " + p.location + " data transfer to " + to.location, cost}
}

func (p place) hours(t instanceType) product {
	a := p.attributes("BoxUsage:"+t.name, "RunInstances")
	for k, v := range map[string]string{
		"instanceType": t.name, "instanceFamily": t.family, "vcpu": t.vcpu, "memory": t.memory, "currentGeneration": "Yes",
		"operatingSystem": "Linux", "licenseModel": "No License required", "preInstalledSw": "NA", "tenancy": "Shared",
		"capacitystatus": "Used", "storage": "EBS only", "marketoption": "OnDemand",
	} {
		a[k] = v
	}
	cost := t.hour[p.region]
	return product{"AmazonEC2", "Compute Instance", a, "Hrs", "$" + cost + " per On Demand Linux " + t.name + " Instance Hour", cost}
}

// products are the whole list in a fixed order.
func products() []product {
	var all []product
	for _, p := range places {
		all = append(all, p.snapshots())
		for _, to := range places {
			if to.region != p.region {
				all = append(all, p.transferTo(to))
			}
		}
		for _, t := range instanceTypes {
			if t.hour[p.region] != "" {
				all = append(all, p.hours(t))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b product) int { return strings.Compare(a.sku(), b.sku()) })
	return all
}

// sku is a name of 16 letters and digits that follows from what the product is.
func (p product) sku() string {
	sum := sha256.Sum256([]byte(p.service + " " + p.family + " " + p.attributes["usagetype"]))
	return base32.StdEncoding.EncodeToString(sum[:])[:16]
}

// value is what a filter looks at: an attribute, the service or the family.
func (p product) value(field string) (string, bool) {
	switch strings.ToLower(field) {
	case "servicecode":
		return p.service, true
	case "productfamily":
		return p.family, true
	}
	v, has := p.attributes[field]
	return v, has
}

// usd is a price in the ten decimals of the price list.
func (p product) usd() string {
	whole, fraction, _ := strings.Cut(p.cost, ".")
	return fmt.Sprintf("%s.%s", whole, (fraction + "0000000000")[:10])
}
