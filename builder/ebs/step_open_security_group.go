package ebs

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"

	awscommon "github.com/hashicorp/packer-plugin-amazon/common"
	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// stepOpenSecurityGroup finds or makes the security group of the instance. A
// temporary one lets in the addresses that the options name, or this machine alone.
//
// Writes: securityGroupIds. Cleans: the temporary group.
type stepOpenSecurityGroup struct{ *build }

func (s stepOpenSecurityGroup) Run(ctx context.Context, state multistep.StateBag) multistep.StepAction {
	c := s.cfg
	cidrs := c.TemporarySGSourceCidrs
	if s.needsAddress() {
		var err error
		if cidrs, err = s.machine().sourceCIDRs(ctx, c.SSHInterface); err != nil {
			return s.halt("temporary security group: %w", err)
		}
		s.say("The instance will accept connections from %s only", strings.Join(cidrs, ", "))
	}
	peer := &awscommon.StepSecurityGroup{
		PollingConfig:          c.pace(),
		CommConfig:             &c.Comm,
		SecurityGroupFilter:    c.SecurityGroupFilter,
		SecurityGroupIds:       c.SecurityGroupIds,
		TemporarySGSourceCidrs: cidrs,
		SkipSSHRuleCreation:    c.SSMAgentEnabled() || c.Comm.Type == "none",
		IsRestricted:           strings.HasPrefix(s.region(), "cn-"),
		Tags:                   s.runTags(),
		Ctx:                    c.ctx,
	}
	return peer.Run(ctx, state)
}

// Cleanup deletes the group by the ledger, which waits for the instance to be gone.
func (s stepOpenSecurityGroup) Cleanup(multistep.StateBag) { s.remove(cloud.KindSecurityGroup) }

// needsAddress: a temporary group is made, a port is opened in it, and nobody said
// for whom.
func (s stepOpenSecurityGroup) needsAddress() bool {
	c := s.cfg
	return len(c.SecurityGroupIds) == 0 && c.SecurityGroupFilter.Empty() &&
		len(c.TemporarySGSourceCidrs) == 0 && !c.SSMAgentEnabled() && c.Comm.Type != "none"
}

func (s stepOpenSecurityGroup) machine() addresses {
	return addresses{service: checkIP, client: http.DefaultClient, local: interfaceAddresses}
}

func interfaceAddresses() ([]netip.Prefix, error) {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var out []netip.Prefix
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			out = append(out, p)
		}
	}
	return out, nil
}
