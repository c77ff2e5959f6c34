package ec2

import (
	"slices"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// allowedImage tells whether an image fits one of the caller's criteria. Own
// images always do, and so does every image where there are no criteria.
func allowedImage(c *action.Call, image *world.Image) bool {
	settings := c.Mine().Allowed
	if settings.State == "" || image.OwnerID == c.Account || len(settings.Criteria) == 0 { // unverified: that no criteria allow all
		return true
	}
	return slices.ContainsFunc(settings.Criteria, func(k world.Criterion) bool { return fits(c, image, k) })
}

// hiddenByAllowed tells whether the criteria keep the image from the caller.
func hiddenByAllowed(c *action.Call, image *world.Image) bool {
	return c.Mine().Allowed.State == allowedEnabled && !allowedImage(c, image)
}

// fits applies every part of a criterion that is given.
func fits(c *action.Call, image *world.Image, k world.Criterion) bool {
	switch {
	case k.Scan != nil && !scanFits(c, image, k.Scan):
		return false
	case len(k.Names) > 0 && !(filter{Values: k.Names}).matches([]string{image.Name}):
		return false
	case len(k.Providers) > 0 && !slices.Contains(k.Providers, image.OwnerID) && !slices.Contains(k.Providers, image.OwnerAlias): // no provider is ""
		return false
	case len(k.ProductCodes) > 0 && !slices.ContainsFunc(image.ProductCodes, func(code string) bool { return slices.Contains(k.ProductCodes, code) }):
		return false
	case !withinDays(c.Now, image.Created, k.DaysSinceCreated):
		return false
	case image.Deprecated(c.Now) && !withinDays(c.Now, image.DeprecateAt, k.DaysSinceDeprecated):
		return false
	}
	return len(k.Watermarks) == 0 || slices.ContainsFunc(c.World.Watermarks(image), func(mark world.Watermark) bool {
		return slices.ContainsFunc(k.Watermarks, func(f world.WatermarkFilter) bool { return carries(c.Now, mark, f) })
	})
}

// withinDays tells whether at most so many days of 24 hours lie between; nil is no
// limit.
func withinDays(now, at time.Time, most *int64) bool {
	return most == nil || now.Sub(at) <= time.Duration(*most)*24*time.Hour
}

func carries(now time.Time, mark world.Watermark, f world.WatermarkFilter) bool {
	return (f.Key == "" || wildcard(f.Key, mark.Key)) && (f.SourceRegion == "" || wildcard(f.SourceRegion, mark.SourceRegion)) &&
		withinDays(now, mark.Attached, f.DaysSinceAttached) && withinDays(now, mark.SourceCreated, f.DaysSinceSourceMade)
}
