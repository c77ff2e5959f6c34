package cloud

import (
	"context"
	"maps"

	"github.com/aws/smithy-go/middleware"
)

// operation says how to read one API operation: what is asked for, what the
// answer made or deleted, and how a lost answer is made up for.
type operation struct {
	request func(in any) request
	made    func(in, out any) []Resource
	gone    func(in, out any) []Resource
	adopt   adopter
}

// adopter makes up for a lost answer, or gives the duplicate's error.
type adopter func(ctx context.Context, l lost) (middleware.InitializeOutput, middleware.Metadata, error)

func (o operation) adoptedBy(how adopter) operation {
	o.adopt = how
	return o
}

// request is what the recorder wants to know of an input.
type request struct {
	name, token string
	dryRun      *bool
}

func (r request) isDryRun() bool { return r.dryRun != nil && *r.dryRun }

// operations holds every recorded operation by the SDK's service id and name.
var operations = func() map[string]operation {
	all := map[string]operation{}
	maps.Copy(all, ec2Creates())
	maps.Copy(all, ec2Deletes())
	maps.Copy(all, iamOperations())
	return all
}()

// creates describes an operation that makes something. The SDK guarantees the
// types of input and output by the operation's name.
func creates[I, O any](asked func(*I) request, made func(*I, *O) []Resource) operation {
	return operation{
		request: func(in any) request { return onType(in, asked) },
		made:    func(in, out any) []Resource { return onTypes(in, out, made) },
	}
}

// deletes describes an operation that takes something away.
func deletes[I, O any](dryRun func(*I) *bool, gone func(*I, *O) []Resource) operation {
	return operation{
		request: func(in any) request {
			return onType(in, func(i *I) request { return request{dryRun: dryRun(i)} })
		},
		gone: func(in, out any) []Resource { return onTypes(in, out, gone) },
	}
}

func onType[I, R any](in any, f func(*I) R) (r R) {
	if i, ok := in.(*I); ok && i != nil {
		r = f(i)
	}
	return r
}

func onTypes[I, O, R any](in, out any, f func(*I, *O) R) (r R) {
	i, iok := in.(*I)
	o, ook := out.(*O)
	if iok && ook && i != nil && o != nil {
		r = f(i, o)
	}
	return r
}

// one gives the resource, or none where AWS's answer has no id.
func one(kind Kind, id, name *string) []Resource {
	r := Resource{Kind: kind}
	if id != nil {
		r.ID = *id
	}
	if name != nil {
		r.Name = *name
	}
	if r.ID == "" && r.Name == "" {
		return nil
	}
	return []Resource{r}
}
