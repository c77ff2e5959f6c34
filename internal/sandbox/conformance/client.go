package conformance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/rbin"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// wireTap stands where the network would be: it keeps the request and gives an
// answer that was made before.
type wireTap struct {
	request     []byte
	method      string
	url         *url.URL
	answer      []byte
	contentType string
}

// Do keeps the body of the request.
func (w *wireTap) Do(r *http.Request) (*http.Response, error) {
	var err error
	w.method, w.url = r.Method, r.URL
	if r.Body != nil {
		if w.request, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {w.contentType}}, Request: r,
		Body: io.NopCloser(bytes.NewReader(w.answer)), ContentLength: int64(len(w.answer)),
	}, nil
}

// clientOf is AWS's client of a service, on the tap.
func clientOf(service string, tap *wireTap) (any, error) {
	config := aws.Config{
		Region: "us-east-1", HTTPClient: tap, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "example", ""),
	}
	switch service {
	case "ec2":
		return ec2.NewFromConfig(config), nil
	case "iam":
		return iam.NewFromConfig(config), nil
	case "kms":
		return kms.NewFromConfig(config), nil
	case "account":
		return account.NewFromConfig(config), nil
	case "rbin":
		return rbin.NewFromConfig(config), nil
	case "pricing":
		return pricing.NewFromConfig(config), nil
	case "servicequotas":
		return servicequotas.NewFromConfig(config), nil
	case "ssm":
		return ssm.NewFromConfig(config), nil
	case "sts":
		return sts.NewFromConfig(config), nil
	}
	return nil, fmt.Errorf("conformance knows no client of %s: add it to clientOf", service)
}

// exchange calls an action with every field of its input filled. It gives what was
// sent and what the client made of the tap's answer.
func exchange(client any, action string, tap *wireTap) (sent []byte, output reflect.Value, err error) {
	method := reflect.ValueOf(client).MethodByName(action)
	if !method.IsValid() {
		return nil, output, fmt.Errorf("AWS's client has no %s", action)
	}
	input := reflect.New(method.Type().In(1).Elem())
	fill(input.Elem(), 0)
	tap.request = nil
	results := method.Call([]reflect.Value{reflect.ValueOf(context.Background()), input})
	if problem, failed := results[1].Interface().(error); failed {
		return tap.request, output, problem
	}
	return tap.request, results[0], nil
}
