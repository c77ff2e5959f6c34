// Package conformance tells which parameters and which fields of each action the
// endpoint has, by asking AWS's own client.
//
// Nothing is listed by hand. Every field of the client's input is filled and sent:
// a parameter that the action refuses as unknown is absent. Every field of the
// endpoint's answer is filled and read by the client: a field that the client then
// does not have is absent. What differs in meaning says so in the struct tag
// "simplified" of its field, and texts that nobody could verify in a comment that
// starts with "unverified". The command pages writes all of it into docs/sandbox.md.
package conformance

//go:generate go run ./pages ../../.. docs/sandbox.md
