// Package image is the data source goldenami-image: the newest good image of a
// family and tier, as values that a template goes on with.
//
// It decides which options name an image, what is told of it, and what a user is
// told where there is none. Which images are good and which of them is the newest
// is package ami's. It makes nothing, and Configure makes no network call.
package image
