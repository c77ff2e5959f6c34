package ami

import (
	"regexp"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

var templateRule = regexp.MustCompile(`^(lt-[0-9a-f]{8,17}):([1-9][0-9]{0,17})$`)

// LaunchTemplate gives the launch template and its numbered version that start an
// image with its user data; false where its tags name none.
func LaunchTemplate(tags []types.Tag) (id string, number int64, ok bool) {
	for _, tag := range tags {
		if aws.ToString(tag.Key) != TagPrefix+"launch-template" {
			continue
		}
		parts := templateRule.FindStringSubmatch(aws.ToString(tag.Value))
		if parts == nil {
			return "", 0, false
		}
		number, err := strconv.ParseInt(parts[2], 10, 64)
		return parts[1], number, err == nil
	}
	return "", 0, false
}
