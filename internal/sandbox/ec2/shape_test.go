package ec2_test

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// The SDK reads many shapes; these are the ones that EC2 writes.
func TestShapesOfImageAnswers(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.build("shape")
	const version = "&Version=2016-11-15"
	const head = `^<\?xml version="1.0" encoding="UTF-8"\?>\s*`
	cases := map[string]struct {
		form   string
		status int
		shape  string
	}{
		"an empty set is there": {
			"Action=DescribeImages&Owner.1=999999999999", http.StatusOK,
			head + `<DescribeImagesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">\s*<requestId>[0-9a-f-]{36}</requestId><imagesSet></imagesSet></DescribeImagesResponse>$`,
		},
		"a refusal": {
			"Action=DescribeImages&ImageId.1=ami-0123456789abcdef0", http.StatusBadRequest,
			head + `<Response><Errors><Error><Code>InvalidAMIID.NotFound</Code><Message>The image id &#39;\[ami-0123456789abcdef0\]&#39; does not exist</Message></Error></Errors><RequestID>[0-9a-f-]{36}</RequestID></Response>$`,
		},
		"a copy is its id": {
			"Action=CopyImage&Name=copy&SourceRegion=us-east-1&SourceImageId=" + id, http.StatusOK,
			head + `<CopyImageResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">\s*<requestId>[0-9a-f-]{36}</requestId><imageId>ami-[0-9a-f]{17}</imageId></CopyImageResponse>$`,
		},
		"only the attribute asked for": {
			"Action=DescribeImageAttribute&Attribute=launchPermission&ImageId=" + id, http.StatusOK, `<imageId>` + id + `</imageId><launchPermission></launchPermission></DescribeImageAttributeResponse>$`,
		},
		"an unknown parameter": {
			"Action=DescribeImages&Colour=red", http.StatusBadRequest, `<Code>UnknownParameter</Code><Message>The parameter Colour is not recognized</Message>`,
		},
		"a missing parameter": {
			"Action=DeregisterImage", http.StatusBadRequest, `<Code>MissingParameter</Code><Message>The request must contain the parameter ImageId</Message>`,
		},
		"the older spelling of a share": {
			"Action=ModifyImageAttribute&ImageId=" + id + "&Attribute=launchPermission&OperationType=add&UserId.1=111122223333", http.StatusOK,
			`<return>true</return></ModifyImageAttributeResponse>$`,
		},
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) { // in order: the last one shares the image
		test := cases[name]
		status, body := c.raw(test.form + version)
		if status != test.status || !regexp.MustCompile(test.shape).MatchString(body) {
			t.Errorf("%s: status %d\n%s", name, status, body)
		}
	}
}

func TestShapeOfAnImage(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.build("shape", func(in *ec2.CreateImageInput) {
		in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeImage, Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("<v>")}}}}
	})
	_, body := c.raw("Action=DescribeImages&Version=2016-11-15&ImageId.1=" + id)
	for _, part := range []string{
		"<imagesSet><item><imageId>" + id + "</imageId><imageLocation>123456789012/shape</imageLocation><imageState>available</imageState><imageOwnerId>123456789012</imageOwnerId>",
		"<isPublic>false</isPublic>", "<imageType>machine</imageType>", "<rootDeviceType>ebs</rootDeviceType>",
		"<blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><snapshotId>snap-", "<tagSet><item><key>k</key><value>&lt;v&gt;</value></item></tagSet>",
		"<hypervisor>xen</hypervisor>", "<imdsSupport>v2.0</imdsSupport>", "<deregistrationProtection>disabled</deregistrationProtection>",
		"<sourceImageRegion>us-east-1</sourceImageRegion>",
	} {
		if !strings.Contains(body, part) {
			t.Errorf("the answer lacks %s:\n%s", part, body)
		}
	}
	for _, absent := range []string{"stateReason", "deprecationTime", "imageOwnerAlias", "<platform>", "kmsKeyId"} {
		if strings.Contains(body, absent) {
			t.Errorf("the answer has %s", absent)
		}
	}
}
