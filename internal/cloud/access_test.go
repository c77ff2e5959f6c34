package cloud

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

func TestAccessPrepare(t *testing.T) {
	t.Parallel()
	role := AssumeRole{RoleARN: "arn:aws:iam::111122223333:role/build/image"}
	for name, tc := range map[string]struct {
		in   Access
		want string // the option that is named, empty: none
	}{
		"nothing":              {Access{}, ""},
		"role":                 {Access{AssumeRole: role}, ""},
		"region":               {Access{Region: "eu-west"}, "region:"},
		"key without secret":   {Access{AccessKey: "AKIA"}, "secret_key"},
		"secret without key":   {Access{SecretKey: "s"}, "access_key"},
		"token alone":          {Access{Token: "t"}, "token:"},
		"profile and key":      {Access{Profile: "p", AccessKey: "a", SecretKey: "s"}, "profile:"},
		"negative retries":     {Access{MaxRetries: -1}, "max_retries:"},
		"endpoint":             {Access{CustomEndpointEC2: "https://vpce-1.ec2.eu-west-1.vpce.amazonaws.com"}, ""},
		"loopback":             {Access{CustomEndpointEC2: "http://127.0.0.1:4566"}, ""},
		"loopback v6":          {Access{CustomEndpointEC2: "http://[::1]:4566"}, ""},
		"clear text":           {Access{CustomEndpointEC2: "http://ec2.example.com"}, "custom_endpoint_ec2:"},
		"no URL":               {Access{CustomEndpointEC2: "ec2.example.com"}, "custom_endpoint_ec2:"},
		"password in endpoint": {Access{CustomEndpointEC2: "https://u:p@ec2.example.com"}, "custom_endpoint_ec2:"},
		"role without ARN":     {Access{AssumeRole: AssumeRole{ExternalID: "xx"}}, "role_arn:"},
		"user ARN":             {Access{AssumeRole: AssumeRole{RoleARN: "arn:aws:iam::111122223333:user/x"}}, "role_arn:"},
		"session name":         {Access{AssumeRole: AssumeRole{RoleARN: role.RoleARN, SessionName: "a b"}}, "session_name:"},
		"external id":          {Access{AssumeRole: AssumeRole{RoleARN: role.RoleARN, ExternalID: "x"}}, "external_id"},
		"duration":             {Access{AssumeRole: AssumeRole{RoleARN: role.RoleARN, Duration: time.Minute}}, "duration:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			errs := tc.in.Prepare()
			switch {
			case tc.want == "" && len(errs) != 0:
				t.Errorf("%v", errs)
			case tc.want != "" && (len(errs) != 1 || !strings.Contains(errs[0].Error(), tc.want)):
				t.Errorf("%v, want one that names %s", errs, tc.want)
			}
		})
	}
}

func TestAccessNeverPrintsTheSecret(t *testing.T) {
	t.Parallel()
	a := Access{SecretKey: "TOP-SECRET", Token: "TOP-SECRET", Region: "x", AssumeRole: AssumeRole{ExternalID: "TOP SECRET"}}
	for _, err := range a.Prepare() {
		if strings.Contains(err.Error(), "TOP") {
			t.Errorf("%v", err)
		}
	}
}

// Not parallel: it sets the environment.
func TestAccessClients(t *testing.T) {
	f := newFakeEC2(t)
	for _, k := range []string{"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		t.Setenv(k, "")
	}
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_ENDPOINT_URL", f.URL)
	a := Access{AccessKey: "AKIA", SecretKey: "s"}
	if _, err := a.Clients(t.Context()); err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("no Region: %v", err)
	}
	a.Region = "eu-central-1"
	none := Access{Region: "eu-central-1"}
	if _, err := none.Clients(t.Context()); err == nil || !strings.Contains(err.Error(), "credentials") {
		t.Errorf("no credentials: %v", err)
	}
	a.AssumeRole = AssumeRole{RoleARN: "arn:aws:iam::111122223333:role/x", ExternalID: "ext"}
	f.fail("AssumeRole", fault{status: http.StatusOK, body: `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s2</SecretAccessKey><SessionToken>t2</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`})
	r := &recorded{}
	c, err := a.Clients(t.Context(), WithRecorder(r))
	if err != nil {
		t.Fatal(err)
	}
	form := f.form("AssumeRole")
	if form.Get("ExternalId") != "ext" || form.Get("RoleSessionName") != "goldenami" || form.Get("DurationSeconds") != "3600" {
		t.Errorf("asked for %v", form)
	}
	if _, err := runOne(t.Context(), c, ""); err != nil {
		t.Fatal(err)
	}
	if r.intended[0].Principal != a.AssumeRole.RoleARN || c.Region() != "eu-central-1" {
		t.Errorf("intended %+v", r.intended[0])
	}
	if _, err := c.EC2("eu-west-1").DescribeImages(t.Context(), &ec2.DescribeImagesInput{}); err != nil {
		t.Fatal(err)
	}
	if f.count("AssumeRole") != 1 {
		t.Errorf("the role was assumed %d times", f.count("AssumeRole"))
	}
}
