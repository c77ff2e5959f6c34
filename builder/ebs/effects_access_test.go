package ebs

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	awscommon "github.com/hashicorp/packer-plugin-amazon/common"

	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func accessEffects() map[string]effect {
	role := fields{"assume_role": fields{"role_arn": "arn:aws:iam::111122223333:role/builder", "session_name": "ci"}}
	return map[string]effect{
		"access_key":                    {proof: proveStaticKeys},
		"secret_key":                    {proof: proveStaticKeys},
		"token":                         {proof: proveStaticKeys},
		"custom_endpoint_ec2":           {proof: proveStaticKeys},
		"assume_role":                   sends(role, "AssumeRole", `RoleArn=.*role/builder`, `RoleSessionName=ci`),
		"aws_polling":                   {proof: provePolling},
		"decode_authorization_messages": {proof: proveDecoding},
		"insecure_skip_tls_verify":      {proof: proveInsecure},
		"max_retries":                   {proof: proveRetries},
		"mfa_code":                      sends(fields{"mfa_code": "123456"}, "ListMFADevices").on(role),
		"profile":                       {proof: proveProfile},
		"region":                        sends(fields{"region": "us-east-1"}, "RunInstances", `Authorization=.*/us-east-1/ec2/.*`),
		"shared_credentials_file":       {proof: proveCredentialsFile},
		"skip_credential_validation":    stops(fields{"skip_credential_validation": true}, "GetCallerIdentity"),
		"skip_metadata_api_check":       {proof: proveNoMetadata},
		"vault_aws_engine":              {proof: proveVault},
	}
}

// proveStaticKeys: requests go to the endpoint that is named and are signed with the
// key and token that are given; the endpoint does not know them, so that nothing more
// is expected.
func proveStaticKeys(t *testing.T) {
	r := newRig(t)
	_, err := r.run(t.Context(), r.with(fields{
		"profile": nil, "access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "secret", "token": "session-token",
		"custom_endpoint_ec2": r.address, "skip_credential_validation": true,
	}))
	if err == nil {
		t.Error("the endpoint took a key that it never gave out")
	}
	if !r.sent.has("DescribeImages", `Authorization=.*Credential=AKIAIOSFODNN7EXAMPLE/.*`, `Token=session-token`) {
		t.Error("the key or the token was not used")
	}
}

func proveProfile(t *testing.T) {
	r := newRig(t)
	if _, err := r.run(t.Context(), r.with(fields{"profile": "nobody"})); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("error %v", err)
	}
}

func proveCredentialsFile(t *testing.T) {
	r := newRig(t)
	r.profile += "-keyless"
	r.addProfile(r.profile, false)
	key := r.World().Credentials(sandboxtest.Home)
	path := filepath.Join(t.TempDir(), "credentials")
	text := fmt.Sprintf("[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", r.profile, key.ID, key.Secret)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.run(t.Context(), r.with(nil)); err == nil {
		t.Error("a build without credentials ended well")
	}
	r.build(r.with(fields{"shared_credentials_file": path}))
}

func proveInsecure(t *testing.T) {
	r := newRig(t)
	server := httptest.NewTLSServer(r.Endpoint)
	t.Cleanup(server.Close)
	server.Config.ErrorLog = nil
	r.address, r.profile = server.URL, r.profile+"-tls"
	r.addProfile(r.profile, true)
	if _, err := r.run(t.Context(), r.with(fields{"max_retries": 1})); err == nil {
		t.Error("a certificate that nobody signed was taken")
	}
	r.build(r.with(fields{"insecure_skip_tls_verify": true}))
}

func proveRetries(t *testing.T) {
	for attempts, want := range map[int]int{1: 1, 2: 2} {
		r := newRig(t)
		r.sent.refuse("GetCallerIdentity", "Throttling slow down")
		if _, err := r.run(t.Context(), r.with(fields{"max_retries": attempts})); err == nil {
			t.Error("the build ended well although AWS answered nothing")
		}
		if got := r.sent.count("GetCallerIdentity"); got != want {
			t.Errorf("max_retries = %d: %d attempts", attempts, got)
		}
	}
}

func proveDecoding(t *testing.T) {
	for _, on := range []bool{true, false} {
		r := newRig(t)
		r.sent.refuse("CreateSecurityGroup", "UnauthorizedOperation You are not authorized. Encoded authorization failure message: AbCdEf")
		if _, err := r.run(t.Context(), r.with(fields{"decode_authorization_messages": on})); err == nil {
			t.Error("the build ended well")
		}
		if got := r.sent.has("DecodeAuthorizationMessage", `EncodedMessage=AbCdEf`); got != on {
			t.Errorf("decode_authorization_messages = %t: asked for it: %t", on, got)
		}
	}
}

func provePolling(t *testing.T) {
	c := Config{}
	c.PollingConfig = &awscommon.AWSPollingConfig{MaxAttempts: 240}
	if got := c.waitLimit().Minutes(); got != 60 {
		t.Errorf("240 attempts allow %v minutes", got)
	}
	c.PollingConfig = &awscommon.AWSPollingConfig{MaxAttempts: 10, DelaySeconds: 300}
	if p := c.pace(); p.DelaySeconds > 120 || p.DelaySeconds*p.MaxAttempts != 3000 {
		t.Errorf("the steps get %+v", p)
	}
}

func proveNoMetadata(t *testing.T) {
	for _, skip := range []bool{true, false} {
		c := Config{}
		c.SkipMetadataApiCheck = skip
		var o config.LoadOptions
		for _, load := range c.loadOptions() {
			if err := load(&o); err != nil {
				t.Fatal(err)
			}
		}
		if got := o.EC2IMDSClientEnableState == imds.ClientDisabled; got != skip {
			t.Errorf("skip_metadata_api_check = %t: the metadata service is off: %t", skip, got)
		}
	}
}

func proveVault(t *testing.T) {
	r := newRig(t)
	_, err := r.run(t.Context(), r.with(fields{"vault_aws_engine": fields{"name": "builder", "engine_name": "aws"}}))
	if err == nil || !strings.Contains(err.Error(), "vault_aws_engine") {
		t.Errorf("error %v", err)
	}
}

func proveReplacing(t *testing.T) {
	r := newRig(t)
	r.build(r.with(nil))
	r.build(r.with(fields{"force_deregister": true}))
	if r.sent.count("DeregisterImage") < 2 || r.sent.count("DeleteSnapshot") != 0 { // the old image and the intermediary
		t.Error("force_deregister did not replace the image, or took more than the image")
	}
	r.build(r.with(fields{"force_deregister": true, "force_delete_snapshot": true}))
	if r.sent.count("DeleteSnapshot") == 0 {
		t.Error("force_delete_snapshot did not delete the snapshot")
	}
}

// proveSpec compares what the engine is asked for with and without options.
func proveSpec(t *testing.T, set fields, holds func(distribution.Spec) bool) {
	t.Helper()
	r := newRig(t)
	for _, options := range []fields{set, nil} {
		b := r.prepared(r.with(options))
		run := &build{cfg: &b.config, ui: r.ui()}
		if err := run.open(t.Context(), r.hook); err != nil {
			t.Fatal(err)
		}
		spec, err := run.spec()
		run.close(&err)
		if err != nil {
			t.Fatal(err)
		}
		if holds(spec) != (options != nil) {
			t.Errorf("with %v the engine is asked for %+v", options, spec)
		}
	}
}

func proveIMDSSupport(t *testing.T) {
	proveSpec(t, fields{"imds_support": "v2.0"}, func(s distribution.Spec) bool { return s.IMDSv2 })
}

func proveFastLaunch(t *testing.T) {
	proveSpec(t, fields{"fast_launch": fields{"enable_fast_launch": true, "max_parallel_launches": 7, "template_id": "lt-1", "template_version": 3}},
		func(s distribution.Spec) bool {
			return s.FastLaunch[region] == distribution.FastLaunch{MaxParallelLaunches: 7, TemplateID: "lt-1", TemplateVersion: "3"}
		})
}

func proveKeys(t *testing.T) {
	r := newRig(t)
	keys := map[string]string{}
	for _, where := range []string{region, "us-east-1"} {
		out, err := r.KMS(sandboxtest.Home, where).CreateKey(t.Context(), &kms.CreateKeyInput{})
		if err != nil {
			t.Fatal(err)
		}
		keys[where] = aws.ToString(out.KeyMetadata.Arn)
	}
	a := r.build(r.with(fields{
		"kms_key_id": keys[region], "ami_regions": []string{"us-east-1"}, "region_kms_key_ids": map[string]string{"us-east-1": keys["us-east-1"]},
	}))
	for where, id := range a.Images {
		snapshot := r.image(where, id).BlockDeviceMappings[0].Ebs.SnapshotId
		out, err := r.EC2(sandboxtest.Home, where).DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{*snapshot}})
		if err != nil {
			t.Fatal(err)
		}
		if got := aws.ToString(out.Snapshots[0].KmsKeyId); got != keys[where] {
			t.Errorf("%s in %s is encrypted with %q, not %q", id, where, got, keys[where])
		}
	}
	if r.sent.count("CopyImage") != 1 {
		t.Errorf("%d copies were made for one other Region", r.sent.count("CopyImage"))
	}
}

func proveInterface(t *testing.T) {
	here := addresses{local: func() ([]netip.Prefix, error) {
		return []netip.Prefix{netip.MustParsePrefix("10.1.2.3/16"), netip.MustParsePrefix("2001:db8::5/64"), netip.MustParsePrefix("127.0.0.1/8")}, nil
	}}
	for sshInterface, want := range map[string]string{"private_ip": "10.1.2.3/32", "ipv6": "2001:db8::5/128"} {
		got, err := here.sourceCIDRs(context.Background(), sshInterface)
		if err != nil || strings.Join(got, ",") != want {
			t.Errorf("%s: %v %v", sshInterface, got, err)
		}
	}
	r := newRig(t)
	b := r.prepared(r.with(fields{"communicator": "ssh", "ssh_username": "x", "ssh_interface": "session_manager", "iam_instance_profile": "p"}))
	if (stepOpenSecurityGroup{&build{cfg: &b.config}}).needsAddress() {
		t.Error("a port is opened although Session Manager needs none")
	}
}

func provePublicIP(t *testing.T) {
	r := newRig(t)
	needs := func(set fields) bool {
		options := r.with(ssh)
		for key, value := range set {
			options[key] = value
		}
		b := r.prepared(r.with(options))
		return stepOpenSecurityGroup{&build{cfg: &b.config}}.needsAddress()
	}
	if !needs(fields{"temporary_security_group_source_cidrs": nil, "temporary_security_group_source_public_ip": true}) {
		t.Error("the machine's address is not asked for")
	}
	if needs(nil) {
		t.Error("the machine's address is asked for although others are given")
	}
}
