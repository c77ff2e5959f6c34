package wire

import (
	"strings"
	"testing"
	"time"
)

func TestEC2ResponseWritesEmptySetsAndTimes(t *testing.T) {
	t.Parallel()
	type output struct {
		Images Set[string] `xml:"imagesSet"`
		Tags   Set[string] `xml:"tagSet,omitempty"`
		At     Time        `xml:"at"`
	}
	body, err := EC2Response("DescribeImages", "id", output{At: Time(time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC))})
	if err != nil {
		t.Fatal(err)
	}
	want := `<DescribeImagesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">` + "\n" +
		`<requestId>id</requestId><imagesSet></imagesSet><at>2026-01-02T03:04:05.006Z</at></DescribeImagesResponse>`
	if !strings.HasSuffix(string(body), want) {
		t.Errorf("got %s", body)
	}
}

func TestErrorsEscapeAndKeepTheirServicesShape(t *testing.T) {
	t.Parallel()
	e := Errorf("Code", "a <b> & 'c'")
	if got := string(EC2Error(e, "id")); !strings.Contains(got, "<Response><Errors><Error><Code>Code</Code>") || !strings.Contains(got, "a &lt;b&gt; &amp;") || !strings.Contains(got, "<RequestID>id") {
		t.Errorf("EC2: %s", got)
	}
	if got := string(QueryError("ns", e, "id")); !strings.HasPrefix(got, `<ErrorResponse xmlns="ns"><Error><Type>Sender</Type>`) || !strings.Contains(got, "<RequestId>id") {
		t.Errorf("Query: %s", got)
	}
}
