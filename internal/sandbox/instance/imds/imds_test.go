package imds

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// whole is an instance that has everything.
func whole() Metadata {
	return Metadata{
		InstanceID: "i-0a", Hostname: "ip-127-1-0-1.ec2.internal", ImageID: "ami-0a", Type: "t3.micro", Architecture: "x86_64",
		AccountID: "123456789012", Region: "us-east-1", Zone: "us-east-1a", ZoneID: "use1-az1", ReservationID: "r-0a", LifeCycle: "on-demand",
		Profile: "arn:aws:iam::123456789012:instance-profile/web", ProfileID: "AIPAX", Role: "web", Launched: time.Unix(1700000000, 0),
		PrivateIP: "127.1.0.1", PublicIP: "127.1.0.1", KeyName: "mine", PublicKey: "ssh-ed25519 AAAA mine", UserData: []byte("\x1f\x8b\x00data"),
		Interface: Interface{
			ID: "eni-0a", MAC: "02:00:00:00:00:01", SubnetID: "subnet-0a", SubnetCIDR: "172.31.0.0/20", VPCID: "vpc-0a", VPCCIDR: "172.31.0.0/16",
			Groups: []Group{{ID: "sg-0a", Name: "default"}, {ID: "sg-0b", Name: "web"}},
		},
		Devices: map[string]string{"ami": "/dev/xvda", "root": "/dev/xvda"},
		Tags:    map[string]string{"Name": "one"},
		Options: Options{Tokens: "optional", Tags: "enabled"},
		Credentials: func() (Credentials, error) {
			return Credentials{AccessKeyID: "ASIAX", Secret: "s", Token: "t", Updated: time.Unix(1700000000, 0), Expires: time.Unix(1700021600, 0)}, nil
		},
	}
}

// ask sends one request, with headers as "Name: value".
func ask(s http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, http.NoBody)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestEachCategory(t *testing.T) {
	t.Parallel()
	s := New(whole)
	for path, want := range map[string]string{
		"/latest/":                                    "dynamic\nmeta-data\nuser-data",
		"/latest/user-data":                           "\x1f\x8b\x00data",
		"/latest/meta-data/ami-id":                    "ami-0a",
		"/2009-04-04/meta-data/hostname":              "ip-127-1-0-1.ec2.internal",
		"/latest/meta-data/placement/":                "availability-zone\navailability-zone-id\nregion",
		"/latest/meta-data/placement":                 "availability-zone\navailability-zone-id\nregion",
		"/latest/meta-data/public-keys/":              "0=mine",
		"/latest/meta-data/public-keys/0/":            "openssh-key",
		"/latest/meta-data/public-keys/0/openssh-key": "ssh-ed25519 AAAA mine\n",
		"/latest/meta-data/security-groups":           "default\nweb",
		"/latest/meta-data/iam/security-credentials/": "web",
		"/latest/meta-data/tags/instance/":            "Name",
		"/latest/meta-data/tags/instance/Name":        "one",
		"/latest/meta-data/network/interfaces/macs/":  "02:00:00:00:00:01/",
		"/latest/meta-data/network/interfaces/macs/02:00:00:00:00:01/subnet-ipv4-cidr-block":  "172.31.0.0/20",
		"/latest/meta-data/network/interfaces/macs/02:00:00:00:00:01/security-group-ids":      "sg-0a\nsg-0b",
		"/latest/meta-data/network/interfaces/macs/02:00:00:00:00:01/ipv4-associations/":      "127.1.0.1",
		"/latest/meta-data/block-device-mapping/root":                                         "/dev/xvda",
		"/latest/meta-data/services/partition":                                                "aws",
		"/latest/dynamic/instance-identity/":                                                  "document",
		"/latest/meta-data/network/interfaces/macs/02:00:00:00:00:01/vpc-ipv4-cidr-blocks":    "172.31.0.0/16",
		"/2021-03-23/meta-data/network/interfaces/macs/02:00:00:00:00:01/ipv4-associations/x": "",
	} {
		w := ask(s, "GET", path)
		if want == "" {
			if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "<h1>404 - Not Found</h1>") {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
			continue
		}
		if w.Code != http.StatusOK || w.Body.String() != want || w.Header().Get("Server") != "EC2ws" {
			t.Errorf("%s: %d %q, want %q", path, w.Code, w.Body, want)
		}
	}
	for path, key := range map[string]string{
		"/latest/meta-data/iam/security-credentials/web": "AccessKeyId", "/latest/meta-data/iam/info": "InstanceProfileArn",
		"/latest/dynamic/instance-identity/document": "pendingTime",
	} {
		var doc map[string]any
		if err := json.Unmarshal(ask(s, "GET", path).Body.Bytes(), &doc); err != nil || doc[key] == nil {
			t.Errorf("%s: %v %v", path, doc, err)
		}
	}
}

// What a list names is found, all the way down; that is what cloud-init relies on.
func TestAListNamesNothingThatIsNotFound(t *testing.T) {
	t.Parallel()
	bare := func() Metadata { return Metadata{InstanceID: "i-0b"} }
	for name, metadata := range map[string]func() Metadata{"whole": whole, "bare": bare} {
		s := New(metadata)
		leaves := 0
		var walk func(path string)
		walk = func(path string) {
			w := ask(s, "GET", path)
			if w.Code != http.StatusOK {
				t.Errorf("%s: %s: %d", name, path, w.Code)
			}
			if !strings.HasSuffix(path, "/") {
				leaves++
				return
			}
			for line := range strings.Lines(w.Body.String()) {
				line = strings.TrimSuffix(line, "\n")
				if number, _, ok := strings.Cut(line, "="); ok {
					line = number + "/"
				}
				walk(path + line)
			}
		}
		walk("/latest/meta-data/")
		walk("/latest/dynamic/")
		if name == "whole" && leaves < 40 || leaves < 10 {
			t.Errorf("%s: %d leaves", name, leaves)
		}
	}
	for _, path := range []string{"user-data", "meta-data/iam/", "meta-data/tags/", "meta-data/public-keys/", "meta-data/public-ipv4"} {
		if w := ask(New(bare), "GET", "/latest/"+path); w.Code != http.StatusNotFound {
			t.Errorf("%s of a bare instance: %d", path, w.Code)
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000000, 0)
	required := func() Metadata { return Metadata{InstanceID: "i-0a", Options: Options{Tokens: "required"}} }
	s, other := New(required), New(whole)
	s.now = func() time.Time { return now }
	const path = "/latest/meta-data/instance-id"
	for ttl, want := range map[string]int{"": 400, "0": 400, "21601": 400, "x": 400, "1": 200, "21600": 200} {
		if w := ask(s, "PUT", tokenPath, ttlHeader+": "+ttl); w.Code != want {
			t.Errorf("ttl %q: %d", ttl, w.Code)
		}
	}
	if w := ask(s, "PUT", tokenPath, ttlHeader+": 60", "X-Forwarded-For: 10.0.0.1"); w.Code != http.StatusForbidden {
		t.Errorf("through a proxy: %d", w.Code)
	}
	w := ask(s, "PUT", tokenPath, ttlHeader+": 60")
	token := w.Body.String()
	if w.Header().Get(ttlHeader) != "60" || len(token) != 56 {
		t.Errorf("token %q for %q", token, w.Header().Get(ttlHeader))
	}
	if w := ask(s, "GET", path); w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "401 - Unauthorized") {
		t.Errorf("without: %d %s", w.Code, w.Body)
	}
	if w := ask(s, "GET", path, tokenHeader+": "+token); w.Code != http.StatusOK || w.Body.String() != "i-0a" {
		t.Errorf("with: %d %s", w.Code, w.Body)
	}
	for name, bad := range map[string]string{"another instance's": ask(other, "PUT", tokenPath, ttlHeader+": 60").Body.String(), "no": "AAAA"} {
		if w := ask(s, "GET", path, tokenHeader+": "+bad); w.Code != http.StatusUnauthorized {
			t.Errorf("%s token: %d", name, w.Code)
		}
	}
	// Where tokens are optional a bad one is refused all the same.
	if ask(other, "GET", path).Code != http.StatusOK || ask(other, "GET", path, tokenHeader+": "+token).Code != http.StatusUnauthorized {
		t.Error("optional tokens")
	}
	now = now.Add(time.Minute)
	if w := ask(s, "GET", path, tokenHeader+": "+token); w.Code != http.StatusUnauthorized {
		t.Errorf("after its end: %d", w.Code)
	}
}

func TestOptionsHoldFromTheNextRequestOn(t *testing.T) {
	t.Parallel()
	m := whole()
	s := New(func() Metadata { return m })
	m.Options.Tags = "disabled"
	if w := ask(s, "GET", "/latest/meta-data/tags/instance/"); w.Code != http.StatusNotFound {
		t.Errorf("tags: %d", w.Code)
	}
	m.Options.Endpoint = "disabled"
	if w := ask(s, "PUT", tokenPath, ttlHeader+": 60"); w.Code != http.StatusForbidden {
		t.Errorf("disabled: %d", w.Code)
	}
}
