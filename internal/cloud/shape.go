package cloud

import (
	"regexp"
	"strings"
)

// A Region's name in every partition: eu-west-1, us-gov-east-1, cn-north-1,
// us-iso-east-1, us-isob-east-1, eu-isoe-west-1, us-isof-south-1, eusc-de-east-1,
// ap-southeast-10. The first word is two letters or a sovereign cloud's four;
// the number may have two digits. A new Region needs no new release.
var regionShape = regexp.MustCompile(`^([a-z]{2}|eusc)(-[a-z]{2,5})?-(central|(north|south)?(east|west)?)-[1-9][0-9]?$`)

var accountShape = regexp.MustCompile(`^\d{12}$`)

// ValidRegion tells whether s has the shape of a Region's name in any partition.
// It does not know which Regions exist or are enabled.
func ValidRegion(s string) bool {
	return regionShape.MatchString(s) && !strings.Contains(s, "--")
}

// ValidAccountID tells whether s is 12 digits.
func ValidAccountID(s string) bool { return accountShape.MatchString(s) }

// Partition gives the ARN partition of a Region: aws, aws-cn, aws-us-gov,
// aws-iso, aws-iso-b, aws-iso-e, aws-iso-f, aws-eusc. Source: the partition
// table of aws-sdk-go-v2 (internal/endpoints/awsrulesfn/partitions.json).
func Partition(region string) string {
	for _, row := range []struct{ prefix, partition string }{
		{"cn-", "aws-cn"},
		{"us-gov-", "aws-us-gov"},
		{"us-isob-", "aws-iso-b"},
		{"us-isof-", "aws-iso-f"},
		{"us-iso-", "aws-iso"},
		{"eu-isoe-", "aws-iso-e"},
		{"eusc-", "aws-eusc"},
	} {
		if strings.HasPrefix(region, row.prefix) {
			return row.partition
		}
	}
	return "aws"
}
