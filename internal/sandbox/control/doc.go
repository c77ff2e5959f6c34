// Package control is how a person or a test looks at a running endpoint and
// changes what it does: JSON over HTTP below [Prefix], on the endpoint's own
// listener, under a path that no AWS client calls.
//
// It owns who may ask and the shape of the answers. Each subject has a file of
// its own, with its routes; [New] lists them. What the subjects mean is decided by
// the packages behind [Sources].
//
// It answers programs on this machine alone: a peer that is not loopback, a Host
// that is not a loopback name (a web page whose name was pointed at 127.0.0.1),
// and a request that a web page made are refused. No answer holds an access key
// or another secret.
package control
