// Package ledger keeps, on disk, what a run made in AWS, so that what it made
// and only that can be taken away again: at its end, after Ctrl-C, or by a later
// sweep when the process was killed.
//
// Its rules:
//
//   - One file per build, one JSON line per event, each line synced to the disk
//     before the event is acted on. What is about to be made is written before
//     the request leaves, its id before the answer is used.
//   - A resource is live when it was created, not deleted, and not kept. Keep
//     marks the results that were wanted.
//   - Sweep deletes live resources and nothing else: what the ledger did not see
//     being created is not its to delete. Order: instances, then what instances
//     use (security groups, key pairs, launch templates, profiles, roles), then
//     images, volumes and snapshots.
//   - A line torn by a crash ends the readable part of that line only.
//   - A ledger belongs to the process that holds its lock; others take it over only
//     when that process has ended, on the same machine.
//   - A Reclaimer does that at the start of a later run: it removes what killed runs
//     left, of the same account and endpoint. What a run had finished stays, and so
//     does what its options or -on-error were to keep.
//
// It makes no AWS call of its own: the consumer gives Sweep something that can delete,
// and NewReclaimer the credentials.
package ledger
