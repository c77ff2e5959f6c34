package ami

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestNameIsNeverRefused(t *testing.T) {
	t.Parallel()
	if got := Name("web", Full, "x86_64", "0123456789abcdef", "01JD0000000000000000000000"); got != "web-full-x86_64-01234567-01JD0000000000000000000000" {
		t.Errorf("name is %q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		v := NewVersion(now)
		name := Name(rapid.String().Draw(t, "family"), rapid.SampledFrom(Tiers()).Draw(t, "tier"),
			rapid.String().Draw(t, "arch"), rapid.String().Draw(t, "fingerprint"), v)
		if err := ValidateName(name); err != nil || !strings.HasSuffix(name, v) {
			t.Fatalf("name %q: %v", name, err)
		}
	})
	rapid.Check(t, func(t *rapid.T) { // a valid family is never cut
		family := rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._/-]{0,63}`).Draw(t, "family")
		name := Name(family, OSOnly, "x86_64_mac", "0123456789abcdef", NewVersion(now))
		if ValidateFamily(family) != nil || !strings.HasPrefix(name, family+"-os-only-x86_64_mac-01234567-") {
			t.Fatalf("name %q", name)
		}
	})
}

func TestValidateName(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"abc", "Az09 ()[] ./-'@_", strings.Repeat("x", 128)} {
		if err := ValidateName(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "ab", strings.Repeat("x", 129), "a:b:c", "abc\n", "naïve", "a{b}", "a*b?"} {
		if ValidateName(bad) == nil {
			t.Errorf("%q: no error", bad)
		}
	}
	for _, bad := range []string{"", "-a", "a b", "a*", "a\n", strings.Repeat("x", 65)} {
		if ValidateFamily(bad) == nil {
			t.Errorf("family %q: no error", bad)
		}
	}
}

func TestVersionsSortByTime(t *testing.T) {
	t.Parallel()
	var made []string
	for _, at := range []time.Time{now, now, now, now.Add(time.Millisecond), now.Add(time.Hour)} {
		made = append(made, NewVersion(at))
	}
	if !slices.IsSorted(made) || len(slices.Compact(made)) != len(made) {
		t.Errorf("versions %v", made)
	}
	for _, broken := range []time.Time{{}, time.Unix(1<<50, 0)} {
		if v := NewVersion(broken); !isVersion(v) {
			t.Errorf("at %v: %q", broken, v)
		}
	}
}

func TestTiers(t *testing.T) {
	t.Parallel()
	for i, tier := range Tiers() {
		if got, err := ParseTier(string(tier)); err != nil || got != tier || tier.Rank() != i {
			t.Errorf("%s: %v, %v, rank %d", tier, got, err, tier.Rank())
		}
	}
	if below, ok := Full.Below(); !ok || below != Hybrid {
		t.Errorf("below full is %q", below)
	}
	if below, ok := OSOnly.Below(); ok {
		t.Errorf("below os-only is %q", below)
	}
	if _, err := ParseTier("os"); err == nil || !strings.Contains(err.Error(), "os-only, hybrid, full") {
		t.Errorf("error is %v", err)
	}
	if Tier("").Rank() != -1 {
		t.Error("the empty tier is not below all")
	}
	if s, err := ParseState("good"); err != nil || s != Good {
		t.Errorf("state %q, %v", s, err)
	}
	if _, err := ParseState("fine"); err == nil || !strings.Contains(err.Error(), "revoked") {
		t.Errorf("error is %v", err)
	}
}

func TestParseAge(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"720h": 720 * time.Hour, "45m": 45 * time.Minute, "30d": 720 * time.Hour, "1d12h": 36 * time.Hour, "0d": 0, "106751d": 106751 * day,
	} {
		if got, err := ParseAge(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "d", "30", "-1d", "-1h", "1d-1h", "1.5d", "1d2d", "106752d", "106751d24h", "9999999999999d", "30 d", "1h1d", "d1h"} {
		if got, err := ParseAge(bad); err == nil || !strings.Contains(err.Error(), "30d") {
			t.Errorf("%q: %v, %v", bad, got, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		if d, err := ParseAge(rapid.String().Draw(t, "text")); err == nil && d < 0 {
			t.Fatalf("negative: %v", d)
		}
	})
}
