package control_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/fault"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestFaultsChangeWhileTheEndpointRuns(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	fails := func() bool {
		_, err := s.EC2(sandboxtest.Home, "us-east-1").DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{})
		return err != nil
	}
	var report struct {
		Seed  uint64
		Rules []struct {
			Name, Kind     string
			Matched, Fired int64
		}
	}
	if fails() {
		t.Fatal("no plan yet")
	}
	if status := ask(t, s, http.MethodPut, "faults", `{"seed":3,"rules":[{"kind":"throttle","times":1}]}`, &report); status != http.StatusOK || report.Seed != 3 || len(report.Rules) != 1 {
		t.Fatalf("%d %+v", status, report)
	}
	if !fails() || fails() {
		t.Error("the rule fires once")
	}
	ask(t, s, http.MethodGet, "faults", "", &report)
	if r := report.Rules[0]; r.Name != "rule 1" || r.Kind != "throttle" || r.Matched != 2 || r.Fired != 1 {
		t.Errorf("%+v", r)
	}
	ask(t, s, http.MethodDelete, "calls", "", nil)
	if !fails() || fails() {
		t.Error("after the calls are forgotten the plan begins anew")
	}
	if status := ask(t, s, http.MethodPost, "faults", `{"rules":[{"name":"more","kind":"expired-token","when":{"calls":"3-"}}]}`, &report); status != http.StatusOK || len(report.Rules) != 2 {
		t.Fatalf("%d %+v", status, report)
	}
	if !fails() {
		t.Error("the added rule")
	}
	var failure struct{ Error string }
	if status := ask(t, s, http.MethodPost, "faults", `{"rules":[{"name":"more","kind":"reset"}]}`, &failure); status != http.StatusConflict || !strings.Contains(failure.Error, `"more"`) {
		t.Errorf("%d %s", status, failure.Error)
	}
	if status := ask(t, s, http.MethodDelete, "faults/more", "", nil); status != http.StatusOK || fails() {
		t.Errorf("the removed rule: %d", status)
	}
	if status := ask(t, s, http.MethodDelete, "faults/more", "", &failure); status != http.StatusNotFound {
		t.Errorf("%d", status)
	}
	report.Rules = nil
	ask(t, s, http.MethodDelete, "faults", "", &report)
	if len(report.Rules) != 0 {
		t.Errorf("%+v", report)
	}
}

func TestBadPlansAreRefusedWithTheirField(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	for plan, want := range map[string]string{
		`{"rules":[{"kind":"explode"}]}`:                                         "line 1: rules[0].kind: there is no kind \"explode\"",
		"{\n\"rules\":[{\"kind\":\"reset\",\"when\":{\"action\":\"Nothing\"}}]}": "line 2: rules[0].when.action: \"Nothing\" matches no action",
	} {
		var failure struct{ Error string }
		if status := ask(t, s, http.MethodPut, "faults", plan, &failure); status != http.StatusBadRequest || !strings.HasPrefix(failure.Error, want) {
			t.Errorf("%s: %d %s", plan, status, failure.Error)
		}
	}
	if status := ask(t, s, http.MethodPut, "faults", strings.Repeat(" ", 2<<20), nil); status != http.StatusRequestEntityTooLarge {
		t.Errorf("2 MiB: %d", status)
	}
	var kinds []fault.Description
	ask(t, s, http.MethodGet, "faults/kinds", "", &kinds)
	if len(kinds) != len(fault.Kinds()) {
		t.Errorf("%+v", kinds)
	}
}
