package pricing

import (
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

// Served is a gate: the API has endpoints in three Regions only. A client of another
// Region finds no host on AWS; here it is refused as one of an unknown Region is.
func Served(c *action.Call, s *action.Set) *wire.Error {
	if s != Actions || slices.Contains([]string{"us-east-1", "eu-central-1", "ap-south-1"}, c.Region) {
		return nil
	}
	return wire.Errorf("UnrecognizedClientException", "The security token included in the request is invalid.")
}
