package wire

import (
	"errors"
	"net/url"
	"testing"
	"time"
)

type inner struct {
	Size *int64 `q:"VolumeSize"`
	On   *bool  `q:"Encrypted"`
}

type shared struct {
	Token string `q:"ClientToken"`
}

type sample struct {
	shared
	Name  string    `q:"Name,required"`
	IDs   []string  `q:"ImageId"`
	At    time.Time `q:"At"`
	Items []struct {
		Key string `q:"Key"`
		EBS inner  `q:"Ebs"`
	} `q:"Item"`
}

func parse(t *testing.T, query string) (sample, error) {
	t.Helper()
	form, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	var s sample
	err = Decode(form, &s)
	return s, err
}

func TestDecodeReadsListsStructsAndPointers(t *testing.T) {
	t.Parallel()
	s, err := parse(t, "Action=X&Version=1&Name=n&ClientToken=t&ImageId.2=b&ImageId.1=a&ImageId.10=c&At=2026-01-02T03:04:05Z&Item.1.Key=k&Item.1.Ebs.VolumeSize=8&Item.1.Ebs.Encrypted=true&Item.2.Key=l")
	if err != nil {
		t.Fatal(err)
	}
	if s.Token != "t" || len(s.IDs) != 3 || s.IDs[0] != "a" || s.IDs[2] != "c" {
		t.Errorf("got %+v", s)
	}
	if len(s.Items) != 2 || *s.Items[0].EBS.Size != 8 || !*s.Items[0].EBS.On || s.Items[1].EBS.Size != nil {
		t.Errorf("items: %+v", s.Items)
	}
	if s.At.Year() != 2026 {
		t.Errorf("time: %v", s.At)
	}
}

func TestDecodeReadsMemberLists(t *testing.T) {
	t.Parallel()
	s, err := parse(t, "Name=n&ImageId.member.1=a&ImageId.member.2=b")
	if err != nil || len(s.IDs) != 2 || s.IDs[1] != "b" {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for query, code := range map[string]string{
		"ImageId.1=a":                       "MissingParameter",
		"Name=n&Bogus=1":                    "UnknownParameter",
		"Name=n&Item.1.Ebs.Bogus=1":         "UnknownParameter",
		"Name=n&Item.1.Ebs.VolumeSize=huge": "InvalidParameterValue",
		"Name=n&Item.1.Ebs.Encrypted=maybe": "InvalidParameterValue",
		"Name=n&At=yesterday":               "InvalidParameterValue",
	} {
		_, err := parse(t, query)
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Code != code {
			t.Errorf("%s: got %v, want %s", query, err, code)
		}
	}
}
