//go:build linux

package link

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var options1 = Options{
	Subnet: netip.MustParsePrefix("172.31.16.0/20"), Guest: netip.MustParseAddr("172.31.20.5"), MAC: "02:00:00:00:00:05",
	Hostname: "ip-127-1-0-1", Domain: "ec2.internal", Private: netip.MustParseAddr("127.1.0.1"),
}

// message is what a client sends, with options as code, length, value.
func message(add ...byte) []byte {
	m := append([]byte(nil), make([]byte, atOptions)...)
	m[atOp] = 1
	binary.BigEndian.PutUint32(m[atXID:], 77)
	copy(m[atHWAddr:], []byte{2, 0, 0, 0, 0, 5})
	binary.BigEndian.PutUint32(m[atCookie:], cookie)
	return append(append(m, add...), optionEnd)
}

func TestDHCPGivesTheOneLease(t *testing.T) {
	t.Parallel()
	l := newLease(options1)
	own, other := []byte{172, 31, 20, 5}, []byte{172, 31, 20, 6}
	for name, c := range map[string]struct {
		options []byte
		kind    byte // 0 for no answer
	}{
		"discover":               {[]byte{optionType, 1, discover}, offer},
		"request":                {append([]byte{optionType, 1, request, optionRequested, 4}, own...), ack},
		"padded request":         {append([]byte{0, 0, optionType, 1, request, optionRequested, 4}, own...), ack},
		"request of another":     {append([]byte{optionType, 1, request, optionRequested, 4}, other...), nak},
		"request of another's":   {[]byte{optionType, 1, request, optionServer, 4, 10, 0, 0, 1}, 0},
		"inform":                 {[]byte{optionType, 1, inform}, ack},
		"release":                {[]byte{optionType, 1, 7}, 0},
		"no type":                {[]byte{optionHostname, 1, 'x'}, 0},
		"a type that is cut off": {[]byte{optionType, 9, discover}, 0},
	} {
		a := l.answer(message(c.options...))
		if c.kind == 0 {
			if a != nil {
				t.Errorf("%s: answered", name)
			}
			continue
		}
		if len(a) < 300 || a[atOp] != 2 || binary.BigEndian.Uint32(a[atXID:]) != 77 || a[atHWAddr+5] != 5 {
			t.Fatalf("%s: %v", name, a)
		}
		got := options(a[atOptions:])
		if got[optionType][0] != c.kind || string(got[optionServer]) != "\xac\x1f\x10\x01" {
			t.Errorf("%s: %v", name, got)
		}
		yours := [4]byte(a[atYours : atYours+4])
		if want := map[byte][4]byte{offer: [4]byte(own), ack: [4]byte(own)}[c.kind]; yours != want && name != "inform" {
			t.Errorf("%s: address %v", name, yours)
		}
		if c.kind == nak {
			continue
		}
		for code, want := range map[byte]string{
			optionMask: "\xff\xff\xf0\x00", optionRouter: "\xac\x1f\x10\x01", optionDNS: "\xa9\xfe\xa9\xfd", optionHostname: "ip-127-1-0-1",
			optionDomain: "ec2.internal", optionMTU: "\x23\x29", optionLease: "\x00\x00\x0e\x10",
		} {
			if string(got[code]) != want {
				t.Errorf("%s: option %d is %q", name, code, got[code])
			}
		}
	}
	renew := message(optionType, 1, request)
	copy(renew[atClient:], own)
	if a := l.answer(renew); options(a[atOptions:])[optionType][0] != ack {
		t.Error("a renewal is refused")
	}
	for _, m := range [][]byte{nil, make([]byte, 300), message()[:100]} {
		if l.answer(m) != nil {
			t.Errorf("answered %v", m)
		}
	}
}

// query asks for a name, given as labels with their lengths before them.
func query(labels string, kind byte) []byte {
	return append([]byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"+labels+"\x00\x00"), kind, 0, dnsClassIN)
}

func TestDNSKnowsTheGuestAlone(t *testing.T) {
	t.Parallel()
	known := newNames(options1)
	for labels, want := range map[string]string{
		"\x0cip-127-1-0-1\x03ec2\x08internal":  "\x7f\x01\x00\x01",
		"\x0cIP-127-1-0-1\x03EC2\x08INTERNAL":  "\x7f\x01\x00\x01",
		"\x0dinstance-data\x03ec2\x08internal": "\xa9\xfe\xa9\xfe",
		"\x03deb\x06debian\x03org":             "",
	} {
		a := known.answer(query(labels, dnsTypeA))
		if len(a) < dnsHeader || a[0] != 0x12 || a[2] != 0x81 {
			t.Fatalf("%q: %v", labels, a)
		}
		switch {
		case want == "" && (a[3]&0xf != dnsRefused || a[7] != 0):
			t.Errorf("%q: %v", labels, a)
		case want != "" && (a[3]&0xf != 0 || a[7] != 1 || string(a[len(a)-4:]) != want):
			t.Errorf("%q: %v", labels, a)
		}
	}
	const typeAAAA = 28
	if a := known.answer(query("\x0cip-127-1-0-1\x03ec2\x08internal", typeAAAA)); a[3]&0xf != 0 || a[7] != 0 {
		t.Errorf("AAAA: %v", a)
	}
	good := query("\x01a", dnsTypeA)
	for n := range good {
		if known.answer(good[:n]) != nil {
			t.Errorf("answered the first %d bytes", n)
		}
	}
	if known.answer(query("\xc0\x0c", dnsTypeA)) != nil {
		t.Error("a name may point into itself")
	}
}
