//go:build linux

package link

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
)

// Of RFC 1035, section 4.1.1.
const (
	dnsHeader   = 12
	dnsAnswer   = 1 << 15
	dnsOpcode   = 0xf << 11
	dnsRecurse  = 1 << 8
	dnsCan      = 1 << 7 // recursion is available
	dnsRefused  = 5
	dnsTypeA    = 1
	dnsClassIN  = 1
	dnsLifetime = 60 // seconds
)

// names are those that the resolver knows, in lower case and without a final dot.
type names map[string]netip.Addr

func newNames(o Options) names {
	known := names{o.Hostname: o.Private}
	if o.Domain != "" {
		known[o.Hostname+"."+o.Domain] = o.Private
		known["instance-data."+o.Domain] = MetadataAddr
	}
	return known
}

// serveDNS answers until the socket is closed.
func serveDNS(conn *net.UDPConn, known names) {
	buf := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if answer := known.answer(buf[:n]); answer != nil {
			_, _ = conn.WriteToUDPAddrPort(answer, from) // the guest asks again, or is gone
		}
	}
}

// answer gives the message for a query of one question, or nil for what is none.
func (known names) answer(m []byte) []byte {
	if len(m) < dnsHeader || binary.BigEndian.Uint16(m[2:])&(dnsAnswer|dnsOpcode) != 0 || binary.BigEndian.Uint16(m[4:]) != 1 {
		return nil
	}
	name, end := question(m[dnsHeader:])
	if end == 0 || len(m) < dnsHeader+end+4 {
		return nil
	}
	end += dnsHeader
	kind, class := binary.BigEndian.Uint16(m[end:]), binary.BigEndian.Uint16(m[end+2:])
	out := append([]byte(nil), m[:end+4]...)
	flags := dnsAnswer | dnsCan | binary.BigEndian.Uint16(m[2:])&dnsRecurse
	addr, ok := known[name]
	if !ok {
		flags |= dnsRefused
	}
	binary.BigEndian.PutUint16(out[2:], flags)
	clear(out[6:dnsHeader]) // no records but the question
	if !ok || kind != dnsTypeA || class != dnsClassIN {
		return out
	}
	binary.BigEndian.PutUint16(out[6:], 1)
	out = append(out, 0xc0, dnsHeader) // the name, as in the question
	out = binary.BigEndian.AppendUint16(out, dnsTypeA)
	out = binary.BigEndian.AppendUint16(out, dnsClassIN)
	out = binary.BigEndian.AppendUint32(out, dnsLifetime)
	out = binary.BigEndian.AppendUint16(out, 4)
	a := addr.As4()
	return append(out, a[:]...)
}

// question reads a name and gives its length in the message, or 0 for none.
func question(m []byte) (string, int) {
	var labels []string
	for at := 0; at < len(m); {
		size := int(m[at])
		if size == 0 {
			return strings.ToLower(strings.Join(labels, ".")), at + 1
		}
		const longest = 63
		if size > longest || at+1+size > len(m) {
			return "", 0
		}
		labels = append(labels, string(m[at+1:at+1+size]))
		at += 1 + size
	}
	return "", 0
}
