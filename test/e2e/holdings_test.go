//go:build e2e

package e2e

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// holdings are what the account has in the Regions of the tests and would pay
// for or trip over, as "region kind id", sorted. The vendors' images are not its own.
func (e *endpoint) holdings(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, region := range regions {
		l := lister{t: t, api: e.ec2(region), region: region}
		l.images()
		l.snapshots()
		l.instances()
		l.volumes()
		l.keysAndGroups()
		all = append(all, l.found...)
	}
	slices.Sort(all)
	return all
}

// lister collects what one Region holds.
type lister struct {
	t      *testing.T
	api    *ec2.Client
	region string
	found  []string
}

func (l *lister) add(kind string, id *string) {
	l.found = append(l.found, l.region+" "+kind+" "+aws.ToString(id))
}

func (l *lister) check(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatalf("look at %s: %v", l.region, err)
	}
}

func (l *lister) images() {
	out, err := l.api.DescribeImages(l.t.Context(), &ec2.DescribeImagesInput{
		Owners: []string{"self"}, IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
	})
	l.check(err)
	for _, i := range out.Images {
		l.add("image", i.ImageId)
	}
}

func (l *lister) snapshots() {
	out, err := l.api.DescribeSnapshots(l.t.Context(), &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}})
	l.check(err)
	for _, s := range out.Snapshots {
		l.add("snapshot", s.SnapshotId)
	}
}

func (l *lister) instances() {
	out, err := l.api.DescribeInstances(l.t.Context(), &ec2.DescribeInstancesInput{})
	l.check(err)
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			if i.State.Name != types.InstanceStateNameTerminated {
				l.add("instance", i.InstanceId)
			}
		}
	}
}

func (l *lister) volumes() {
	out, err := l.api.DescribeVolumes(l.t.Context(), &ec2.DescribeVolumesInput{})
	l.check(err)
	for _, v := range out.Volumes {
		l.add("volume", v.VolumeId)
	}
}

func (l *lister) keysAndGroups() {
	keys, err := l.api.DescribeKeyPairs(l.t.Context(), &ec2.DescribeKeyPairsInput{})
	l.check(err)
	for _, k := range keys.KeyPairs {
		l.add("key pair", k.KeyName)
	}
	groups, err := l.api.DescribeSecurityGroups(l.t.Context(), &ec2.DescribeSecurityGroupsInput{})
	l.check(err)
	for _, g := range groups.SecurityGroups {
		if aws.ToString(g.GroupName) != "default" {
			l.add("security group", g.GroupId)
		}
	}
}

// imagesOf is what holdings shows of images and their snapshots.
func imagesOf(images ...ami.Image) []string {
	var all []string
	for _, i := range images {
		all = append(all, i.Region+" image "+i.ID)
		for _, s := range i.SnapshotIDs {
			all = append(all, i.Region+" snapshot "+s)
		}
	}
	slices.Sort(all)
	return all
}

// mustHold fails unless the account holds exactly this.
func (e *endpoint) mustHold(t *testing.T, want []string, output string) {
	t.Helper()
	if got := e.holdings(t); !slices.Equal(got, want) {
		t.Errorf("the account holds\n%q\nand should hold\n%q\n%s", got, want, output)
	}
}

// image is the one good image of a tier of the example's family in a Region.
func (e *endpoint) image(t *testing.T, region string, tier ami.Tier) ami.Image {
	t.Helper()
	found, err := ami.Find(t.Context(), e.ec2(region), region, ami.Query{Family: family, Tier: tier})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 {
		t.Fatalf("%d good %s images of %s in %s, not 1", len(found), tier, family, region)
	}
	return found[0]
}
