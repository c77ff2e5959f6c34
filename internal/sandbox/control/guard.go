package control

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// mayAsk refuses everyone but programs on this machine. A browser tells in Origin
// or Sec-Fetch-Site that a page asks; "none" is a person who typed the address.
func mayAsk(r *http.Request) error {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	switch {
	case err != nil || !peer.Addr().Unmap().IsLoopback():
		return refuse(http.StatusForbidden, "the control API answers this machine's loopback addresses alone")
	case !loopbackName(r.Host):
		return refuse(http.StatusForbidden, "the control API answers under a loopback name alone, such as 127.0.0.1 or localhost; the Host is %q", r.Host)
	case r.Header.Get("Origin") != "":
		return refuse(http.StatusForbidden, "the control API answers no web page (Origin %q)", r.Header.Get("Origin"))
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "none" {
		return refuse(http.StatusForbidden, "the control API answers no web page (Sec-Fetch-Site %q)", site)
	}
	return nil
}

func loopbackName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
