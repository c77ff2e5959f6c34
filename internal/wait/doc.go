// Package wait waits for images and instances: one poll loop per Region for
// everything that is waited for there.
//
// Its rules:
//
//   - One DescribeImages (DescribeInstances) call per Region and tick, whatever
//     the number of waits, by filter: a filter leaves out an id that does not
//     exist, where the id parameter would fail the call for all
//     (InvalidAMIID.NotFound). DescribeSnapshots adds progress and reasons.
//   - The interval is 1 % of the time the youngest wait has lasted, at least 1 s
//     and at most 15 s. The first look is at once.
//   - An image is available only when its snapshots' ids can be seen: EC2 shows
//     an image as available, then not at all, then pending again, because its
//     endpoints agree late.
//   - A new image or instance may be invisible for a while (five minutes).
//   - Throttles and server errors slow the loop down and end no wait; only
//     refused credentials do, and the deadline.
//   - A state that cannot become the wanted one ends the wait at once, with the
//     reason that EC2 gives for the image and for its snapshots.
//
// The SDK's waiters do none of this: they end on any API error, know one failed
// state, and drop the reason.
package wait
