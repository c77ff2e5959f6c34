// Package tradeoff holds what a tier costs and what it saves: how long its build and
// its boot take, what it keeps in storage, and what that costs a month.
//
// It decides:
//
//   - which figures there are, in which order, and how they are written as one short
//     text that fits a tag of EC2, and as JSON;
//   - that a figure which is not known is left out: it is never guessed, and never 0;
//   - that an image has of its own what its snapshots hold beyond those of its parent,
//     by device, and that it shares nothing with a parent of another account or under
//     another key, since EC2 stores such a snapshot whole;
//   - that a month costs what the price list says for the GiB that are the image's own.
//
// It measures no time and knows no tag: the builder and package ami do.
package tradeoff
