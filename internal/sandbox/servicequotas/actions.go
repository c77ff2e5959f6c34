// Package servicequotas is the Service Quotas of the local endpoint: it tells the
// quotas that the endpoint itself enforces, with AWS's codes and names. It decides
// no value: each comes from the package whose rule it is. A quota that the
// endpoint does not enforce is not known here.
package servicequotas

import "github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"

// Actions are all of Service Quotas that this endpoint has. Each file adds its own
// in init.
var Actions = action.NewSet("servicequotas", action.JSON, "ServiceQuotasV20190624")
