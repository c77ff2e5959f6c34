package policy

import (
	"errors"
	"testing"
)

func TestMalformedDocumentsAreRefusedInIAMsWords(t *testing.T) {
	t.Parallel()
	statement := func(s string) string { return `{"Version":"2012-10-17","Statement":` + s + `}` }
	for _, tt := range []struct {
		name     string
		kind     Kind
		document string
		want     string
	}{
		{"no JSON", Identity, `hello`, textJSON},
		{"no object", Identity, `[]`, textSyntax},
		{"more behind it", Identity, statement(allowAll) + `{}`, textJSON},
		{"unknown element", Identity, `{"Version":"2012-10-17","Statement":` + allowAll + `,"Extra":1}`, textSyntax},
		{"twice the same element", Identity, `{"Version":"2012-10-17","Version":"2012-10-17","Statement":` + allowAll + `}`, textSyntax},
		{"unknown version", Identity, `{"Version":"2030-01-01","Statement":` + allowAll + `}`, textSyntax},
		{"no version", Identity, `{"Statement":` + allowAll + `}`, textVersion},
		{"old version", Session, `{"Version":"2008-10-17","Statement":` + allowAll + `}`, textVersion},
		{"no statement", Identity, `{"Version":"2012-10-17"}`, textSyntax},
		{"empty statements", Identity, statement(`[]`), textSyntax},
		{"no effect", Identity, statement(`{"Action":"*","Resource":"*"}`), textSyntax},
		{"effect in another case", Identity, statement(`{"Effect":"allow","Action":"*","Resource":"*"}`), textLegacy},
		{"unknown effect", Identity, statement(`{"Effect":"Permit","Action":"*","Resource":"*"}`), textSyntax},
		{"unknown member", Identity, statement(`{"Effect":"Allow","Action":"*","Resource":"*","Actions":"*"}`), textSyntax},
		{"both of a pair", Identity, statement(`{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}`), textSyntax},
		{"no action", Identity, statement(`{"Effect":"Allow","Resource":"*"}`), textActions},
		{"empty actions", Identity, statement(`{"Effect":"Allow","Action":[],"Resource":"*"}`), textActions},
		{"number as action", Identity, statement(`{"Effect":"Allow","Action":[1],"Resource":"*"}`), textSyntax},
		{"no resource", Identity, statement(`{"Effect":"Allow","Action":"*"}`), textResources},
		{"action without vendor", Identity, statement(`{"Effect":"Allow","Action":"CopyImage","Resource":"*"}`), textVendor},
		{"two colons", Identity, statement(`{"Effect":"Allow","Action":"ec2:a:b","Resource":"*"}`), textColons},
		{"bad vendor", Identity, statement(`{"Effect":"Allow","Action":"e_c2:a","Resource":"*"}`), "Vendor e_c2 is not valid"},
		{"resource is no ARN", Identity, statement(`{"Effect":"Allow","Action":"*","Resource":"ami-1"}`), `Resource ami-1 must be in ARN format or "*".`},
		{"bad partition", Identity, statement(`{"Effect":"Allow","Action":"*","Resource":"arn:azure:ec2:us:1:image/x"}`), `Partition "azure" is not valid for resource "arn:azure:ec2:us:1:image/x".`},
		{"no service", Identity, statement(`{"Effect":"Allow","Action":"*","Resource":"arn:aws"}`), textRegexes},
		{"too few parts", Identity, statement(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:ec2::x"}`), textLegacy},
		{"IAM with a Region", Identity, statement(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:iam:us-east-1:1:user/x"}`), "IAM resource arn:aws:iam:us-east-1:1:user/x cannot contain region information."},
		{"same Sid", Identity, statement(`[{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"}]`), textSids},
		{"principal", Identity, statement(`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`), textPrincipal},
		{"unknown operator", Identity, statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringIs":{"a":"b"}}}`), textSyntax},
		{"unknown set", Identity, statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForSome:StringEquals":{"a":"b"}}}`), textSyntax},
		{"NullIfExists", Identity, statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NullIfExists":{"a":"true"}}}`), textSyntax},
		{"object as value", Identity, statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"a":{}}}}`), textSyntax},
		{"bad date", Identity, statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"soon"}}}`), textLegacy},
		{"trust with a resource", Trust, statement(`{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}`), textProhibited},
		{"trust without a principal", Trust, statement(`{"Effect":"Allow","Action":"sts:AssumeRole"}`), textNoPrincipal},
		{"trust of something else", Trust, statement(`{"Effect":"Allow","Principal":"*","Action":"ec2:RunInstances"}`), textAssume},
		{"principal of a word", Trust, statement(`{"Effect":"Allow","Principal":"me","Action":"sts:AssumeRole"}`), textSyntax},
		{"principal of an unknown kind", Trust, statement(`{"Effect":"Allow","Principal":{"GCP":"x"},"Action":"sts:AssumeRole"}`), textSyntax},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(tt.kind, tt.document)
			var refusal *MalformedError
			if !errors.As(err, &refusal) || refusal.Message != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestWhatAWSWritesIsAccepted(t *testing.T) {
	t.Parallel()
	policyOf(t, Trust, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com","AWS":["111122223333"]},"Action":["sts:AssumeRole","sts:TagSession"]}]}`)
	policyOf(t, Key, `{"Version":"2012-10-17","Id":"auto","Statement":{"Sid":"","Effect":"Deny","NotPrincipal":{"AWS":"*"},"NotAction":"kms:*","NotResource":"arn:aws:s3:::bucket/*","Condition":{}}}`)
	policyOf(t, Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":["arn:aws-cn:ec2:*:*:instance/*","arn:aws:iam::*:role/x"],"Condition":{"Bogus":{},"NumericLessThan":{"ec2:VolumeSize":100},"Bool":{"aws:SecureTransport":[true,"false"]}}}}`)
}
