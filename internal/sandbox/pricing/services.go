package pricing

import (
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
)

func init() {
	action.Add(Actions, "DescribeServices", describeServices)
	action.Add(Actions, "GetAttributeValues", getAttributeValues)
}

// serviceCodes are the services that have products, in order.
func serviceCodes() []string {
	all := products()
	codes := make([]string, 0, len(all))
	for _, p := range all {
		codes = append(codes, p.service)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

type describeServicesInput struct {
	ServiceCode, FormatVersion string
	paged
}

type service struct {
	ServiceCode    string
	AttributeNames []string
}

type describeServicesOutput struct {
	FormatVersion string
	Services      []service
	NextToken     string `json:",omitempty"`
}

func describeServices(_ *action.Call, in *describeServicesInput) (*describeServicesOutput, error) {
	if err := checkFormat(in.FormatVersion); err != nil {
		return nil, err
	}
	if in.ServiceCode != "" && !slices.Contains(serviceCodes(), in.ServiceCode) {
		return nil, invalid("Invalid service code: %s.", in.ServiceCode) // unverified: text
	}
	var all []service
	for _, code := range serviceCodes() {
		if in.ServiceCode == "" || in.ServiceCode == code {
			all = append(all, service{ServiceCode: code, AttributeNames: attributeNames(code)})
		}
	}
	part, next, err := cut(all, in.paged)
	return &describeServicesOutput{FormatVersion: formatVersion, Services: part, NextToken: next}, err
}

// attributeNames are what the products of a service can be filtered by.
func attributeNames(code string) []string {
	names := []string{"productFamily"}
	for _, p := range products() {
		if p.service != code {
			continue
		}
		for name := range p.attributes {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

type getAttributeValuesInput struct {
	ServiceCode, AttributeName string
	paged
}

type attributeValue struct{ Value string }

type getAttributeValuesOutput struct {
	AttributeValues []attributeValue
	NextToken       string `json:",omitempty"`
}

func getAttributeValues(_ *action.Call, in *getAttributeValuesInput) (*getAttributeValuesOutput, error) {
	if !slices.Contains(serviceCodes(), in.ServiceCode) {
		return nil, invalid("Invalid service code: %s.", in.ServiceCode) // unverified: text
	}
	var values []string
	for _, p := range products() {
		if v, has := p.value(in.AttributeName); has && p.service == in.ServiceCode {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return nil, invalid("Invalid attribute name: %s.", in.AttributeName) // unverified: text
	}
	slices.Sort(values)
	var all []attributeValue
	for _, v := range slices.Compact(values) {
		all = append(all, attributeValue{v})
	}
	part, next, err := cut(all, in.paged)
	return &getAttributeValuesOutput{AttributeValues: part, NextToken: next}, err
}
