package control_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestScansAreSeenByWhoSeesTheImage(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	api := s.EC2(sandboxtest.Home, "us-east-1")
	public := func() types.Image {
		out, err := api.DescribeImages(t.Context(), &ec2.DescribeImagesInput{
			Owners: []string{"137112412989"}, Filters: []types.Filter{{Name: aws.String("architecture"), Values: []string{"x86_64"}}},
		})
		if err != nil || len(out.Images) == 0 {
			t.Fatalf("%v, %v", out, err)
		}
		return out.Images[0]
	}
	image := public()
	if image.ScanResults != nil {
		t.Fatal("an image was scanned before anybody said so")
	}
	for body, want := range map[string]int{
		`{"region":"us-east-1","image":"ami-00000000000000000"}`:                                           http.StatusNotFound,
		`{"region":"us-east-1","image":"` + *image.ImageId + `","severity":"awful"}`:                       http.StatusBadRequest,
		`{"region":"us-east-1","image":"` + *image.ImageId + `","fixes":{"awful":"2026-11-20T00:00:00Z"}}`: http.StatusBadRequest,
		`{"region":"us-east-1","image":"` + *image.ImageId + `","fixed":{}}`:                               http.StatusBadRequest,
	} {
		if got := ask(t, s, http.MethodPost, "scans", body, nil); got != want {
			t.Errorf("%s: status %d, not %d", body, got, want)
		}
	}
	body := `{"region":"us-east-1","image":"` + *image.ImageId + `","severity":"critical","fixes":{"high":"2026-11-20T00:00:00Z"}}`
	if got := ask(t, s, http.MethodPost, "scans", body, nil); got != http.StatusOK {
		t.Fatalf("status %d", got)
	}
	found := public().ScanResults
	if found == nil || found.FindingScanDate == nil || found.HighestFindingSeverityLabel != types.SeverityLabelCritical || found.CriticalFixAvailableSince != nil ||
		!aws.ToTime(found.HighFixAvailableSince).Equal(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("scan %+v", found)
	}
}
