package cloud

import "context"

// Recorder is told about every resource that a client of this package makes or
// deletes. Package ledger implements it durably.
//
// Intend is called before the request of a create operation leaves, Created once
// per new resource before the call returns to its caller, Deleted once per
// resource after a successful delete operation. An error of Intend keeps the
// request from leaving; an error of Created or Deleted fails the call although
// AWS has done it. The context given to Created and Deleted survives the
// cancellation of the caller's; [CallFrom] tells which call it belongs to.
type Recorder interface {
	Intend(ctx context.Context, call Call) error
	Created(ctx context.Context, r Resource) error
	Deleted(ctx context.Context, r Resource) error
}

// Settler is a Recorder that also wants to know that an intended call was
// refused: nothing was made. It is not called when the outcome is unknown (lost
// answer, timeout, 5xx), because then something may exist.
type Settler interface {
	Refused(ctx context.Context, call Call, cause error) error
}

// Call is a create operation about to be sent.
type Call struct {
	ID        string `json:"id"`                  // unique per call, also over processes
	Service   string `json:"service"`             // the SDK's service id: EC2, IAM
	Operation string `json:"operation"`           // CreateImage, RunInstances, …
	Region    string `json:"region,omitempty"`    // where the request goes
	Name      string `json:"name,omitempty"`      // the name asked for, where the operation has one
	Token     string `json:"token,omitempty"`     // the client token, where the operation has one
	Principal string `json:"principal,omitempty"` // role ARN the clients act as, empty for the caller's own
}

// Kind says what a Resource is. The values are written to ledgers: never rename.
type Kind = string

// The kinds that are recorded.
const (
	KindImage               Kind = "image"
	KindSnapshot            Kind = "snapshot"
	KindInstance            Kind = "instance"
	KindVolume              Kind = "volume"
	KindKeyPair             Kind = "key-pair"
	KindSecurityGroup       Kind = "security-group"
	KindLaunchTemplate      Kind = "launch-template"
	KindRole                Kind = "role"
	KindRolePolicy          Kind = "role-policy"           // inline; ID is role/policy
	KindInstanceProfile     Kind = "instance-profile"      // ID is the profile's name
	KindInstanceProfileRole Kind = "instance-profile-role" // membership; ID is profile/role
)

// Resource is one thing in an account.
type Resource struct {
	Kind    Kind   `json:"kind"`
	ID      string `json:"id,omitempty"`      // ami-…, snap-…, i-…, key-…, sg-…, lt-…, vol-…; names for IAM
	Region  string `json:"region,omitempty"`  // the Region of the client that made it, for IAM too
	Account string `json:"account,omitempty"` // owner, 12 digits, where known
	Name    string `json:"name,omitempty"`    // what a person calls it; deletions may name only this
}

// Same tells whether two descriptions mean the same thing: same kind and place,
// and the same id, or the same name where one of them has no id (DeleteKeyPair
// and DeleteSecurityGroup take names).
func (r Resource) Same(o Resource) bool {
	if r.Kind != o.Kind || r.Region != o.Region {
		return false
	}
	if r.ID != "" && o.ID != "" {
		return r.ID == o.ID
	}
	return r.Name != "" && r.Name == o.Name
}

// String gives "image ami-0abc in eu-west-1", with the name where there is no id.
func (r Resource) String() string {
	id := r.ID
	if id == "" {
		id = r.Name
	}
	if r.Region == "" {
		return r.Kind + " " + id
	}
	return r.Kind + " " + id + " in " + r.Region
}

type callKey struct{}

func withCall(ctx context.Context, call Call) context.Context {
	return context.WithValue(ctx, callKey{}, call)
}

// CallFrom gives the call in whose course a Recorder is being told something.
func CallFrom(ctx context.Context) (Call, bool) {
	call, ok := ctx.Value(callKey{}).(Call)
	return call, ok
}
