//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/rbin"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
)

// readOrder is what readback.py is told to do.
type readOrder struct {
	Regions []string            `json:"regions"`
	Actions map[string][]string `json:"actions"`
	// First are the values that a parameter is tried with first, by Region and name.
	First map[string]map[string][]string `json:"first"`
	// Waits are the waiters to run in a Region: service, name, parameters.
	Waits map[string][][3]any `json:"waits"`
}

// readRecord is one call that boto3 made and what it saw.
type readRecord struct {
	Service, Region, Operation string
	Params                     map[string]any
	Result                     map[string]any
	Error                      string
	Paginated                  bool
	Unknown                    []string
}

func (r readRecord) String() string {
	return fmt.Sprintf("%s %s %s %v", r.Region, r.Service, r.Operation, r.Params)
}

// readBack lets boto3 call all that the endpoint can be asked, and makes the same
// calls with the SDK for Go: both must see the same, and AWS's own model of the
// service must know all of it.
func (c *conformance) readBack(t *testing.T, order readOrder) {
	t.Helper()
	order.Actions = map[string][]string{}
	for _, set := range sandbox.Services() {
		order.Actions[set.Service] = set.Names()
	}
	var seen struct {
		Records []readRecord
		Waited  map[string][]string
	}
	c.python(t, order, &seen)
	for region, list := range order.Waits {
		if len(seen.Waited[region]) != len(list) {
			t.Errorf("waiters in %s: %v", region, seen.Waited[region])
		}
	}
	answered := map[string]bool{}
	for _, r := range seen.Records {
		answered[r.Service+" "+r.Operation] = answered[r.Service+" "+r.Operation] || r.Error == ""
		for _, unknown := range r.Unknown {
			t.Errorf("%s: the model of the service does not know: %s", r, unknown)
		}
		for _, difference := range c.compare(t, r) {
			t.Errorf("%s: %s", r, difference)
		}
	}
	for service, actions := range order.Actions {
		for _, name := range actions {
			if reads(name) && !answered[service+" "+name] {
				t.Errorf("%s %s was never answered", service, name)
			}
		}
	}
	t.Logf("%d calls, %d actions", len(seen.Records), len(answered))
}

func reads(name string) bool {
	return slices.ContainsFunc([]string{"Describe", "Get", "List"}, func(p string) bool { return strings.HasPrefix(name, p) })
}

// python runs readback.py.
func (c *conformance) python(t *testing.T, order, answer any) {
	t.Helper()
	text, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(built.python, "-B", "testdata/readback.py")
	var problems strings.Builder
	cmd.Env, cmd.Stdin, cmd.Stderr = c.environ(), strings.NewReader(string(text)), &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("readback.py: %v\n%s", err, &problems)
	}
	if err := json.Unmarshal(out, answer); err != nil {
		t.Fatalf("readback.py: %v", err)
	}
}

// client is the SDK's client of a service in a Region.
func (c *conformance) client(service, region string) any {
	cfg := c.config(region)
	return map[string]any{
		"account": account.NewFromConfig(cfg), "ec2": ec2.NewFromConfig(cfg), "iam": iam.NewFromConfig(cfg), "kms": kms.NewFromConfig(cfg),
		"pricing": pricing.NewFromConfig(cfg), "rbin": rbin.NewFromConfig(cfg), "servicequotas": servicequotas.NewFromConfig(cfg),
		"ssm": ssm.NewFromConfig(cfg), "sts": sts.NewFromConfig(cfg),
	}[service]
}

// compare makes the call of a record and tells what differs.
func (c *conformance) compare(t *testing.T, r readRecord) []string {
	t.Helper()
	method := reflect.ValueOf(c.client(r.Service, r.Region)).MethodByName(r.Operation)
	if !method.IsValid() {
		return []string{"the SDK for Go does not have it"}
	}
	input := reflect.New(method.Type().In(1).Elem())
	params, err := json.Marshal(r.Params)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(params, input.Interface()); err != nil {
		t.Fatalf("%s: %v", r, err)
	}
	whole := map[string]any{}
	for {
		out := method.Call([]reflect.Value{reflect.ValueOf(t.Context()), input})
		if failure, failed := out[1].Interface().(error); failed {
			return compareErrors(r.Error, failure)
		}
		page := out[0].Elem()
		join(whole, plain(page))
		if !turn(input.Elem(), page) {
			break
		}
	}
	if r.Error != "" {
		return []string{"boto3 got " + r.Error + ", and the SDK for Go an answer"}
	}
	return differences(r.Operation, whole, r.Result, r.Paginated)
}

func compareErrors(theirs string, err error) []string {
	var refusal smithy.APIError
	if !errors.As(err, &refusal) || refusal.ErrorCode() != theirs {
		return []string{fmt.Sprintf("boto3 got %q, and the SDK for Go %v", theirs, err)}
	}
	return nil
}
