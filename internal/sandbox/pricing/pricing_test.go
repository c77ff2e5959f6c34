package pricing_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/pricing/types"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must[T any](t *testing.T, out T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// price reads a price as a cost estimate does: one product, one term, one rate.
func price(t *testing.T, c *pricing.Client, service string, match map[string]string) (unit, usd string) {
	t.Helper()
	in := &pricing.GetProductsInput{ServiceCode: aws.String(service)}
	for field, value := range match {
		in.Filters = append(in.Filters, types.Filter{Type: types.FilterTypeTermMatch, Field: aws.String(field), Value: aws.String(value)})
	}
	out, err := c.GetProducts(t.Context(), in)
	list := must(t, out, err).PriceList
	if len(list) != 1 {
		t.Fatalf("%v: %d products", match, len(list))
	}
	var entry struct {
		Product struct{ SKU string }
		Terms   struct {
			OnDemand map[string]struct {
				PriceDimensions map[string]struct {
					Unit, RateCode string
					PricePerUnit   map[string]string
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(list[0]), &entry); err != nil {
		t.Fatal(err)
	}
	sku := entry.Product.SKU
	rate := entry.Terms.OnDemand[sku+".JRTCKXETXF"].PriceDimensions[sku+".JRTCKXETXF.6YS6EN2CT7"]
	if len(sku) != 16 || rate.RateCode != sku+".JRTCKXETXF.6YS6EN2CT7" {
		t.Errorf("entry: %s", list[0])
	}
	return rate.Unit, rate.PricePerUnit["USD"]
}

func TestPricesOfWhatAnImageCosts(t *testing.T) {
	t.Parallel()
	c := pricing.NewFromConfig(sandboxtest.Start(t, sandbox.Options{}).Config(sandboxtest.Home, "us-east-1"))
	for name, tc := range map[string]struct {
		service   string
		match     map[string]string
		unit, usd string
	}{
		"snapshots": {"AmazonEC2", map[string]string{"productFamily": "Storage Snapshot", "regionCode": "eu-central-1"}, "GB-Mo", "0.0540000000"},
		"transfer":  {"AWSDataTransfer", map[string]string{"fromRegionCode": "ap-south-1", "toRegionCode": "us-east-1"}, "GB", "0.0860000000"},
		"neighbour": {"AWSDataTransfer", map[string]string{"usagetype": "USE1-USE2-AWS-Out-Bytes"}, "GB", "0.0100000000"},
		"hours":     {"AmazonEC2", map[string]string{"usagetype": "BoxUsage:t3.micro", "operatingSystem": "Linux"}, "Hrs", "0.0104000000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if unit, usd := price(t, c, tc.service, tc.match); unit != tc.unit || usd != tc.usd {
				t.Errorf("got %s %s, want %s %s", usd, unit, tc.usd, tc.unit)
			}
		})
	}
}

func TestServicesAndAttributesAreListed(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	c := pricing.NewFromConfig(s.Config(sandboxtest.Home, "eu-central-1"))
	services, err := c.DescribeServices(t.Context(), &pricing.DescribeServicesInput{})
	if got := must(t, services, err).Services; len(got) != 2 || *got[1].ServiceCode != "AmazonEC2" || len(got[1].AttributeNames) == 0 {
		t.Errorf("services: %+v", got)
	}
	values, err := c.GetAttributeValues(t.Context(), &pricing.GetAttributeValuesInput{ServiceCode: aws.String("AmazonEC2"), AttributeName: aws.String("productFamily")})
	if got := must(t, values, err).AttributeValues; len(got) != 2 || *got[1].Value != "Storage Snapshot" {
		t.Errorf("values: %+v", got)
	}
	n, pages := 0, pricing.NewGetProductsPaginator(c, &pricing.GetProductsInput{ServiceCode: aws.String("AWSDataTransfer"), MaxResults: aws.Int32(50)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		n += len(must(t, page, err).PriceList)
	}
	if n != 56 {
		t.Errorf("%d transfers between eight Regions, want 56", n)
	}
	var refusal smithy.APIError
	_, err = c.GetProducts(t.Context(), &pricing.GetProductsInput{ServiceCode: aws.String("AmazonNone")})
	if !errors.As(err, &refusal) || refusal.ErrorCode() != "InvalidParameterException" {
		t.Errorf("an unknown service: %v", err)
	}
	// The API has endpoints in three Regions only.
	_, err = pricing.NewFromConfig(s.Config(sandboxtest.Home, "eu-west-1")).DescribeServices(t.Context(), &pricing.DescribeServicesInput{})
	if !errors.As(err, &refusal) || refusal.ErrorCode() != "UnrecognizedClientException" {
		t.Errorf("in eu-west-1: %v", err)
	}
}
