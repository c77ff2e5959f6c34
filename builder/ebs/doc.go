// Package ebs is the builder goldenami-ebs: it launches an instance, has it
// provisioned, and makes an AMI of it.
//
// It takes every option of amazon-ebs 1.8.2 under its name and with its meaning,
// and adds families, tiers, stages and reuse. Rules that are decided here:
//
//   - Prepare makes no network call. Its one side effect is that a build of
//     a family becomes known to its siblings in the same run, because a tier can
//     wait for its parent only if all are known before the first one runs.
//   - Getting to a provisioned instance is left to the steps that amazon-ebs
//     exports. What those steps send is corrected on its way out (launchClient),
//     where they lose an option or panic. From the moment the instance stops,
//     all is ours.
//   - Nothing is launched before the parent is known, the plan was checked in
//     every Region, and no existing image will do.
//   - The instance and everything that was made for it are gone as soon as the
//     image is available; copies do not keep it running.
//   - An existing image that is in the way (force_deregister) goes only when the
//     new one is good.
//   - What a failed or cancelled build made is removed, by the ledger, and what
//     could not be removed is listed by id and Region.
//
// It does not decide which image is a good parent or whether an image is still
// fresh (package layer), nor how copies are made and shared (package distribution).
package ebs
