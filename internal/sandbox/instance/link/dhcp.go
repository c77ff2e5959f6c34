//go:build linux

package link

import (
	"encoding/binary"
	"net"
	"net/netip"
)

// Offsets in a message (RFC 2131, figure 1) and its options' start.
const (
	atOp      = 0
	atXID     = 4
	atClient  = 12
	atYours   = 16
	atHWAddr  = 28
	atCookie  = 236
	atOptions = 240
)

const cookie = 0x63825363

// Codes of options (RFC 2132).
const (
	optionMask      = 1
	optionRouter    = 3
	optionDNS       = 6
	optionHostname  = 12
	optionDomain    = 15
	optionMTU       = 26
	optionRequested = 50
	optionLease     = 51
	optionType      = 53
	optionServer    = 54
	optionEnd       = 255
)

// Types of messages.
const (
	discover = 1
	offer    = 2
	request  = 3
	ack      = 5
	nak      = 6
	inform   = 8
)

// leaseSeconds is a VPC's.
const leaseSeconds = 3600

// lease is the one that the server has to give.
type lease struct {
	guest, router netip.Addr
	options       []byte // all but the type
}

func newLease(o Options) lease {
	l := lease{guest: o.Guest, router: Router(o.Subnet)}
	server := l.router.As4()
	l.add(optionServer, server[:])
	l.add(optionLease, binary.BigEndian.AppendUint32(nil, leaseSeconds))
	l.add(optionMask, net.CIDRMask(o.Subnet.Bits(), 32))
	l.add(optionRouter, server[:])
	resolver := ResolverAddr.As4()
	l.add(optionDNS, resolver[:])
	l.add(optionHostname, []byte(o.Hostname))
	l.add(optionDomain, []byte(o.Domain))
	l.add(optionMTU, binary.BigEndian.AppendUint16(nil, mtu))
	return l
}

func (l *lease) add(code byte, value []byte) {
	const longest = 255
	if len(value) > 0 && len(value) <= longest {
		l.options = append(append(l.options, code, byte(len(value))), value...) //nolint:gosec // at most longest
	}
}

// serveDHCP answers until the socket is closed. Answers are broadcast: the client has no address yet, and it is
// alone.
func serveDHCP(conn *net.UDPConn, l lease) {
	to := net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom4([4]byte{255, 255, 255, 255}), 68))
	buf := make([]byte, 1500)
	for {
		n, _, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if answer := l.answer(buf[:n]); answer != nil {
			_, _ = conn.WriteToUDP(answer, to) // a guest that is gone asks no more, another asks again
		}
	}
}

// answer gives the server's message for the client's, or nil.
func (l lease) answer(m []byte) []byte {
	if len(m) < atOptions || m[atOp] != 1 || binary.BigEndian.Uint32(m[atCookie:]) != cookie {
		return nil
	}
	asked := options(m[atOptions:])
	if len(asked[optionType]) != 1 {
		return nil
	}
	guest := l.guest.As4()
	server := l.router.As4()
	if s := asked[optionServer]; len(s) == len(server) && [4]byte(s) != server {
		return nil // it talks to another server
	}
	kind := byte(ack)
	switch asked[optionType][0] {
	case discover:
		kind = offer
	case request:
		want := asked[optionRequested]
		if len(want) == 0 {
			want = m[atClient : atClient+4] // it renews
		}
		if len(want) != len(guest) || [4]byte(want) != guest {
			kind = nak
		}
	case inform:
	default:
		return nil
	}
	out := make([]byte, atOptions, 300)
	copy(out, m[:atOptions])
	out[atOp] = 2
	clear(out[atOp+3 : atXID]) // hops
	clear(out[atClient:atHWAddr])
	if kind != nak {
		copy(out[atYours:], guest[:])
	}
	clear(out[atHWAddr+16 : atCookie])
	out = append(out, optionType, 1, kind)
	if kind == nak {
		out = append(append(out, optionServer, byte(len(server))), server[:]...)
	} else {
		out = append(out, l.options...)
	}
	out = append(out, optionEnd)
	const least = 300 // BOOTP's own size, which old clients insist on
	return append(out, make([]byte, max(0, least-len(out)))...)
}

// options reads the options up to their end; of what is cut off nothing is taken.
func options(text []byte) map[byte][]byte {
	found := map[byte][]byte{}
	for len(text) > 0 && text[0] != optionEnd {
		if text[0] == 0 { // padding
			text = text[1:]
			continue
		}
		if len(text) < 2 || len(text) < 2+int(text[1]) {
			break
		}
		found[text[0]] = text[2 : 2+int(text[1])]
		text = text[2+int(text[1]):]
	}
	return found
}
