package cloud

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// ec2Creates lists what makes something in EC2. Which of them take a client
// token, that the SDK fills in where it is left out, is read from service/ec2
// 1.344.0; those without one may have something to adopt (adopt.go).
func ec2Creates() map[string]operation {
	all := map[string]operation{
		"EC2.RunInstances": creates(
			func(in *ec2.RunInstancesInput) request {
				return request{token: aws.ToString(in.ClientToken), dryRun: in.DryRun}
			}, runInstancesMade),
		"EC2.CreateFleet": creates(
			func(in *ec2.CreateFleetInput) request {
				return request{token: aws.ToString(in.ClientToken), dryRun: in.DryRun}
			}, createFleetMade),
		"EC2.CopyImage": creates(
			func(in *ec2.CopyImageInput) request {
				return request{aws.ToString(in.Name), aws.ToString(in.ClientToken), in.DryRun}
			},
			func(in *ec2.CopyImageInput, out *ec2.CopyImageOutput) []Resource {
				return one(KindImage, out.ImageId, in.Name)
			}),
		"EC2.CreateLaunchTemplate": creates(
			func(in *ec2.CreateLaunchTemplateInput) request {
				return request{aws.ToString(in.LaunchTemplateName), aws.ToString(in.ClientToken), in.DryRun}
			},
			func(in *ec2.CreateLaunchTemplateInput, out *ec2.CreateLaunchTemplateOutput) []Resource {
				if out.LaunchTemplate == nil {
					return one(KindLaunchTemplate, nil, in.LaunchTemplateName)
				}
				return one(KindLaunchTemplate, out.LaunchTemplate.LaunchTemplateId, in.LaunchTemplateName)
			}),
		"EC2.CreateVolume": creates(
			func(in *ec2.CreateVolumeInput) request {
				return request{token: aws.ToString(in.ClientToken), dryRun: in.DryRun}
			},
			func(_ *ec2.CreateVolumeInput, out *ec2.CreateVolumeOutput) []Resource {
				return one(KindVolume, out.VolumeId, nil)
			}),
		"EC2.CreateSnapshot": creates(
			func(in *ec2.CreateSnapshotInput) request { return request{dryRun: in.DryRun} },
			func(_ *ec2.CreateSnapshotInput, out *ec2.CreateSnapshotOutput) []Resource {
				return owned(one(KindSnapshot, out.SnapshotId, nil), out.OwnerId)
			}),
		"EC2.CreateSnapshots": creates(
			func(in *ec2.CreateSnapshotsInput) request { return request{dryRun: in.DryRun} },
			func(_ *ec2.CreateSnapshotsInput, out *ec2.CreateSnapshotsOutput) (made []Resource) {
				for _, s := range out.Snapshots {
					made = append(made, owned(one(KindSnapshot, s.SnapshotId, nil), s.OwnerId)...)
				}
				return made
			}),
		"EC2.CopySnapshot": creates(
			func(in *ec2.CopySnapshotInput) request { return request{dryRun: in.DryRun} },
			func(_ *ec2.CopySnapshotInput, out *ec2.CopySnapshotOutput) []Resource {
				return one(KindSnapshot, out.SnapshotId, nil)
			}),
		"EC2.ImportKeyPair": creates(
			func(in *ec2.ImportKeyPairInput) request {
				return request{name: aws.ToString(in.KeyName), dryRun: in.DryRun}
			},
			func(in *ec2.ImportKeyPairInput, out *ec2.ImportKeyPairOutput) []Resource {
				return one(KindKeyPair, out.KeyPairId, in.KeyName)
			}),
	}
	for name, op := range ec2Named() {
		all[name] = op
	}
	return all
}

// ec2Named lists the creates that have no client token and a unique name
// instead: repeated after a lost answer they fail with a duplicate.
func ec2Named() map[string]operation {
	return map[string]operation{
		"EC2.CreateImage": creates(
			func(in *ec2.CreateImageInput) request {
				return request{name: aws.ToString(in.Name), dryRun: in.DryRun}
			},
			func(in *ec2.CreateImageInput, out *ec2.CreateImageOutput) []Resource {
				return one(KindImage, out.ImageId, in.Name)
			}).adoptedBy(adoptCreatedImage),
		"EC2.RegisterImage": creates(
			func(in *ec2.RegisterImageInput) request {
				return request{name: aws.ToString(in.Name), dryRun: in.DryRun}
			},
			func(in *ec2.RegisterImageInput, out *ec2.RegisterImageOutput) []Resource {
				return one(KindImage, out.ImageId, in.Name)
			}).adoptedBy(adoptRegisteredImage),
		"EC2.CreateKeyPair": creates(
			func(in *ec2.CreateKeyPairInput) request {
				return request{name: aws.ToString(in.KeyName), dryRun: in.DryRun}
			},
			func(in *ec2.CreateKeyPairInput, out *ec2.CreateKeyPairOutput) []Resource {
				return one(KindKeyPair, out.KeyPairId, in.KeyName)
			}).adoptedBy(replaceKeyPair),
		"EC2.CreateSecurityGroup": creates(
			func(in *ec2.CreateSecurityGroupInput) request {
				return request{name: aws.ToString(in.GroupName), dryRun: in.DryRun}
			},
			func(in *ec2.CreateSecurityGroupInput, out *ec2.CreateSecurityGroupOutput) []Resource {
				return one(KindSecurityGroup, out.GroupId, in.GroupName)
			}).adoptedBy(adoptSecurityGroup),
	}
}

func runInstancesMade(_ *ec2.RunInstancesInput, out *ec2.RunInstancesOutput) (made []Resource) {
	for _, i := range out.Instances {
		made = append(made, owned(one(KindInstance, i.InstanceId, nil), out.OwnerId)...)
	}
	return made
}

// createFleetMade reads what an instant fleet launched. The fleet itself ends
// with its instances and costs nothing.
func createFleetMade(_ *ec2.CreateFleetInput, out *ec2.CreateFleetOutput) (made []Resource) {
	for _, group := range out.Instances {
		for _, id := range group.InstanceIds {
			made = append(made, one(KindInstance, &id, nil)...)
		}
	}
	return made
}

func owned(rs []Resource, account *string) []Resource {
	for i := range rs {
		rs[i].Account = aws.ToString(account)
	}
	return rs
}

// ec2Deletes lists what takes something away in EC2.
func ec2Deletes() map[string]operation {
	return map[string]operation{
		"EC2.TerminateInstances": deletes(
			func(in *ec2.TerminateInstancesInput) *bool { return in.DryRun },
			func(_ *ec2.TerminateInstancesInput, out *ec2.TerminateInstancesOutput) (gone []Resource) {
				for _, i := range out.TerminatingInstances {
					gone = append(gone, one(KindInstance, i.InstanceId, nil)...)
				}
				return gone
			}),
		"EC2.DeregisterImage": deletes(
			func(in *ec2.DeregisterImageInput) *bool { return in.DryRun },
			deregisterImageGone),
		"EC2.DeleteSnapshot": deletes(
			func(in *ec2.DeleteSnapshotInput) *bool { return in.DryRun },
			func(in *ec2.DeleteSnapshotInput, _ *ec2.DeleteSnapshotOutput) []Resource {
				return one(KindSnapshot, in.SnapshotId, nil)
			}),
		"EC2.DeleteVolume": deletes(
			func(in *ec2.DeleteVolumeInput) *bool { return in.DryRun },
			func(in *ec2.DeleteVolumeInput, _ *ec2.DeleteVolumeOutput) []Resource {
				return one(KindVolume, in.VolumeId, nil)
			}),
		"EC2.DeleteKeyPair": deletes(
			func(in *ec2.DeleteKeyPairInput) *bool { return in.DryRun },
			func(in *ec2.DeleteKeyPairInput, out *ec2.DeleteKeyPairOutput) []Resource {
				id := in.KeyPairId
				if id == nil {
					id = out.KeyPairId
				}
				return one(KindKeyPair, id, in.KeyName)
			}),
		"EC2.DeleteSecurityGroup": deletes(
			func(in *ec2.DeleteSecurityGroupInput) *bool { return in.DryRun },
			func(in *ec2.DeleteSecurityGroupInput, _ *ec2.DeleteSecurityGroupOutput) []Resource {
				return one(KindSecurityGroup, in.GroupId, in.GroupName)
			}),
		"EC2.DeleteLaunchTemplate": deletes(
			func(in *ec2.DeleteLaunchTemplateInput) *bool { return in.DryRun },
			func(in *ec2.DeleteLaunchTemplateInput, _ *ec2.DeleteLaunchTemplateOutput) []Resource {
				return one(KindLaunchTemplate, in.LaunchTemplateId, in.LaunchTemplateName)
			}),
	}
}

// deregisterImageGone reads partial failure inside success: only the snapshots
// that EC2 says are deleted are.
func deregisterImageGone(in *ec2.DeregisterImageInput, out *ec2.DeregisterImageOutput) []Resource {
	gone := one(KindImage, in.ImageId, nil)
	for _, s := range out.DeleteSnapshotResults {
		if s.ReturnCode == types.SnapshotReturnCodesSuccess {
			gone = append(gone, one(KindSnapshot, s.SnapshotId, nil)...)
		}
	}
	return gone
}
