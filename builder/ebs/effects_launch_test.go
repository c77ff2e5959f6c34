package ebs

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	awscommon "github.com/hashicorp/packer-plugin-amazon/common"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func launchEffects() map[string]effect {
	encoded := base64.StdEncoding.EncodeToString([]byte("#!/bin/sh"))
	run := func(set fields, lines ...string) effect { return sends(set, "RunInstances", lines...) }
	return map[string]effect{
		"availability_zone":               run(fields{"availability_zone": region + "b"}, `Placement\.AvailabilityZone=`+region+"b"),
		"block_duration_minutes":          sends(fields{"block_duration_minutes": 60}, "CreateLaunchTemplate", `.*BlockDurationMinutes=60`).on(spot),
		"capacity_reservation_group_arn":  run(fields{"capacity_reservation_group_arn": "arn:aws:resource-groups:eu-west-1:1:group/g"}, `CapacityReservationSpecification\.CapacityReservationTarget\.CapacityReservationResourceGroupArn=.*group/g`),
		"capacity_reservation_id":         run(fields{"capacity_reservation_id": "cr-0123456789abcdef0"}, `CapacityReservationSpecification\.CapacityReservationTarget\.CapacityReservationId=cr-0123456789abcdef0`),
		"capacity_reservation_preference": run(fields{"capacity_reservation_preference": "open"}, `CapacityReservationSpecification\.CapacityReservationPreference=open`),
		"disable_stop_instance":           stops(fields{"disable_stop_instance": true, "stop_timeout": "100ms"}, "StopInstances"),
		"ebs_optimized":                   run(fields{"ebs_optimized": true}, `EbsOptimized=true`),
		"enable_nitro_enclave":            run(fields{"enable_nitro_enclave": true}, `EnclaveOptions\.Enabled=true`).on(fields{"instance_type": "m5.xlarge"}),
		"enable_t2_unlimited":             run(fields{"enable_t2_unlimited": true}, `CreditSpecification\.CpuCredits=unlimited`),
		"enable_unlimited_credits":        run(fields{"enable_unlimited_credits": true}, `CreditSpecification\.CpuCredits=unlimited`),
		"iam_instance_profile":            run(fields{"iam_instance_profile": "builder"}, `IamInstanceProfile\.Name=builder`).on(fields{"skip_profile_validation": true}).after(makeProfile),
		"instance_type":                   run(fields{"instance_type": "t3.large"}, `InstanceType=t3\.large`),
		"launch_block_device_mappings":    run(fields{"launch_block_device_mappings": []fields{{"device_name": "/dev/xvda", "volume_size": 20}}}, `BlockDeviceMapping\.1\.Ebs\.VolumeSize=20`, `BlockDeviceMapping\.1\.Ebs\.DeleteOnTermination=true`),
		"license_specifications":          run(fields{"license_specifications": []fields{{"license_configuration_request": fields{"license_configuration_arn": "arn:aws:license-manager:x"}}}}, `LicenseSpecification\.1\.LicenseConfigurationArn=arn:aws:license-manager:x`),
		"metadata_options":                run(fields{"metadata_options": fields{"http_endpoint": "disabled"}}, `MetadataOptions\.HttpEndpoint=disabled`),
		"no_ephemeral":                    run(fields{"no_ephemeral": true}, `BlockDeviceMapping\.1\.DeviceName=xvdca`),
		"placement":                       run(fields{"placement": fields{"host_id": "h-0123456789abcdef0"}}, `Placement\.HostId=h-0123456789abcdef0`),
		"shutdown_behavior":               run(fields{"shutdown_behavior": "terminate"}, `InstanceInitiatedShutdownBehavior=terminate`),
		"skip_profile_validation":         stops(fields{"skip_profile_validation": true}, "GetInstanceProfile").on(fields{"iam_instance_profile": "builder"}).after(makeProfile),
		"source_ami":                      sends(fields{"source_ami": "ami-0123456789abcdef0"}, "DescribeImages", `ImageId\.1=ami-0123456789abcdef0`),
		"source_ami_filter":               sends(fields{"source_ami_filter": fields{"owners": []string{"136693071363"}, "most_recent": true, "filters": map[string]string{"name": "debian-12-*"}}}, "DescribeImages", `.*=debian-12-\*`, `Owner\.1=136693071363`),
		"spot_allocation_strategy":        sends(fields{"spot_allocation_strategy": "lowest-price"}, "CreateFleet", `SpotOptions\.AllocationStrategy=lowest-price`).on(spot),
		"spot_instance_types":             sends(fields{"spot_instance_types": []string{"t3.large"}, "instance_type": nil}, "CreateFleet", `.*InstanceType=t3\.large`).on(spot),
		"spot_price":                      sends(spot, "CreateLaunchTemplate", `.*MaxPrice=0\.01`),
		"spot_price_auto_product":         {proof: proveWarning("spot_price_auto_product", "Linux/UNIX")},
		"temporary_iam_instance_profile_policy_document": sends(fields{"temporary_iam_instance_profile_policy_document": fields{
			"Version": "2012-10-17", "Statement": []fields{{"Effect": "Allow", "Action": []string{"s3:Get*"}, "Resource": []string{"*"}}},
		}}, "PutRolePolicy", `PolicyDocument=.*s3:Get\*.*`),
		"tenancy":                  run(fields{"tenancy": "dedicated"}, `Placement\.Tenancy=dedicated`),
		"user_data":                run(fields{"user_data": "#!/bin/sh"}, `UserData=`+encoded),
		"user_data_file":           {proof: proveUserDataFile},
		"windows_password_timeout": {proof: proveStep(fields{"windows_password_timeout": "3m"}, func(s *awscommon.StepGetPassword) bool { return s.Timeout == 3*time.Minute })},
		"pause_before_ssm":         {proof: proveStep(fields{"pause_before_ssm": "3s"}, func(s *awscommon.StepCreateSSMTunnel) bool { return s.PauseBeforeSSM == 3*time.Second })},
		"session_manager_port":     {proof: proveStep(fields{"session_manager_port": 8022}, func(s *awscommon.StepCreateSSMTunnel) bool { return s.LocalPortNumber == 8022 })},
	}
}

func networkEffects() map[string]effect {
	return map[string]effect{
		"associate_public_ip_address":               sends(fields{"associate_public_ip_address": true}, "RunInstances", `NetworkInterface\.1\.AssociatePublicIpAddress=true`),
		"security_group_filter":                     sends(fields{"security_group_filter": fields{"filters": map[string]string{"tag:use": "build"}}}, "DescribeSecurityGroups", `.*=tag:use`),
		"security_group_id":                         sends(fields{"security_group_id": "sg-0123456789abcdef0"}, "DescribeSecurityGroups", `GroupId\.1=sg-0123456789abcdef0`),
		"security_group_ids":                        sends(fields{"security_group_ids": []string{"sg-0123456789abcdef0"}}, "DescribeSecurityGroups", `GroupId\.1=sg-0123456789abcdef0`),
		"ssh_interface":                             {proof: proveInterface},
		"subnet_filter":                             sends(fields{"subnet_filter": fields{"filters": map[string]string{"tag:use": "build"}}}, "DescribeSubnets", `.*=tag:use`),
		"subnet_id":                                 sends(fields{"subnet_id": "subnet-0123456789abcdef0"}, "DescribeSubnets", `.*=subnet-0123456789abcdef0`),
		"temporary_security_group_source_cidrs":     sends(fields{"temporary_security_group_source_cidrs": []string{"198.51.100.0/24"}}, "AuthorizeSecurityGroupIngress", `.*=198\.51\.100\.0/24`).on(ssh),
		"temporary_security_group_source_public_ip": {proof: provePublicIP},
		"vpc_filter":                                sends(fields{"vpc_filter": fields{"filters": map[string]string{"tag:use": "build"}}}, "DescribeVpcs", `.*=tag:use`),
		"vpc_id":                                    sends(fields{"vpc_id": "vpc-0123456789abcdef0"}, "DescribeVpcs", `VpcId\.1=vpc-0123456789abcdef0`),
	}
}

func makeProfile(r *rig) {
	api, name := r.IAM(sandboxtest.Home), aws.String("builder")
	_, err := api.CreateInstanceProfile(r.t.Context(), &iam.CreateInstanceProfileInput{InstanceProfileName: name})
	if err != nil {
		r.t.Fatal(err)
	}
	_, err = api.CreateRole(r.t.Context(), &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := api.AddRoleToInstanceProfile(r.t.Context(), &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: name}); err != nil {
		r.t.Fatal(err)
	}
}

// proveStep finds the step that an option is handed to.
func proveStep[S any](set fields, holds func(*S) bool) func(t *testing.T) {
	return func(t *testing.T) {
		r := newRig(t)
		with := func(options fields) bool {
			b := r.prepared(r.with(options))
			run := &build{cfg: &b.config, ui: r.ui()}
			if err := run.open(t.Context(), r.hook); err != nil {
				t.Fatal(err)
			}
			var closing error
			defer run.close(&closing)
			for _, step := range run.connectSteps(t.Context()) {
				if s, ok := any(step).(*S); ok {
					return holds(s)
				}
			}
			t.Fatal("there is no such step")
			return false
		}
		if !with(set) || with(nil) {
			t.Error("the option does not reach the step")
		}
	}
}

func proveWarning(option, value string) func(t *testing.T) {
	return func(t *testing.T) {
		r := newRig(t)
		b := new(Builder)
		_, warnings, err := b.Prepare(plain(r.with(fields{option: value})))
		if err != nil || len(warnings) != 1 {
			t.Errorf("warnings %q, error %v", warnings, err)
		}
	}
}

func proveUserDataFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "user-data")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	r.build(r.with(fields{"user_data_file": path}))
	if !r.sent.has("RunInstances", `UserData=`+base64.StdEncoding.EncodeToString([]byte("#!/bin/sh\n"))) {
		t.Error("the file was not sent")
	}
}
