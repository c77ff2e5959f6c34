// Package pricing is the Price List Query API of the local endpoint, as far as an
// estimate of an image's cost reads it: snapshot storage, transfer between Regions,
// and hours of a few instance types. It owns the figures of a list from public
// pages, for rehearsals: it follows no change of AWS's prices.
package pricing

import "github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"

// Actions are all of the Price List API that this endpoint has. Each file adds its
// own in init.
var Actions = action.NewSet("pricing", action.JSON, "AWSPriceListService")
