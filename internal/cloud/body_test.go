package cloud

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// TestQuickAnswersAreNotLost: the server answers as soon as it has the request, in
// two parts, and the client must have both. Without PlainBody it loses one
// of the first ten or so; nothing but chance decides which.
func TestQuickAnswersAreNotLost(t *testing.T) {
	t.Parallel()
	regions := strings.Repeat("<item><regionName>us-east-1</regionName></item>", 500)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `<DescribeRegionsResponse><regionInfo>`)
		_ = http.NewResponseController(w).Flush()
		_, _ = io.WriteString(w, regions+`</regionInfo></DescribeRegionsResponse>`)
	}))
	defer server.Close()
	clients := New(aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIA", "x", ""),
	}, WithMaxAttempts(1))
	for n := range 60 {
		out, err := clients.EC2("").DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{})
		if err != nil || len(out.Regions) != 500 {
			t.Fatalf("call %d: %v", n+1, err)
		}
	}
}
