// Package capture compares the endpoint with what public captures of the real
// service show: a call, what EC2, EBS, SSM or KMS answered in September 2026, and
// what the endpoint answers.
//
// It owns the list of observations, one subtest each, as facts: codes, HTTP status,
// messages, fields and values. It does not own rules: where an observation and the
// endpoint differ, the rule of the action is at fault. It holds no copies of
// captured answers; ids, names and accounts are the endpoint's own.
package capture
