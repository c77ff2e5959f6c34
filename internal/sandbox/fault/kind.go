package fault

import "slices"

// Kind is what goes wrong.
type Kind string

// The kinds that decide what the caller is told. At most one of them befalls a
// call: the first rule of the plan that selects it.
const (
	// Throttle refuses the call for its rate.
	Throttle Kind = "throttle"
	// ServerError is 500 InternalError.
	ServerError Kind = "server-error"
	// Unavailable is 503.
	Unavailable Kind = "unavailable"
	// Error is any refusal: code, message and status are the rule's.
	Error Kind = "error"
	// Denied refuses the call for want of permission.
	Denied Kind = "denied"
	// ExpiredToken refuses the call because the session has ended.
	ExpiredToken Kind = "expired-token"
	// ClockSkew puts the service's clock off, and refuses what is signed more than
	// five minutes away from it.
	ClockSkew Kind = "clock-skew"
	// BadGateway is 502 with the HTML page of a proxy.
	BadGateway Kind = "bad-gateway"
	// EmptyBody is 200 with nothing in it.
	EmptyBody Kind = "empty-body"
	// TruncatedBody carries the call out and ends the answer in its middle.
	TruncatedBody Kind = "truncated-body"
	// SlowBody carries the call out and lets the answer trickle.
	SlowBody Kind = "slow-body"
	// Reset resets the connection before the call is carried out.
	Reset Kind = "reset"
	// LostAnswer carries the call out and resets the connection.
	LostAnswer Kind = "lost-answer"
	// Hang never answers.
	Hang Kind = "hang"
)

// The kinds that befall what a call makes. All that are selected take place, if
// the call is carried out.
const (
	// NotVisible makes what the call makes unknown to reads and changes for a while.
	NotVisible Kind = "not-visible"
	// Flapping lets an image go from available to not found, pending and back.
	Flapping Kind = "flapping"
	// ImageFails ends an image as failed.
	ImageFails Kind = "image-fails"
	// SnapshotFails ends a snapshot in error.
	SnapshotFails Kind = "snapshot-fails"
	// LaunchDies terminates an instance instead of starting it.
	LaunchDies Kind = "launch-dies"
	// NoCapacity lets launches find no capacity.
	NoCapacity Kind = "no-capacity"
	// SpotLoss takes a Spot Instance back.
	SpotLoss Kind = "spot-loss"
)

// shape is what a kind takes.
type shape struct {
	about string
	// made tells that the kind befalls what the call makes.
	made bool
	// carriesOut tells that the call is carried out although the kind decides the
	// answer; others are only where the rule says "applied".
	carriesOut bool
	// unknown tells that the kind befalls callers that are not authenticated too: it
	// happens before anybody has looked at the call.
	unknown           bool
	fields, mandatory []string
}

var shapes = map[Kind]shape{
	Throttle:      {about: "refused for its rate", fields: []string{"text"}},
	ServerError:   {about: "500 InternalError", fields: []string{"applied"}},
	Unavailable:   {about: "503", fields: []string{"applied"}},
	Error:         {about: "any code, message and status", fields: []string{"code", "message", "status", "applied"}, mandatory: []string{"code"}},
	Denied:        {about: "refused for want of permission", fields: []string{"text"}},
	ExpiredToken:  {about: "the session has ended"},
	ClockSkew:     {about: "the service's clock is off", unknown: true, carriesOut: true, fields: []string{"by"}, mandatory: []string{"by"}},
	BadGateway:    {about: "502 with a proxy's HTML page", unknown: true, fields: []string{"applied"}},
	EmptyBody:     {about: "200 with nothing in it", unknown: true, fields: []string{"applied"}},
	TruncatedBody: {about: "the answer ends in its middle", unknown: true, carriesOut: true, fields: []string{"bytes"}},
	SlowBody:      {about: "the answer trickles", unknown: true, carriesOut: true, fields: []string{"bytes_per_second"}, mandatory: []string{"bytes_per_second"}},
	Reset:         {about: "connection reset, nothing carried out", unknown: true},
	LostAnswer:    {about: "carried out, connection reset", unknown: true, carriesOut: true},
	Hang:          {about: "no answer", unknown: true, fields: []string{"applied"}},

	NotVisible:    {about: "what is made stays unknown for a while", made: true, fields: []string{"for"}, mandatory: []string{"for"}},
	Flapping:      {about: "an image comes and goes", made: true, fields: []string{"visible", "gone", "pending", "cycles"}},
	ImageFails:    {about: "the image ends as failed", made: true, fields: []string{"code", "message"}},
	SnapshotFails: {about: "the snapshot ends in error", made: true, fields: []string{"message"}},
	LaunchDies:    {about: "the instance ends as terminated", made: true, fields: []string{"code", "message"}},
	NoCapacity:    {about: "launches find no capacity", made: true, fields: []string{"type", "zone"}},
	SpotLoss:      {about: "the Spot Instance is taken back", made: true, fields: []string{"after"}, mandatory: []string{"after"}},
}

// Kinds are all kinds by name, in order.
func Kinds() []string {
	names := make([]string, 0, len(shapes))
	for kind := range shapes {
		names = append(names, string(kind))
	}
	slices.Sort(names)
	return names
}

// Description is a kind for its reader.
type Description struct {
	Kind  Kind   `json:"kind"`
	About string `json:"about"`
	// Fields are the fields that a rule of this kind may have beside those of every
	// rule; Needs are those that it must have.
	Fields []string `json:"fields"`
	Needs  []string `json:"needs"`
}

// Describe gives all kinds by name, in order.
func Describe() []Description {
	all := make([]Description, 0, len(shapes))
	for _, name := range Kinds() {
		s := shapes[Kind(name)]
		all = append(all, Description{Kind(name), s.about, append([]string{}, s.fields...), append([]string{}, s.mandatory...)})
	}
	return all
}

// BefallsMade tells whether the kind befalls what the call makes, and not the
// answer.
func (k Kind) BefallsMade() bool { return shapes[k].made }
