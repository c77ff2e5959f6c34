// Package imds is the instance metadata service of a guest: what EC2 answers at 169.254.169.254, for one
// instance.
//
// Rules it decides:
//
//   - Session tokens. A PUT of /latest/api/token gives a token for as many seconds as its header asks for, one
//     to 21600. A token holds for its instance only. Where the instance's options require tokens, a request
//     without one is refused; one with a bad or old token is refused always. A PUT that came through a proxy,
//     as X-Forwarded-For tells, is refused.
//   - Hop limit. The answer to that PUT leaves with the instance's hop limit as its IP time to live, so that it
//     does not reach a network behind the guest that is further away.
//   - Which categories an instance has: those that its metadata give a value for, so that a list never names
//     what is then not found.
//   - Metadata are asked for at each request: options and tags that change hold from the next one on.
//
// What it does not do: all versions in a path (2009-04-04 to latest) show the same tree. The identity
// document has no signatures, since only AWS can sign as AWS. There is no IPv6 address of the service, and none
// of the categories for events that have not happened.
//
// Sources: the Amazon EC2 User Guide, "Instance metadata categories", "Use the Instance Metadata Service" and
// "Instance identity documents".
package imds
