package tradeoff

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"go.uber.org/goleak"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// disksOf are the snapshots of an account, which a look pages through one by one.
type disksOf map[string]types.Snapshot

func (d disksOf) DescribeSnapshots(_ context.Context, in *ec2.DescribeSnapshotsInput, _ ...func(*ec2.Options)) (*ec2.DescribeSnapshotsOutput, error) {
	if len(in.Filters) != 1 || *in.Filters[0].Name != "snapshot-id" {
		return nil, errors.New("the look is not by id")
	}
	ids := in.Filters[0].Values
	if in.NextToken != nil {
		ids = ids[slices.Index(ids, *in.NextToken):]
	}
	out := &ec2.DescribeSnapshotsOutput{}
	for n, id := range ids {
		if n == 1 {
			out.NextToken = &id
			break
		}
		if s, ok := d[id]; ok {
			out.Snapshots = append(out.Snapshots, s)
		}
	}
	return out, nil
}

func disk(id string, size float64, key string) types.Snapshot {
	s := types.Snapshot{SnapshotId: &id, FullSnapshotSizeInBytes: aws.Int64(int64(size * gib))}
	if key != "" {
		s.KmsKeyId = &key
	}
	return s
}

func imageOf(owner string, devices ...string) types.Image {
	i := types.Image{ImageId: aws.String("ami-1"), OwnerId: &owner}
	for n, id := range devices {
		i.BlockDeviceMappings = append(i.BlockDeviceMappings, types.BlockDeviceMapping{
			DeviceName: aws.String(fmt.Sprintf("/dev/xvd%c", 'a'+n)), Ebs: &types.EbsBlockDevice{SnapshotId: aws.String(id)},
		})
	}
	return i
}

func TestStorageIsOwnAndInherited(t *testing.T) {
	t.Parallel()
	all := disksOf{
		"base": disk("base", 2, ""), "child": disk("child", 2.5, ""), "data": disk("data", 1, ""),
		"smaller": disk("smaller", 1.5, ""), "sealed": disk("sealed", 2.5, "key-1"), "unsized": {SnapshotId: aws.String("unsized")},
	}
	for name, c := range map[string]struct {
		image, parent types.Image
		want          string
	}{
		"on a parent":                {imageOf("me", "child"), imageOf("me", "base"), "own=0.5 inherited=2"},
		"with a volume more":         {imageOf("me", "child", "data"), imageOf("me", "base"), "own=1.5 inherited=2"},
		"that took something away":   {imageOf("me", "smaller"), imageOf("me", "base"), "own=0 inherited=1.5"},
		"on a vendor's image":        {imageOf("me", "child"), imageOf("vendor", "base"), "own=2.5 inherited=0"},
		"under another key":          {imageOf("me", "sealed"), imageOf("me", "base"), "own=2.5 inherited=0"},
		"on a parent that is gone":   {imageOf("me", "child"), imageOf("me", "gone"), "own=2.5 inherited=0"},
		"whose size EC2 hides":       {imageOf("me", "unsized"), imageOf("me", "base"), ""},
		"whose snapshots are hidden": {imageOf("me", "hidden"), imageOf("me", "base"), ""},
		"without snapshots":          {imageOf("me"), imageOf("me", "base"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := Figures{}
			err := f.Storage(t.Context(), all, c.image, c.parent)
			if (err == nil) != (c.want != "") || f.String() != c.want {
				t.Errorf("%q, %v", f, err)
			}
		})
	}
}

func TestTheMonthCostsWhatTheListSays(t *testing.T) {
	t.Parallel()
	api := pricing.NewFromConfig(sandboxtest.Start(t, sandbox.Options{}).Config(sandboxtest.Home, PriceListRegion("eu-central-1")))
	f := Figures{Own: 10}
	if err := f.Price(t.Context(), api, "eu-central-1"); err != nil || f[Month] != 0.54 {
		t.Errorf("%v, %v", f, err)
	}
	f = Figures{Own: 10}
	if err := f.Price(t.Context(), api, "mars-north-1"); err == nil || !strings.Contains(err.Error(), "0 prices") || len(f) != 1 {
		t.Errorf("%v, %v", f, err)
	}
	f = Figures{}
	if err := f.Price(t.Context(), api, "eu-central-1"); err == nil || len(f) != 0 {
		t.Errorf("the cost of an unknown size is %v", f)
	}
}

// priceList answers with these entries.
type priceList []string

func (l priceList) GetProducts(context.Context, *pricing.GetProductsInput, ...func(*pricing.Options)) (*pricing.GetProductsOutput, error) {
	return &pricing.GetProductsOutput{PriceList: l}, nil
}

func listed(usage, unit, usd string) string {
	return fmt.Sprintf(`{"product":{"attributes":{"usagetype":%q}},"terms":{"OnDemand":{"a.b":{"priceDimensions":{"a.b.c":{"unit":%q,"pricePerUnit":{"USD":%q}}}}}}}`, usage, unit, usd)
}

func TestOnlyThePriceOfOrdinarySnapshotsCounts(t *testing.T) {
	t.Parallel()
	const plain = "EUC1-EBS:SnapshotUsage"
	for name, c := range map[string]struct {
		list priceList
		want float64
	}{
		"beside others": {priceList{listed("EUC1-EBS:SnapshotArchiveStorage", "GB-Mo", "0.0135"), listed(plain, "GB-Mo", "0.054"), listed(plain+"UnderBilling", "GB-Mo", "0")}, 0.54},
		"two prices":    {priceList{listed(plain, "GB-Mo", "0.054"), listed(plain, "GB-Mo", "0.06")}, 0},
		"another unit":  {priceList{listed(plain, "GB", "0.054")}, 0},
		"no price":      {priceList{listed(plain, "GB-Mo", "")}, 0},
		"no JSON":       {priceList{"<html>"}, 0},
	} {
		f := Figures{Own: 10}
		if err := f.Price(t.Context(), c.list, "eu-central-1"); (err == nil) != (c.want > 0) || f[Month] != c.want {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
}

func TestWhereThePriceListIs(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{"eu-west-1": "us-east-1", "cn-north-1": "cn-northwest-1", "us-gov-west-1": "", "us-iso-east-1": ""} {
		if got := PriceListRegion(region); got != want {
			t.Errorf("%s: %q", region, got)
		}
	}
}
