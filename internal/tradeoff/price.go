package tradeoff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/pricing/types"
)

// PricesAPI is the Price List.
type PricesAPI interface {
	GetProducts(ctx context.Context, in *pricing.GetProductsInput, opts ...func(*pricing.Options)) (*pricing.GetProductsOutput, error)
}

// PriceListRegion is where the Price List of a Region's partition is served; empty
// where there is none.
func PriceListRegion(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "cn-northwest-1"
	case strings.HasPrefix(region, "us-gov-"), strings.Contains(region, "-iso"):
		return ""
	}
	return "us-east-1"
}

// Price notes what the image's own storage costs a month, for figures that have its
// size. It fails where the list has not exactly one price in USD: the usage type is the
// one of ordinary snapshots, beside which there are those of the archive and others.
func (f Figures) Price(ctx context.Context, api PricesAPI, region string) error {
	own, known := f[Own]
	if !known {
		return errors.New("the size of the image is not known")
	}
	price, err := snapshotPrice(ctx, api, region)
	if err != nil {
		return err
	}
	f.Set(Month, own*price)
	return nil
}

const snapshotUsage = "EBS:SnapshotUsage"

// snapshotPrice gives USD per GB-month of snapshots.
func snapshotPrice(ctx context.Context, api PricesAPI, region string) (float64, error) {
	match := func(field, value string) types.Filter {
		return types.Filter{Type: types.FilterTypeTermMatch, Field: aws.String(field), Value: aws.String(value)}
	}
	pages := pricing.NewGetProductsPaginator(api, &pricing.GetProductsInput{
		ServiceCode: aws.String("AmazonEC2"),
		Filters:     []types.Filter{match("productFamily", "Storage Snapshot"), match("regionCode", region)},
	})
	prices := map[string]bool{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, fmt.Errorf("ask for the price of snapshots in %s: %w", region, err)
		}
		for _, text := range page.PriceList {
			if err := addPrices(prices, text); err != nil {
				return 0, err
			}
		}
	}
	if len(prices) != 1 {
		return 0, fmt.Errorf("the price list has %d prices for snapshots in %s, not one", len(prices), region)
	}
	for text := range prices {
		price, err := strconv.ParseFloat(text, 64)
		if err != nil || price < 0 {
			return 0, fmt.Errorf("the price list says %q for snapshots in %s, which is no price in USD", text, region)
		}
		return price, nil
	}
	return 0, nil
}

// product is what is read of an entry of the list.
type product struct {
	Product struct {
		Attributes struct {
			UsageType string `json:"usagetype"`
		}
	}
	Terms struct {
		OnDemand map[string]struct {
			PriceDimensions map[string]struct {
				Unit         string
				PricePerUnit map[string]string
			}
		}
	}
}

func addPrices(prices map[string]bool, text string) error {
	var p product
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return fmt.Errorf("the price list could not be read: %w", err)
	}
	usage := p.Product.Attributes.UsageType // with a Region's prefix before a dash, but for us-east-1
	if usage != snapshotUsage && !strings.HasSuffix(usage, "-"+snapshotUsage) {
		return nil
	}
	for _, term := range p.Terms.OnDemand {
		for _, d := range term.PriceDimensions {
			if d.Unit == "GB-Mo" {
				prices[d.PricePerUnit["USD"]] = true
			}
		}
	}
	return nil
}
