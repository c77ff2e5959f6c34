package pricing

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

func init() { action.Add(Actions, "GetProducts", getProducts) }

// formatVersion is the one form of a price list.
const formatVersion = "aws_v1"

type filter struct{ Type, Field, Value string }

// filterTypes are the ways to compare.
var filterTypes = []string{"TERM_MATCH", "EQUALS", "CONTAINS", "ANY_OF", "NONE_OF"}

func (f filter) matches(p product) bool {
	have, _ := p.value(f.Field)
	switch f.Type {
	case "CONTAINS":
		return strings.Contains(have, f.Value)
	case "ANY_OF":
		return slices.Contains(strings.Split(f.Value, ","), have)
	case "NONE_OF":
		return !slices.Contains(strings.Split(f.Value, ","), have)
	case "EQUALS":
		return have == f.Value
	default:
		return strings.EqualFold(have, f.Value)
	}
}

// paged are the inputs that the lists have in common.
type paged struct {
	MaxResults *int
	NextToken  string
}

func invalid(format string, args ...any) error {
	return wire.Errorf("InvalidParameterException", format, args...)
}

// cut gives a page of a list and the token of the next one. The list never changes,
// so that the token is a position.
func cut[T any](list []T, in paged) ([]T, string, error) {
	size, from := 100, 0
	if in.MaxResults != nil {
		size = *in.MaxResults
	}
	if size < 1 || size > 100 {
		return nil, "", invalid("Invalid MaxResults: must be between 1 and 100.") // unverified: text
	}
	if in.NextToken != "" {
		n, err := strconv.Atoi(in.NextToken)
		if err != nil || n < 0 || n > len(list) {
			return nil, "", wire.Errorf("InvalidNextTokenException", "The pagination token is invalid.") // unverified: text
		}
		from = n
	}
	end := min(from+size, len(list))
	part := append(make([]T, 0, end-from), list[from:end]...) // never null in JSON
	if end == len(list) {
		return part, "", nil
	}
	return part, strconv.Itoa(end), nil
}

type getProductsInput struct {
	ServiceCode, FormatVersion string
	Filters                    []filter
	paged
}

type getProductsOutput struct {
	FormatVersion string
	PriceList     []string
	NextToken     string `json:",omitempty"`
}

func checkFormat(version string) error {
	if version != "" && version != formatVersion {
		return invalid("Invalid format version %s.", version) // unverified: text
	}
	return nil
}

// getProducts gives each product as a JSON document in a string.
func getProducts(_ *action.Call, in *getProductsInput) (*getProductsOutput, error) {
	if err := checkFormat(in.FormatVersion); err != nil {
		return nil, err
	}
	if !slices.Contains(serviceCodes(), in.ServiceCode) {
		return nil, invalid("Invalid service code: %s.", in.ServiceCode) // unverified: text
	}
	for _, f := range in.Filters {
		if !slices.Contains(filterTypes, f.Type) {
			return nil, wire.Errorf("ValidationException", "1 validation error detected: Value '%s' at 'filters.1.member.type' failed to satisfy constraint: Member must satisfy enum value set: [%s]", f.Type, strings.Join(filterTypes, ", ")) // unverified: the number of the member
		}
	}
	var list []string
	for _, p := range products() {
		if p.service == in.ServiceCode && !slices.ContainsFunc(in.Filters, func(f filter) bool { return !f.matches(p) }) {
			text, err := json.Marshal(p.entry())
			if err != nil {
				return nil, err
			}
			list = append(list, string(text))
		}
	}
	part, next, err := cut(list, in.paged)
	return &getProductsOutput{FormatVersion: formatVersion, PriceList: part, NextToken: next}, err
}

type entry struct {
	Product     productOfEntry             `json:"product"`
	ServiceCode string                     `json:"serviceCode"`
	Terms       map[string]map[string]term `json:"terms"`
	Version     string                     `json:"version"`
	Published   string                     `json:"publicationDate"`
}

type productOfEntry struct {
	Family     string            `json:"productFamily"`
	Attributes map[string]string `json:"attributes"`
	SKU        string            `json:"sku"`
}

type term struct {
	Dimensions map[string]dimension `json:"priceDimensions"`
	SKU        string               `json:"sku"`
	Effective  string               `json:"effectiveDate"`
	TermCode   string               `json:"offerTermCode"`
	Attributes map[string]string    `json:"termAttributes"`
}

type dimension struct {
	Unit         string            `json:"unit"`
	EndRange     string            `json:"endRange"`
	Description  string            `json:"description"`
	AppliesTo    []string          `json:"appliesTo"`
	RateCode     string            `json:"rateCode"`
	BeginRange   string            `json:"beginRange"`
	PricePerUnit map[string]string `json:"pricePerUnit"`
}

// entry is the product in the form of a price list's entry.
func (p product) entry() entry {
	sku := p.sku()
	code := sku + "." + onDemand
	rate := code + "." + perUnit
	return entry{
		Product: productOfEntry{Family: p.family, Attributes: p.attributes, SKU: sku}, ServiceCode: p.service,
		Terms: map[string]map[string]term{"OnDemand": {code: {
			Dimensions: map[string]dimension{rate: {
				Unit: p.unit, EndRange: "Inf", Description: p.text, AppliesTo: []string{}, RateCode: rate, BeginRange: "0",
				PricePerUnit: map[string]string{"USD": p.usd()},
			}},
			SKU: sku, Effective: published.Format(time.RFC3339), TermCode: onDemand, Attributes: map[string]string{},
		}}},
		Version: published.Format("20060102150405"), Published: published.Format(time.RFC3339),
	}
}
