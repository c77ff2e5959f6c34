package cloud

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/middleware"
)

// serviceOptions is run by the SDK for each client made from a Config.
func (c *Clients) serviceOptions(_ string, options any) {
	o, ok := options.(*ec2.Options)
	if !ok {
		return
	}
	if c.settings.ec2Endpoint != "" {
		o.BaseEndpoint = &c.settings.ec2Endpoint
	}
	if o.BaseEndpoint != nil {
		if o.EndpointResolverV2 == nil {
			o.EndpointResolverV2 = ec2.NewDefaultEndpointResolverV2()
		}
		o.EndpointResolverV2 = presignResolver{o.EndpointResolverV2}
	}
}

// presignResolver gives the source Region's own endpoint to the URL that the SDK
// signs into CopySnapshot. With a custom endpoint the SDK signs it for the source
// Region but on the custom host, which is of the destination Region; EC2 accepts
// that, and a copy of an encrypted snapshot then fails later.
type presignResolver struct{ ec2.EndpointResolverV2 }

func (r presignResolver) ResolveEndpoint(ctx context.Context, p ec2.EndpointParameters) (smithyendpoints.Endpoint, error) {
	if ctx.Value(presignKey{}) != nil {
		p.Endpoint = nil
	}
	return r.EndpointResolverV2.ResolveEndpoint(ctx, p)
}

type presignKey struct{}

// markPresign tells presignResolver that a URL is being signed.
type markPresign struct{}

func (markPresign) ID() string { return "goldenami:MarkPresign" }

func (markPresign) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	return next.HandleInitialize(context.WithValue(ctx, presignKey{}, true), in)
}
