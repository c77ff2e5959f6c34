package capture_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// selected is the observation of a version by number or label.
func selected(selector, value string) observation {
	return observation{
		did: "get " + selector, do: labelled(getParameter("/probe/string" + selector)), status: success,
		has: []string{`"Selector":"` + selector + `"`, `"Value":"` + value + `"`, `"Name":"/probe/string"`},
	}
}

func unselected(selector, code, message string) observation {
	return observation{did: "get " + selector, do: labelled(getParameter("/probe/string" + selector)), status: refusal, code: code, message: message}
}

func noNumber(n string) string {
	return "Systems Manager could not find version " + n + " of /probe/string. Verify the version and try again."
}

func noLabel(name string) string {
	return "Systems Manager could not find a version of /probe/string that has the specified label, " + name + ". Verify the parameter label and try again."
}

const (
	versionNotFound = "ParameterVersionNotFound"
	badSelector     = "Invalid parameter name. Please use correct syntax for referencing a version/label  <name>:<version/label>"
)

// parameterSelectors are observations of versions and labels in names.
var parameterSelectors = []observation{
	selected(":1", "one"),
	selected(":01", "one"),
	selected(":2", "two"),
	selected(":old", "one"),
	selected(":stable", "two"),
	unselected(":99", versionNotFound, noNumber("99")),
	unselected(":0", versionNotFound, noNumber("0")),
	unselected(":2147483648", versionNotFound, noNumber("2147483648")),
	unselected(":missing", versionNotFound, noLabel("missing")),
	unselected(":-1", versionNotFound, noLabel("-1")),
	unselected(":", "ValidationException", badSelector),
	unselected(":1:2", "ValidationException", badSelector),
	{
		did: "get several of which some are missing", status: success, do: labelled(func(r *rig) error {
			return done(r.ssm().GetParameters(r.t.Context(), &ssm.GetParametersInput{
				Names: []string{"/probe/z", "/probe/string:1", "/probe/a", "/probe/z", "/probe/string:999", "/probe/string"},
			}))
		}), has: []string{`"InvalidParameters":["/probe/a","/probe/string:999","/probe/z"]`, `"Selector":":1"`, `"Value":"one"`, `"Value":"two"`},
	},
}

// tree makes parameters on two levels.
func tree(do func(r *rig) error) func(r *rig) error {
	return labelled(func(r *rig) error {
		must(r, 0, put(r, func(in *ssm.PutParameterInput) {
			in.Name, in.Type, in.Value = aws.String("/probe/list"), types.ParameterTypeStringList, aws.String("red, green,blue")
		}))
		must(r, 0, put(r, func(in *ssm.PutParameterInput) { secret(in); in.Name = aws.String("/probe/nested/secret") }))
		must(r, 0, put(r, func(in *ssm.PutParameterInput) { in.Name = aws.String("/probe/nested/string") }))
		return do(r)
	})
}

func byPath(change func(*ssm.GetParametersByPathInput)) func(r *rig) error {
	return tree(func(r *rig) error {
		in := &ssm.GetParametersByPathInput{Path: aws.String("/probe"), Recursive: aws.Bool(true)}
		change(in)
		return done(r.ssm().GetParametersByPath(r.t.Context(), in))
	})
}

func filtered(key, option string, values ...string) func(r *rig) error {
	return byPath(func(in *ssm.GetParametersByPathInput) { in.ParameterFilters = wanted(key, option, values...) })
}

func wanted(key, option string, values ...string) []types.ParameterStringFilter {
	f := types.ParameterStringFilter{Key: aws.String(key), Values: values}
	if option != "" {
		f.Option = aws.String(option)
	}
	return []types.ParameterStringFilter{f}
}

func described(filters []types.ParameterStringFilter) func(r *rig) error {
	return tree(func(r *rig) error {
		return done(r.ssm().DescribeParameters(r.t.Context(), &ssm.DescribeParametersInput{ParameterFilters: filters}))
	})
}

// parameterFilters are observations of paths and filters.
var parameterFilters = []observation{
	{
		did: "one level below a path", do: byPath(func(in *ssm.GetParametersByPathInput) { in.Recursive = nil }), status: success,
		has: []string{"/probe/list", "/probe/string"}, lacks: []string{"nested", "NextToken"},
	},
	{did: "all below a path", do: byPath(func(*ssm.GetParametersByPathInput) {}), status: success, has: []string{"/probe/nested/secret", "/probe/nested/string"}},
	{did: "by type", do: filtered("Type", "Equals", "String"), status: success, has: []string{"/probe/string", "/probe/nested/string"}, lacks: []string{"/probe/list", "/secret"}},
	{did: "by label", do: filtered("Label", "Equals", "stable"), status: success, has: []string{`"Value":"two"`}, lacks: []string{"nested", "list"}},
	{did: "by the label of an older version", do: filtered("Label", "", "old"), status: success, has: []string{`"Value":"one"`, `"Version":1`}, lacks: []string{`"Value":"two"`, "nested", `"Selector"`}},
	{did: "by two labels", do: filtered("Label", "", "old", "stable"), status: refusal, code: "InvalidFilterValue", message: "The following filter Label can have only one value"},
	{did: "by key", do: filtered("KeyId", "Equals", "alias/aws/ssm"), status: success, has: []string{"/probe/nested/secret"}, lacks: []string{"/probe/string"}},
	{ // the SDK's type has no message
		did: "by name", do: filtered("Name", "Equals", "/probe/string"), status: refusal, code: "InvalidFilterKey",
		has: []string{`"Message":"The following filter key is not valid: Name. Valid filter keys include: [Type, KeyId, Label]."`},
	},
	{
		did: "by a type that contains", do: filtered("Type", "Contains", "String"), status: refusal, code: "InvalidFilterOption",
		message: "The following filter option is not valid: Contains. Valid options include: [BeginsWith, Equals].",
	},
	{
		did: "by the beginning of a label", do: filtered("Label", "BeginsWith", "st"), status: refusal, code: "InvalidFilterOption",
		message: "The following filter option is not valid: BeginsWith. Valid options include: [Equals].",
	},
	{
		did: "a token that is none", do: byPath(func(in *ssm.GetParametersByPathInput) { in.NextToken = aws.String("bad") }), status: refusal, code: "InvalidNextToken",
		message: "The following token is invalid: bad.",
	},
	{did: "describe by the beginning of the name", do: described(wanted("Name", "BeginsWith", "/probe/")), status: success, has: []string{
		`"AllowedPattern":"[a-z]*"`, `"Description":"probe"`, `"KeyId":"alias/aws/ssm"`, `"LastModifiedUser":"arn:aws:iam::{own}:`, `"Policies":[]`, `"Tier":"Standard"`,
	}, lacks: []string{`"Value"`}},
	{did: "describe by tag", do: described(wanted("tag:suite", "", "probe")), status: success, has: []string{"/probe/string"}, lacks: []string{"nested"}},
	{did: "describe by path", do: described(wanted("Path", "", "/probe")), status: success, has: []string{"/probe/string"}, lacks: []string{"nested"}},
	{did: "describe by path and below", do: described(wanted("Path", "Recursive", "/probe")), status: success, has: []string{"/probe/nested/string"}},
}
