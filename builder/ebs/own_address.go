package ebs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// checkIP is AWS's service that answers with the address a request came from. It is
// what temporary_security_group_source_public_ip means in amazon-ebs.
const checkIP = "https://checkip.amazonaws.com"

// addresses finds out from which addresses this machine reaches an instance.
type addresses struct {
	service string // answers with the public address
	client  *http.Client
	local   func() ([]netip.Prefix, error) // addresses of the network interfaces
}

// sourceCIDRs gives them as CIDRs for a security group. Through a private interface
// or IPv6 an instance sees the machine's own addresses, else the public one.
func (a addresses) sourceCIDRs(ctx context.Context, sshInterface string) ([]string, error) {
	switch sshInterface {
	case "private_ip", "private_dns":
		return a.own(netip.Addr.Is4)
	case "ipv6":
		return a.own(func(ip netip.Addr) bool { return ip.Is6() && ip.IsGlobalUnicast() && !ip.IsPrivate() })
	}
	ip, err := a.public(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the public address of this machine: %w; set temporary_security_group_source_cidrs to the addresses it comes from, or security_group_id to a group that lets it in", err)
	}
	return []string{netip.PrefixFrom(ip, ip.BitLen()).String()}, nil
}

func (a addresses) public(ctx context.Context) (netip.Addr, error) {
	ctx, stop := context.WithTimeout(ctx, 15*time.Second)
	defer stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.service, http.NoBody)
	if err != nil {
		return netip.Addr{}, err
	}
	response, err := a.client.Do(request)
	if err != nil {
		return netip.Addr{}, err
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	if response.StatusCode != http.StatusOK {
		return netip.Addr{}, fmt.Errorf("%s answered %s", a.service, response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 256))
	if err != nil {
		return netip.Addr{}, err
	}
	ip, err := netip.ParseAddr(strings.TrimSpace(string(body)))
	if err != nil || ip.IsUnspecified() || ip.IsLoopback() {
		return netip.Addr{}, fmt.Errorf("%s answered with no address but %.40q", a.service, body)
	}
	return ip, nil
}

// own gives the addresses of the network interfaces that fit.
func (a addresses) own(fits func(netip.Addr) bool) ([]string, error) {
	prefixes, err := a.local()
	if err != nil {
		return nil, fmt.Errorf("find this machine's addresses: %w", err)
	}
	var out []string
	for _, p := range prefixes {
		ip := p.Addr().Unmap()
		if !ip.IsLoopback() && !ip.IsLinkLocalUnicast() && fits(ip) {
			out = append(out, netip.PrefixFrom(ip, ip.BitLen()).String())
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if len(out) == 0 {
		return nil, errors.New("this machine has no address of the kind that ssh_interface asks for; set temporary_security_group_source_cidrs to the addresses it comes from")
	}
	return out, nil
}
