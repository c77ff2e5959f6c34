package ebs

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestPublicAddress(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status       int
		answer, want string // empty: an error that names the options
	}{
		"IPv4":          {200, "198.51.100.7\n", "198.51.100.7/32"},
		"IPv6":          {200, "2001:db8::7\n", "2001:db8::7/128"},
		"all addresses": {200, "0.0.0.0\n", ""},
		"a page":        {200, "<html>sign in</html>", ""},
		"an error":      {503, "198.51.100.7", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				if _, err := w.Write([]byte(c.answer)); err != nil {
					t.Error(err)
				}
			}))
			defer server.Close()
			got, err := addresses{service: server.URL, client: server.Client()}.sourceCIDRs(t.Context(), "")
			if c.want == "" {
				if err == nil || !strings.Contains(err.Error(), "temporary_security_group_source_cidrs") {
					t.Errorf("%v, error %v", got, err)
				}
				return
			}
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("%v, error %v", got, err)
			}
		})
	}
}

func TestNoAddressForTheInterface(t *testing.T) {
	t.Parallel()
	lone := addresses{local: func() ([]netip.Prefix, error) { return []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8")}, nil }}
	if got, err := lone.sourceCIDRs(t.Context(), "private_ip"); err == nil {
		t.Errorf("the group would let in %v", got)
	}
}
