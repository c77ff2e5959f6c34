package world

import (
	"slices"
	"strings"
	"time"
)

// FirstUser is the IAM user of every account whose keys the endpoint hands out.
// No policy is set on it, so that it may do everything until one is.
const FirstUser = "sandbox"

// Entity is what IAM users and roles have in common.
type Entity struct {
	Name, ID, ARN, Path string
	// Policies are the inline policies' documents, by name.
	Policies map[string]string
	// Attached are the ARNs of the managed policies attached, in order of attaching.
	Attached []string
	// Boundary is the ARN of the managed policy that is the permissions boundary.
	Boundary string
	Tags     map[string]string
	Created  time.Time
}

// User is an IAM user.
type User struct{ Entity }

// Role is an IAM role.
type Role struct {
	Entity
	TrustPolicy, Description string
	// MaxSession is the longest session in seconds; 0 stands for an hour.
	MaxSession int64
	// LastUsed and LastUsedRegion tell of the last AssumeRole.
	LastUsed       time.Time
	LastUsedRegion string
}

// MaxSessionSeconds is the longest session that AssumeRole gives of the role.
func (r *Role) MaxSessionSeconds() int64 {
	const hour = 3600
	if r.MaxSession == 0 {
		return hour
	}
	return r.MaxSession
}

// InstanceProfile is an IAM instance profile.
type InstanceProfile struct {
	Name, ID, ARN, Path string
	Roles               []string
	Tags                map[string]string
	Created             time.Time
	// RoleAdded is when its role was put into it.
	RoleAdded time.Time
}

// ManagedPolicy is a managed policy of an account or of AWS.
type ManagedPolicy struct {
	Name, ID, ARN, Path, Description string
	Versions                         []PolicyVersion
	// Default is the id of the version that applies.
	Default string
	// Made counts the versions made, those deleted included.
	Made             int64
	Tags             map[string]string
	Created, Updated time.Time
}

// PolicyVersion is a version of a [ManagedPolicy].
type PolicyVersion struct {
	ID, Document string
	Created      time.Time
}

// Version gives a version by its id, nil where there is none.
func (p *ManagedPolicy) Version(id string) *PolicyVersion {
	at := slices.IndexFunc(p.Versions, func(v PolicyVersion) bool { return v.ID == id })
	if at < 0 {
		return nil
	}
	return &p.Versions[at]
}

// Document is the text of the version that applies.
func (p *ManagedPolicy) Document() string {
	if v := p.Version(p.Default); v != nil {
		return v.Document
	}
	return ""
}

// ManagedPolicy finds a managed policy that entities of the account may have: one
// of its own or one of AWS, nil where there is none. Call it inside [World.Do].
func (w *World) ManagedPolicy(account, arn string) *ManagedPolicy {
	if strings.HasPrefix(arn, awsPolicyPrefix) {
		return awsPolicy(arn)
	}
	return w.Account(account).ManagedPolicies[arn]
}

// Entity finds the user or role that acts under a principal's ARN: a user's own
// ARN, a role's, or that of an assumed role's session; nil for the root of an
// account and for what does not exist. Call it inside [World.Do].
func (w *World) Entity(principal string) *Entity {
	parts := strings.SplitN(principal, ":", 6)
	if len(parts) != 6 || w.state.Accounts[parts[4]] == nil {
		return nil
	}
	a := w.Account(parts[4])
	kind, name, _ := strings.Cut(parts[5], "/")
	if kind == "assumed-role" {
		name, _, _ = strings.Cut(name, "/")
		if role := a.Roles[name]; role != nil {
			return &role.Entity
		}
		return nil
	}
	name = name[strings.LastIndex(name, "/")+1:]
	if user := a.Users[name]; kind == "user" && user != nil && user.ARN == principal {
		return &user.Entity
	}
	if role := a.Roles[name]; kind == "role" && role != nil && role.ARN == principal {
		return &role.Entity
	}
	return nil
}

// NewEntityID makes an id as IAM does: four letters that tell the kind (AIDA for
// users, AROA for roles, AIPA for instance profiles, ANPA for policies) and 17
// characters.
func (w *World) NewEntityID(prefix string) string { return prefix + w.random.base32(17) }
