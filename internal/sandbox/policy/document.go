package policy

// Effect is what a statement does to the calls that it matches.
type Effect string

// The effects.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Document is a policy that was read and found well formed.
type Document struct {
	// Version is 2012-10-17, or 2008-10-17, the meaning of a document without one:
	// the older version has no policy variables.
	Version, ID string
	Statements  []Statement
}

// Statement is one rule of a [Document]. Of each pair of an element and its Not
// form at most one is set.
type Statement struct {
	Sid                     string
	Effect                  Effect
	Actions, NotActions     []string
	Resources, NotResources []string
	// Principals are whom a resource policy's statement is about.
	Principals, NotPrincipals *Principals
	Conditions                []Condition
}

// Principals are the members of a Principal element by their kind: AWS, Service,
// Federated, CanonicalUser. Any is "Principal": "*".
type Principals struct {
	Any                                    bool
	AWS, Service, Federated, CanonicalUser []string
}

// Condition is one operator with one key of a statement's Condition element. All
// conditions of a statement must hold.
type Condition struct {
	Operator Operator
	// Key is the condition key as written; keys are not case-sensitive.
	Key    string
	Values []string
}

// Operator is a condition operator in its parts: ForAnyValue:StringLikeIfExists.
type Operator struct {
	// Set is ForAllValues, ForAnyValue or empty.
	Set string
	// Name is the operator alone, such as StringLike.
	Name     string
	IfExists bool
}

// String is the operator as a policy writes it.
func (o Operator) String() string {
	s := o.Name
	if o.Set != "" {
		s = o.Set + ":" + s
	}
	if o.IfExists {
		s += "IfExists"
	}
	return s
}
