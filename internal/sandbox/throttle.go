package sandbox

import (
	"net/http"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/throttle"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

// throttled is the gate of EC2's token buckets.
func throttled(buckets *throttle.Buckets) action.Gate {
	return func(c *action.Call, s *action.Set) *wire.Error {
		if s.Service != "ec2" || buckets.Take(throttle.Call{
			Account: c.Account, Region: c.Region, Action: c.Action, Form: c.Form, Now: c.Now,
		}) {
			return nil
		}
		return errThrottled(c)
	}
}

// errThrottled is EC2's answer since 2026, which names account and action.
func errThrottled(c *action.Call) *wire.Error {
	return wire.Errorf("RequestLimitExceeded",
		"Request limit exceeded. Account %s has been throttled on ec2:%s because it exceeded its request rate limit.", c.Account, c.Action).
		WithStatus(http.StatusServiceUnavailable)
}
