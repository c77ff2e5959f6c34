package servicequotas

import (
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/ec2"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

func init() {
	action.Add(Actions, "GetServiceQuota", getServiceQuota)
	action.Add(Actions, "GetAWSDefaultServiceQuota", getDefault)
	action.Add(Actions, "ListServiceQuotas", listServiceQuotas)
	action.Add(Actions, "ListAWSDefaultServiceQuotas", listDefaults)
	action.Add(Actions, "ListServices", listServices)
}

// quotas are all quotas in order of service and code.
func quotas() []ec2.Quota {
	all := slices.Clone(ec2.Quotas())
	slices.SortFunc(all, func(a, b ec2.Quota) int { return strings.Compare(a.Service+"/"+a.Code, b.Service+"/"+b.Code) })
	return all
}

type quota struct {
	ServiceCode  string
	ServiceName  string
	QuotaArn     string
	QuotaCode    string
	QuotaName    string
	Value        float64
	Unit         string
	Adjustable   bool
	GlobalQuota  bool
	AppliedLevel string `json:"QuotaAppliedAtLevel,omitempty"`
}

const accountLevel = "ACCOUNT"

// applied is a quota as it holds for the caller; the account stands in its ARN.
func applied(c *action.Call, q ec2.Quota) quota {
	out := byDefault(c, q)
	out.QuotaArn = arn(c.Region, c.Account, q)
	return out
}

// byDefault is a quota as AWS gives it to every account.
func byDefault(c *action.Call, q ec2.Quota) quota {
	return quota{
		ServiceCode: q.Service, ServiceName: q.ServiceName, QuotaArn: arn(c.Region, "", q), QuotaCode: q.Code, QuotaName: q.Name,
		Value: q.Value, Unit: "None", Adjustable: q.Adjustable, AppliedLevel: accountLevel,
	}
}

func arn(region, account string, q ec2.Quota) string {
	return "arn:aws:servicequotas:" + region + ":" + account + ":" + q.Service + "/" + q.Code
}

func errNone(what string) error {
	return wire.Errorf("NoSuchResourceException", "The request failed because the specified %s does not exist.", what) // unverified: text
}

// ofService are the quotas of a service that exists.
func ofService(code string) ([]ec2.Quota, error) {
	all := slices.DeleteFunc(quotas(), func(q ec2.Quota) bool { return q.Service != code })
	if len(all) == 0 {
		return nil, errNone("service")
	}
	return all, nil
}

type quotaInput struct{ ServiceCode, QuotaCode string }

func (in *quotaInput) find() (ec2.Quota, error) {
	all, err := ofService(in.ServiceCode)
	if err != nil {
		return ec2.Quota{}, err
	}
	at := slices.IndexFunc(all, func(q ec2.Quota) bool { return q.Code == in.QuotaCode })
	if at < 0 {
		return ec2.Quota{}, errNone("quota")
	}
	return all[at], nil
}

type quotaOutput struct{ Quota quota }

func getServiceQuota(c *action.Call, in *quotaInput) (*quotaOutput, error) {
	q, err := in.find()
	if err != nil {
		return nil, err
	}
	return &quotaOutput{applied(c, q)}, nil
}

func getDefault(c *action.Call, in *quotaInput) (*quotaOutput, error) {
	q, err := in.find()
	if err != nil {
		return nil, err
	}
	return &quotaOutput{byDefault(c, q)}, nil
}

// paged are the inputs that the lists have in common.
type paged struct {
	MaxResults *int
	NextToken  string
}

// cut gives a page of a list in order of key; the token is the last key of the page
// before.
func cut[T any](list []T, in paged, key func(T) string) ([]T, string, error) {
	size := 100
	if in.MaxResults != nil {
		size = *in.MaxResults
	}
	if size < 1 || size > 100 {
		return nil, "", wire.Errorf("IllegalArgumentException", "MaxResults must be between 1 and 100.") // unverified: text
	}
	from := 0
	if in.NextToken != "" {
		at := slices.IndexFunc(list, func(t T) bool { return key(t) == in.NextToken })
		if at < 0 {
			return nil, "", wire.Errorf("InvalidPaginationTokenException", "Invalid pagination token was provided.") // unverified: text
		}
		from = at + 1
	}
	end := min(from+size, len(list))
	part := append(make([]T, 0, end-from), list[from:end]...) // never null in JSON
	if end == len(list) {
		return part, "", nil
	}
	return part, key(list[end-1]), nil
}

type listQuotasOutput struct {
	Quotas    []quota
	NextToken string `json:",omitempty"`
}

func quotaCode(q quota) string { return q.QuotaCode }

type listServiceQuotasInput struct {
	quotaInput
	paged
	AppliedLevel string `json:"QuotaAppliedAtLevel"`
}

// listServiceQuotas knows quotas of accounts only, none of single resources.
func listServiceQuotas(c *action.Call, in *listServiceQuotasInput) (*listQuotasOutput, error) {
	found, err := ofService(in.ServiceCode)
	if err != nil {
		return nil, err
	}
	var all []quota
	for _, q := range found {
		if (in.QuotaCode == "" || in.QuotaCode == q.Code) && in.AppliedLevel != "RESOURCE" {
			all = append(all, applied(c, q))
		}
	}
	part, next, err := cut(all, in.paged, quotaCode)
	return &listQuotasOutput{Quotas: part, NextToken: next}, err
}

type listDefaultsInput struct {
	ServiceCode string
	paged
}

func listDefaults(c *action.Call, in *listDefaultsInput) (*listQuotasOutput, error) {
	found, err := ofService(in.ServiceCode)
	if err != nil {
		return nil, err
	}
	var all []quota
	for _, q := range found {
		all = append(all, byDefault(c, q))
	}
	part, next, err := cut(all, in.paged, quotaCode)
	return &listQuotasOutput{Quotas: part, NextToken: next}, err
}

type service struct{ ServiceCode, ServiceName string }

type listServicesOutput struct {
	Services  []service
	NextToken string `json:",omitempty"`
}

func listServices(_ *action.Call, in *paged) (*listServicesOutput, error) {
	var all []service
	for _, q := range quotas() {
		if s := (service{q.Service, q.ServiceName}); !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	part, next, err := cut(all, *in, func(s service) string { return s.ServiceCode })
	return &listServicesOutput{Services: part, NextToken: next}, err
}
