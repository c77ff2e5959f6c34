package authorize

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/policy"
)

// failure is the document that DecodeAuthorizationMessage gives, in AWS's shape
// (STS API reference, DecodeAuthorizationMessage, and its example in the CLI).
type failure struct {
	Allowed      bool           `json:"allowed"`
	ExplicitDeny bool           `json:"explicitDeny"`
	Matched      items[matched] `json:"matchedStatements"`
	// Failures stays empty, as in the published examples.
	Failures items[string]  `json:"failures"`
	Context  failureContext `json:"context"`
}

type failureContext struct {
	Principal  failurePrincipal `json:"principal"`
	Action     string           `json:"action"`
	Resource   string           `json:"resource"`
	Conditions items[condition] `json:"conditions"`
}

type failurePrincipal struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	ARN  string `json:"arn"`
}

type matched struct {
	StatementID     string           `json:"statementId"`
	Effect          string           `json:"effect"`
	Principals      items[value]     `json:"principals"`
	PrincipalGroups items[value]     `json:"principalGroups"`
	Actions         items[value]     `json:"actions"`
	Resources       items[value]     `json:"resources"`
	Conditions      items[condition] `json:"conditions"`
}

type condition struct {
	Key    string       `json:"key"`
	Values items[value] `json:"values"`
}

type value struct {
	Value string `json:"value"`
}

type items[T any] struct {
	Items []T `json:"items"`
}

func itemsOf(texts []string) items[value] {
	list := items[value]{Items: make([]value, 0, len(texts))}
	for _, t := range texts {
		list.Items = append(list.Items, value{t})
	}
	return list
}

// document is the failure of one need.
func document(c *action.Call, who caller, n Need, d policy.Decision) failure {
	context := who.request(c, n).Context
	f := failure{
		ExplicitDeny: d.Explicit, Matched: items[matched]{Items: []matched{}}, Failures: items[string]{Items: []string{}},
		Context: failureContext{
			Principal: failurePrincipal{ID: who.id, Name: who.name, ARN: who.ARN}, Action: n.Action, Resource: n.Resource,
			Conditions: items[condition]{Items: []condition{}},
		},
	}
	for _, name := range context.Names() {
		f.Context.Conditions.Items = append(f.Context.Conditions.Items, condition{name, itemsOf(context.Values(name))})
	}
	principal, _, _ := strings.Cut(who.id, ":")
	for _, s := range d.Matched {
		m := matched{
			StatementID: s.Sid, Effect: strings.ToUpper(string(s.Effect)), Principals: itemsOf([]string{principal}), PrincipalGroups: itemsOf(nil),
			Actions: itemsOf(s.Actions), Resources: itemsOf(s.Resources), Conditions: items[condition]{Items: []condition{}},
		}
		for _, k := range s.Conditions {
			m.Conditions.Items = append(m.Conditions.Items, condition{k.Key, itemsOf(k.Values)})
		}
		f.Matched.Items = append(f.Matched.Items, m)
	}
	return f
}

// encode is the failure as a text that its reader cannot understand. The account
// is sealed in: another account cannot decode it.
func encode(c *action.Call, who caller, n Need, d policy.Decision) string {
	plain, err := json.Marshal(document(c, who, n, d))
	if err != nil {
		panic("authorize: a document of texts always marshals: " + err.Error())
	}
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, flate.BestCompression) // the level is a valid one
	_, _ = w.Write(plain)                                   // a bytes.Buffer takes every write
	_ = w.Close()
	// The nonce follows from the message, so that the same denial reads the same.
	sum := sha256.Sum256(append([]byte(who.Account), plain...))
	seal := sealer(who.Account)
	nonce := sum[:seal.NonceSize()]
	return base64.URLEncoding.WithPadding(base64.NoPadding).EncodeToString(seal.Seal(nonce, nonce, packed.Bytes(), nil))
}

// Decode opens a message that a caller of the account got; it tells whether it
// could.
func Decode(account, message string) (string, bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(message)
	seal := sealer(account)
	if err != nil || len(sealed) < seal.NonceSize() {
		return "", false
	}
	packed, err := seal.Open(nil, sealed[:seal.NonceSize()], sealed[seal.NonceSize():], nil)
	if err != nil {
		return "", false
	}
	const most = 1 << 20
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), most))
	return string(plain), err == nil
}

// sealer keeps messages unreadable, not secret: its key follows from the account.
func sealer(account string) cipher.AEAD {
	key := sha256.Sum256([]byte("goldenami sandbox authorization message of " + account))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("authorize: a key of 32 bytes always makes a cipher: " + err.Error())
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		panic("authorize: AES always makes a GCM: " + err.Error())
	}
	return seal
}
