package world

import (
	"sort"
	"time"
)

// HomeAccount is the account whose keys the endpoint hands out.
const HomeAccount = "123456789012"

// Account is one AWS account: its keys, its IAM entities, its Regions.
type Account struct {
	ID string
	// Alias is the name that stands for the account in ImageOwnerAlias.
	Alias string
	// AccessKeys are the keys that act for this account, by access key id.
	AccessKeys map[string]*AccessKey
	Regions    map[string]*Region
	Users      map[string]*User
	Roles      map[string]*Role
	Profiles   map[string]*InstanceProfile
	// ManagedPolicies are the account's own managed policies, by ARN.
	ManagedPolicies map[string]*ManagedPolicy
	// OptedIn are the Regions that the account opted in to.
	OptedIn map[string]bool
	// GlobalTokenVersion is which tokens STS's global endpoint gives to the account:
	// TokenVersion1, or "", which is the same, or TokenVersion2.
	GlobalTokenVersion string
	// Subscriptions are the Marketplace products to which the account subscribed,
	// by product code.
	Subscriptions map[string]bool
}

// The versions of session tokens, in IAM's words. Those of version 1 are of no use
// in opt-in Regions.
const (
	TokenVersion1 = "v1Token"
	TokenVersion2 = "v2Token"
)

// AccessKey is a pair of keys, or the temporary credentials of a role.
type AccessKey struct {
	ID, Secret string
	// Session is the token of temporary credentials, else empty.
	Session string
	// Principal is the ARN that GetCallerIdentity gives.
	Principal string
	// User is the name of the IAM user whose long-lived keys these are, else empty.
	User string
	// Created is when the keys were made, and Inactive keys are refused.
	Created  time.Time
	Inactive bool
	// Expires is when temporary credentials end; zero for others.
	Expires time.Time
	// DefaultRegionsOnly tells that opt-in Regions refuse the temporary credentials.
	DefaultRegionsOnly bool
	// SessionPolicies and SessionPolicyARNs are the policies that AssumeRole was
	// given for the session: documents, and ARNs of managed policies.
	SessionPolicies, SessionPolicyARNs []string
	// SessionTags are the session's tags; those of TransitiveTags go on to the
	// sessions that it starts. SourceIdentity does so too.
	SessionTags    map[string]string
	TransitiveTags []string
	SourceIdentity string
}

// Account gives the account of an id and makes it when it is new: any twelve
// digits can be a partner to share with. Inside [World.View] one that nothing has made
// yet is empty and is forgotten again.
func (w *World) Account(id string) *Account {
	a := w.state.Accounts[id]
	if a == nil {
		a = &Account{ID: id}
		if w.mode.changing {
			w.state.Accounts[id] = a
		}
	}
	if a.AccessKeys == nil {
		a.AccessKeys = map[string]*AccessKey{}
	}
	if a.Regions == nil {
		a.Regions = map[string]*Region{}
	}
	if a.Subscriptions == nil {
		a.Subscriptions = map[string]bool{}
	}
	if a.Users == nil {
		a.Users = map[string]*User{}
	}
	if a.ManagedPolicies == nil {
		a.ManagedPolicies = map[string]*ManagedPolicy{}
	}
	if a.Roles == nil {
		a.Roles = map[string]*Role{}
	}
	if a.Profiles == nil {
		a.Profiles = map[string]*InstanceProfile{}
	}
	return a
}

// Accounts are all accounts that exist, by id, in order.
func (w *World) Accounts() []*Account {
	all := make([]*Account, 0, len(w.state.Accounts))
	for _, a := range w.state.Accounts {
		all = append(all, a)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].ID < all[j].ID })
	return all
}

// Authenticate finds who an access key id stands for.
func (w *World) Authenticate(accessKeyID string) (*Account, *AccessKey, bool) {
	for _, a := range w.state.Accounts {
		if key := a.AccessKeys[accessKeyID]; key != nil {
			return a, key, true
		}
	}
	return nil, nil, false
}

// Credentials gives a long-lived pair of keys of an account.
func (w *World) Credentials(accountID string) AccessKey {
	var key AccessKey
	w.Do(func() {
		a := w.Account(accountID)
		if first := a.firstKey(); first != nil {
			key = *first
			return
		}
		key = *a.newAccessKey(w)
	})
	return key
}

// firstKey is the key of the user [FirstUser] with the lowest id.
func (a *Account) firstKey() *AccessKey {
	var first *AccessKey
	for _, key := range a.AccessKeys {
		mine := key.Session == "" && !key.Inactive && key.Principal == "arn:aws:iam::"+a.ID+":user/"+FirstUser
		if mine && (first == nil || key.ID < first.ID) {
			first = key
		}
	}
	return first
}

// newAccessKey makes a pair of keys of the user [FirstUser], and the user if it is
// not there.
func (a *Account) newAccessKey(w *World) *AccessKey {
	user := a.Users[FirstUser]
	if user == nil {
		user = &User{Entity: Entity{
			Name: FirstUser, ID: w.NewEntityID("AIDA"), ARN: "arn:aws:iam::" + a.ID + ":user/" + FirstUser, Path: "/",
			Policies: map[string]string{}, Tags: map[string]string{}, Created: w.Now(),
		}}
		a.Users[user.Name] = user
	}
	return a.NewAccessKey(w, user)
}

// NewAccessKey makes a pair of long-lived keys of a user of the account.
func (a *Account) NewAccessKey(w *World, user *User) *AccessKey {
	key := &AccessKey{ID: "AKIA" + w.random.base32(16), Secret: w.random.secret(), Principal: user.ARN, User: user.Name, Created: w.Now()}
	a.AccessKeys[key.ID] = key
	return key
}

// NewSession makes temporary credentials that act in an account as principal.
func (w *World) NewSession(accountID, principal string, expires time.Time) *AccessKey {
	key := &AccessKey{
		ID: "ASIA" + w.random.base32(16), Secret: w.random.secret(), Session: w.random.secret() + w.random.secret(),
		Principal: principal, Expires: expires,
	}
	w.Account(accountID).AccessKeys[key.ID] = key
	return key
}
