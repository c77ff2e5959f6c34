package authorize

import (
	"net/http"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/policy"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

// refuse words a denial as the service does: EC2 with 403 UnauthorizedOperation
// and, for what changes something, a message that only DecodeAuthorizationMessage
// reads; IAM and STS with 403 AccessDenied; the JSON services with
// AccessDeniedException, which is 403 where the service speaks REST and else 400.
func refuse(c *action.Call, who caller, n Need, d policy.Decision) *wire.Error {
	text := sentence(c, who, n, d)
	switch c.Service {
	case "ec2":
		text = "You are not authorized to perform this operation. " + text
		if !reads(c.Action) {
			text += ". Encoded authorization failure message: " + encode(c, who, n, d)
		}
		return wire.Errorf("UnauthorizedOperation", "%s", text).WithStatus(http.StatusForbidden)
	case "iam", "sts":
		return wire.Errorf("AccessDenied", "%s", text).WithStatus(http.StatusForbidden)
	case "account", "rbin":
		return wire.Errorf("AccessDeniedException", "%s", text).WithStatus(http.StatusForbidden)
	default:
		return wire.Errorf("AccessDeniedException", "%s", text)
	}
}

// reads tells which actions of EC2 give no encoded message.
func reads(name string) bool { return strings.HasPrefix(name, "Describe") }

// sentence is the part that all services share: who, what, on what, and why.
func sentence(c *action.Call, who caller, n Need, d policy.Decision) string {
	text := "User: " + who.ARN + " is not authorized to perform: " + n.Action
	if d.By == policy.ResourceLayer && n.key != nil && n.key.Account != who.Account {
		// KMS does not tell another account which of these it is.
		return text + " on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
	}
	switch {
	case n.Shown == unshown:
	case n.Shown != "":
		text += " on resource: " + n.Shown
	case n.Resource != anything || c.Service != "ec2" && c.Service != "sts":
		text += " on resource: " + n.Resource
	}
	return text + " " + reason(n.Action, d)
}

// reason is why, in AWS's words. Since 2026 an explicit deny of a managed policy
// is named by the policy's ARN.
func reason(name string, d policy.Decision) string {
	if !d.Explicit {
		return "because no " + string(d.By) + " allows the " + name + " action"
	}
	article := "a "
	if d.By == policy.IdentityLayer {
		article = "an "
	}
	text := "with an explicit deny in " + article + string(d.By)
	if d.Source != "" {
		text += ": " + d.Source
	}
	return text
}
