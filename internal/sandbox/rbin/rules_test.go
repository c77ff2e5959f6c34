package rbin_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rbin"
	"github.com/aws/aws-sdk-go-v2/service/rbin/types"
	"github.com/aws/smithy-go"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestRules(t *testing.T) {
	t.Parallel()
	c := rbin.NewFromConfig(sandboxtest.Start(t, sandbox.Options{}).Config(sandboxtest.Home, "us-east-1"))
	days := func(n int32) *types.RetentionPeriod {
		return &types.RetentionPeriod{RetentionPeriodValue: aws.Int32(n), RetentionPeriodUnit: types.RetentionPeriodUnitDays}
	}
	made, err := c.CreateRule(t.Context(), &rbin.CreateRuleInput{
		ResourceType: types.ResourceTypeEc2Image, RetentionPeriod: days(14), Description: aws.String("two weeks"),
		ResourceTags: []types.ResourceTag{{ResourceTagKey: aws.String("keep"), ResourceTagValue: aws.String("yes")}},
	})
	if err != nil || len(*made.Identifier) != 11 || made.Status != types.RuleStatusAvailable {
		t.Fatalf("create: %+v, %v", made, err)
	}
	got, err := c.GetRule(t.Context(), &rbin.GetRuleInput{Identifier: made.Identifier})
	if err != nil || *got.Description != "two weeks" || *got.RetentionPeriod.RetentionPeriodValue != 14 || *got.ResourceTags[0].ResourceTagValue != "yes" {
		t.Errorf("get: %+v, %v", got, err)
	}
	for value, want := range map[string]int{"yes": 1, "no": 0} {
		list, err := c.ListRules(t.Context(), &rbin.ListRulesInput{ResourceType: types.ResourceTypeEc2Image, ResourceTags: []types.ResourceTag{{ResourceTagKey: aws.String("keep"), ResourceTagValue: aws.String(value)}}})
		if err != nil || len(list.Rules) != want {
			t.Errorf("list keep=%s: %+v, %v", value, list, err)
		}
	}
	_, err = c.CreateRule(t.Context(), &rbin.CreateRuleInput{ResourceType: types.ResourceTypeEc2Image, RetentionPeriod: days(3651)})
	var bad *types.ValidationException
	if !errors.As(err, &bad) {
		t.Errorf("too long: %v", err)
	}
	if _, err := c.DeleteRule(t.Context(), &rbin.DeleteRuleInput{Identifier: made.Identifier}); err != nil {
		t.Errorf("delete: %v", err)
	}
	_, err = c.GetRule(t.Context(), &rbin.GetRuleInput{Identifier: made.Identifier})
	var gone *types.ResourceNotFoundException
	if !errors.As(err, &gone) {
		t.Errorf("get a deleted rule: %v", err)
	}
	var unknown smithy.APIError
	if _, err := c.UnlockRule(t.Context(), &rbin.UnlockRuleInput{Identifier: made.Identifier}); !errors.As(err, &unknown) || unknown.ErrorCode() != "UnknownOperationException" {
		t.Errorf("an action that is not there: %v", err)
	}
}
