package cloud

import "testing"

func TestValidRegion(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"us-east-1", "eu-west-1", "ap-southeast-10", "ap-northeast-3", "ca-central-1", "il-central-1", "mx-central-1",
		"cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1", "us-iso-east-1", "us-iso-west-1", "us-isob-east-1",
		"eu-isoe-west-1", "us-isof-south-1", "us-isof-east-1", "eusc-de-east-1", "me-south-1", "af-south-1", "eu-south-2",
	} {
		if !ValidRegion(s) {
			t.Errorf("%s is refused", s)
		}
	}
	for _, s := range []string{"", "us-east", "us-east-1a", "US-EAST-1", "eu-west-0", "eu-west-123", "us-east-1 ", "us-east-1\n", "us--1", "global", "eu_west_1", "../x", "useast1"} {
		if ValidRegion(s) {
			t.Errorf("%q is taken", s)
		}
	}
}

func TestPartition(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"eu-west-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov", "us-iso-east-1": "aws-iso",
		"us-isob-east-1": "aws-iso-b", "eu-isoe-west-1": "aws-iso-e", "us-isof-south-1": "aws-iso-f", "eusc-de-east-1": "aws-eusc",
	} {
		if got := Partition(region); got != want {
			t.Errorf("%s: %s, want %s", region, got, want)
		}
	}
}

func TestValidAccountID(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{"111122223333": true, "12345678901": false, "1234567890123": false, "11112222333a": false, "1111-2222-3333": false, "": false, "111122223333\n": false} {
		if ValidAccountID(s) != want {
			t.Errorf("%q: want %v", s, want)
		}
	}
}

func TestParseKey(t *testing.T) {
	t.Parallel()
	const uuid, mrk = "1234abcd-12ab-34cd-56ef-1234567890ab", "mrk-1234abcd12ab34cd56ef1234567890ab"
	for s, want := range map[string]KeyRef{
		uuid:            {KeyID: uuid},
		mrk:             {KeyID: mrk},
		"alias/golden":  {Alias: "alias/golden"},
		"alias/a/b_c-d": {Alias: "alias/a/b_c-d"},
		"alias/aws/ebs": {Alias: "alias/aws/ebs"},
		"arn:aws:kms:eu-west-1:111122223333:key/" + uuid:            {"aws", "eu-west-1", "111122223333", uuid, ""},
		"arn:aws:kms:ap-southeast-10:111122223333:key/" + mrk:       {"aws", "ap-southeast-10", "111122223333", mrk, ""},
		"arn:aws-cn:kms:cn-north-1:111122223333:alias/golden":       {"aws-cn", "cn-north-1", "111122223333", "", "alias/golden"},
		"arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/" + uuid: {"aws-us-gov", "us-gov-west-1", "111122223333", uuid, ""},
		"arn:aws-eusc:kms:eusc-de-east-1:111122223333:key/" + uuid:  {"aws-eusc", "eusc-de-east-1", "111122223333", uuid, ""},
	} {
		got, err := ParseKey(s)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", s, got, err)
		}
		if got.String() != s {
			t.Errorf("%s comes back as %s", s, got)
		}
		if region, isARN := KeyRegion(s); region != want.Region || isARN != (want.Region != "") {
			t.Errorf("%s: Region %q, ARN %v", s, region, isARN)
		}
	}
	for _, s := range []string{
		"", "golden", "alias/", "alias/ü", "1234", "mrk-12", "arn:aws:kms:eu-west-1:111122223333:" + uuid,
		"arn:aws:iam::111122223333:role/x", "arn:aws:kms:eu-west-1:1111:key/" + uuid, "arn:aws:kms:nowhere:111122223333:key/" + uuid,
		"arn:aws:kms:cn-north-1:111122223333:key/" + uuid, "arn:aws:kms:eu-west-1:111122223333:key/", "arn:aws:kms", uuid + "\n",
	} {
		if got, err := ParseKey(s); err == nil {
			t.Errorf("%q is taken as %+v", s, got)
		}
	}
}

func TestMultiRegionKeyInAnotherRegion(t *testing.T) {
	t.Parallel()
	key, err := ParseKey("arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab")
	if err != nil {
		t.Fatal(err)
	}
	if got := key.In("us-east-1").String(); got != "arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab" {
		t.Error(got)
	}
	single, err := ParseKey("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")
	if err != nil || single.In("us-east-1") != single {
		t.Errorf("a single-Region key has moved: %v, %v", single.In("us-east-1"), err)
	}
}
