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
//   - A ledger belongs to the process that holds its lock; others list and
//     resume it only when that process has ended.
//
// It makes no AWS call: the consumer gives Sweep something that can delete.
package ledger
