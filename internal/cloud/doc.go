// Package cloud gives every other package its AWS clients and decides what an
// AWS answer means.
//
// It owns four rules:
//
//   - Every client comes from one configuration: ten attempts with the SDK's
//     standard backoff, 30 seconds for each attempt (a socket that accepts and
//     never answers must not hang a build), the custom EC2 endpoint in every
//     Region, and the recorder.
//   - What a create call made is handed to the Recorder before the call
//     returns to its caller, and what it is about to make before the request
//     leaves. The rule sits in the SDK's middleware stack, so that it also holds
//     for clients that foreign code makes from [Clients.Config].
//   - A create call whose answer was lost is not a leak: EC2 has no client token
//     for key pairs, security groups and images, so the SDK's own retry meets a
//     "Duplicate" error. When that duplicate is provably ours it is adopted
//     (security group, image) or made anew (key pair, whose private half was in
//     the lost answer).
//   - Error codes are classified in one table, with the source of each row.
//
// It does not know what an image means to goldenami (package ami does), does
// not wait for states beyond what a deletion needs (package wait does), and
// keeps no record itself (package ledger does).
package cloud
