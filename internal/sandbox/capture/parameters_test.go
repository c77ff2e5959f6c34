package capture_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

func put(r *rig, change func(*ssm.PutParameterInput)) error {
	in := &ssm.PutParameterInput{Name: aws.String("/probe/string"), Value: aws.String("one"), Type: types.ParameterTypeString}
	if change != nil {
		change(in)
	}
	return done(r.ssm().PutParameter(r.t.Context(), in))
}

// overwrite makes version 2 of the parameter, without a type.
func overwrite(in *ssm.PutParameterInput) {
	in.Value, in.Overwrite, in.Type = aws.String("two"), aws.Bool(true), ""
}

func label(r *rig, version int64, labels ...string) error {
	in := &ssm.LabelParameterVersionInput{Name: aws.String("/probe/string"), Labels: labels}
	if version > 0 {
		in.ParameterVersion = aws.Int64(version)
	}
	return done(r.ssm().LabelParameterVersion(r.t.Context(), in))
}

// labelled makes two versions: 1 with the label old, 2 with the label stable.
func labelled(do func(r *rig) error) func(r *rig) error {
	return func(r *rig) error {
		must(r, 0, put(r, func(in *ssm.PutParameterInput) {
			in.Description, in.AllowedPattern = aws.String("probe"), aws.String("[a-z]*")
			in.Tags = []types.Tag{{Key: aws.String("suite"), Value: aws.String("probe")}}
		}))
		must(r, 0, label(r, 1, "stable", "old"))
		must(r, 0, put(r, overwrite))
		must(r, 0, label(r, 2, "stable"))
		return do(r)
	}
}

func getParameter(name string) func(r *rig) error {
	return func(r *rig) error {
		return done(r.ssm().GetParameter(r.t.Context(), &ssm.GetParameterInput{Name: aws.String(r.fill(name))}))
	}
}

func secret(in *ssm.PutParameterInput) {
	in.Type, in.KeyId, in.Value = types.ParameterTypeSecureString, aws.String("alias/aws/ssm"), aws.String("hush")
}

// parameters are observations of writing and tagging.
var parameters = []observation{
	{did: "put", do: func(r *rig) error { return put(r, nil) }, status: success, has: []string{`"Version":1`, `"Tier":"Standard"`}},
	{
		did: "put a name that is taken", do: func(r *rig) error { must(r, 0, put(r, nil)); return put(r, nil) }, status: refusal, code: "ParameterAlreadyExists",
		message: "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
	},
	{did: "overwrite", do: func(r *rig) error { must(r, 0, put(r, nil)); return put(r, overwrite) }, status: success, has: []string{`"Version":2`}},
	{
		did: "overwrite a text with a secret", do: func(r *rig) error {
			must(r, 0, put(r, nil))
			return put(r, func(in *ssm.PutParameterInput) { secret(in); in.Overwrite = aws.Bool(true) })
		}, status: success, has: []string{`"Version":2`},
	},
	{
		did: "history of a text that became a secret", do: func(r *rig) error {
			must(r, 0, put(r, nil))
			must(r, 0, put(r, func(in *ssm.PutParameterInput) { secret(in); in.Overwrite = aws.Bool(true) }))
			return done(r.ssm().GetParameterHistory(r.t.Context(), &ssm.GetParameterHistoryInput{Name: aws.String("/probe/string"), WithDecryption: aws.Bool(true)}))
		}, status: success, has: []string{`"Type":"String"`, `"Type":"SecureString"`, `"Value":"one"`, `"Value":"hush"`, `"KeyId":"alias/aws/ssm"`},
	},
	{
		did: "overwrite with tags", status: refusal, code: "ValidationException",
		message: "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.",
		do: labelled(func(r *rig) error {
			return put(r, func(in *ssm.PutParameterInput) {
				overwrite(in)
				in.Tags = []types.Tag{{Key: aws.String("new"), Value: aws.String("bad")}}
			})
		}),
	},
	{did: "get what does not exist", do: getParameter("/probe/missing"), status: refusal, code: "ParameterNotFound", lacks: []string{`"message"`}},
	{
		did: "get", do: labelled(getParameter("/probe/string")), status: success,
		has: []string{
			`"ARN":"arn:aws:ssm:us-east-1:{own}:parameter/probe/string"`, `"DataType":"text"`, `"Name":"/probe/string"`, `"Type":"String"`, `"Value":"two"`,
			`"Version":2`, `"LastModifiedDate":`,
		}, lacks: []string{`"Selector"`, `"Tier"`},
	},
	{did: "get by ARN", do: labelled(getParameter("arn:aws:ssm:us-east-1:" + "{own}" + ":parameter/probe/string")), status: success, has: []string{`"Value":"two"`}},
	{
		did: "get a secret as it is kept", do: func(r *rig) error { must(r, 0, put(r, secret)); return getParameter("/probe/string")(r) }, status: success,
		has: []string{`"Type":"SecureString"`}, lacks: []string{"hush"},
	},
	{
		did: "get a secret in the clear", do: func(r *rig) error {
			must(r, 0, put(r, secret))
			return done(r.ssm().GetParameter(r.t.Context(), &ssm.GetParameterInput{Name: aws.String("/probe/string"), WithDecryption: aws.Bool(true)}))
		}, status: success, has: []string{`"Value":"hush"`},
	},
	{
		did: "history", do: labelled(func(r *rig) error {
			return done(r.ssm().GetParameterHistory(r.t.Context(), &ssm.GetParameterHistoryInput{Name: aws.String("/probe/string")}))
		}), status: success, has: []string{
			`"AllowedPattern":"[a-z]*"`, `"Description":"probe"`, `"Labels":["old"]`, `"Labels":["stable"]`, `"LastModifiedUser":"arn:aws:iam::{own}:`,
			`"Policies":[]`, `"Tier":"Standard"`, `"Version":1`, `"Version":2`,
		}, lacks: []string{`"ARN"`},
	},
	{
		did: "tags after a key was replaced", do: labelled(func(r *rig) error {
			for _, value := range []string{"one", "two"} {
				must(r, 0, done(r.ssm().AddTagsToResource(r.t.Context(), &ssm.AddTagsToResourceInput{
					ResourceId: aws.String("/probe/string"), ResourceType: types.ResourceTypeForTaggingParameter,
					Tags: []types.Tag{{Key: aws.String("env"), Value: aws.String(value)}},
				})))
			}
			return tagsOf(r, "/probe/string")
		}), status: success, has: []string{`{"Key":"suite","Value":"probe"}`, `{"Key":"env","Value":"two"}`}, lacks: []string{`"one"`},
	},
	{did: "tags of what does not exist", do: func(r *rig) error { return tagsOf(r, "/probe/missing") }, status: refusal, code: "InvalidResourceId", lacks: []string{`"message"`}},
	{did: "delete", do: labelled(func(r *rig) error {
		return done(r.ssm().DeleteParameter(r.t.Context(), &ssm.DeleteParameterInput{Name: aws.String("/probe/string")}))
	}), status: success},
	{
		did: "labels of which some are none", do: labelled(func(r *rig) error { return label(r, 0, "valid", "123bad", "awsBad", "ssmBad", "bad label") }), status: success,
		has: []string{`"123bad"`, `"awsBad"`, `"ssmBad"`, `"bad label"`, `"ParameterVersion":2`}, lacks: []string{`"valid"`},
	},
	{
		did: "labels of which none is one", do: labelled(func(r *rig) error { return label(r, 0, "1number", "bad:colon") }), status: success,
		has: []string{`"1number"`, `"bad:colon"`, `"ParameterVersion":2`},
	},
	{
		did: "labels that are none, twice", do: labelled(func(r *rig) error { return label(r, 0, "bad label", "bad label", "stable", "stable") }), status: success,
		has: []string{`"InvalidLabels":["bad label"]`},
	},
	{
		did: "label of a version that does not exist", do: labelled(func(r *rig) error { return label(r, 99, "uncreated") }), status: refusal, code: "ParameterVersionNotFound",
		message: "Systems Manager could not find version 99 of /probe/string. Verify the version and try again.",
	},
}

func tagsOf(r *rig, name string) error {
	return done(r.ssm().ListTagsForResource(r.t.Context(), &ssm.ListTagsForResourceInput{ResourceId: aws.String(name), ResourceType: types.ResourceTypeForTaggingParameter}))
}
