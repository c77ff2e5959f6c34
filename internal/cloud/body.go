package cloud

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// PlainBody keeps answers from being lost that come quickly. smithy-go 1.28.8
// closes a request's body when the headers of the answer are there, and a closed
// body that can write itself says io.EOF as an error. net/http, which may look for
// the body's end only then, takes that for a failed request and closes the
// connection before the answer is read: the call took effect, and the caller is
// told that it failed. A body that can only be read is not asked to write itself.
//
// Use it as an API option of a client's configuration.
func PlainBody(stack *middleware.Stack) error {
	return stack.Build.Add(plainBody{}, middleware.After)
}

type plainBody struct{}

func (plainBody) ID() string { return "goldenami:PlainBody" }

func (plainBody) HandleBuild(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
	request, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return next.HandleBuild(ctx, in)
	}
	if body, seeks := request.GetStream().(io.ReadSeeker); seeks {
		plain, err := request.SetStream(struct{ io.ReadSeeker }{body})
		if err != nil {
			return middleware.BuildOutput{}, middleware.Metadata{}, fmt.Errorf("send the request: %w", err)
		}
		in.Request = plain
	}
	return next.HandleBuild(ctx, in)
}
