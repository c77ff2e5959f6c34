package ami

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"pgregory.net/rapid"
)

func drawMeta(t *rapid.T) Meta {
	second := rapid.Int64Range(1, 4102444800)
	built := time.Unix(second.Draw(t, "built"), 0).UTC()
	m := Meta{
		Family:      rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._/-]{0,63}`).Draw(t, "family"),
		Tier:        rapid.SampledFrom(Tiers()).Draw(t, "tier"),
		State:       rapid.SampledFrom(States()).Draw(t, "state"),
		Version:     NewVersion(built),
		Fingerprint: rapid.StringMatching(`[0-9a-f]{64}`).Draw(t, "fingerprint"),
		Inputs:      rapid.StringMatching(`[0-9a-f:]{0,140}`).Draw(t, "inputs"),
		Parent:      rapid.StringMatching(`(ami-[0-9a-f]{17})?`).Draw(t, "parent"),
		Root:        rapid.StringMatching(`(ami-[0-9a-f]{17})?`).Draw(t, "root"),
		Run:         rapid.StringMatching(`[0-9a-f-]{0,36}`).Draw(t, "run"),
		Metrics:     rapid.StringMatching(`([a-z-]{1,10}=[0-9]{1,9}(\.[0-9]{1,4})?( own=[0-9]\.[0-9]){0,5})?`).Draw(t, "metrics"),
		Seal:        rapid.StringMatching(`((seal|audit)( [a-z-]{1,10}=[0-9]{1,9}){1,6})?`).Draw(t, "seal"),
		BuiltAt:     built,
	}
	if rapid.Bool().Draw(t, "layered") {
		m.ParentVersion = NewVersion(built)
	}
	if rapid.Bool().Draw(t, "expires") {
		m.ExpiresAt = time.Unix(second.Draw(t, "expiry"), 0).UTC()
	}
	if rapid.Bool().Draw(t, "followed") {
		m.LaunchTemplate = TemplateVersion{
			ID:     rapid.StringMatching(`lt-[0-9a-f]{17}`).Draw(t, "template"),
			Number: rapid.Int64Range(1, 1e15).Draw(t, "number"),
		}
		m.Parameters = rapid.StringMatching(`/golden/[a-z.-]{1,20}(,[A-Za-z0-9_]{1,9}){0,3}`).Draw(t, "parameters")
	}
	if rapid.Bool().Draw(t, "revoked once") {
		m.RevokedAt = time.Unix(second.Draw(t, "revoked"), 0).UTC()
		m.RevokedReason = rapid.StringMatching(`[a-z: ]{0,40}`).Draw(t, "reason")
	}
	return m
}

func TestParseInvertsTags(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawMeta(t)
		tags := append(EC2Tags(m.Tags()), EC2Tags(map[string]string{"Name": "x", "goldenami": "y"})...)
		got, ok := Parse(rapid.Permutation(tags).Draw(t, "tags"))
		if !ok || got != m {
			t.Fatalf("got %+v, %v; want %+v", got, ok, m)
		}
		for _, tag := range tags {
			if *tag.Value == "" || len(*tag.Value) > maxTagValue || len(*tag.Key) > 128 {
				t.Fatalf("EC2 would refuse %s=%s", *tag.Key, *tag.Value)
			}
		}
	})
}

func TestParseRefusesDamage(t *testing.T) {
	t.Parallel()
	whole := goodMeta()
	whole.ParentVersion, whole.Inputs, whole.Run = version(now), "v1", "run"
	for name, change := range map[string]func(map[string]string){
		"no schema":            func(m map[string]string) { delete(m, tagSchema) },
		"another schema":       func(m map[string]string) { m[tagSchema] = "2" },
		"no family":            func(m map[string]string) { delete(m, tagFamily) },
		"wildcard family":      func(m map[string]string) { m[tagFamily] = "w*" },
		"unknown tier":         func(m map[string]string) { m[tagTier] = "half" },
		"unknown state":        func(m map[string]string) { m[tagState] = "Good" },
		"no state":             func(m map[string]string) { delete(m, tagState) },
		"no version":           func(m map[string]string) { delete(m, tagVersion) },
		"short version":        func(m map[string]string) { m[tagVersion] = m[tagVersion][1:] },
		"lower-case version":   func(m map[string]string) { m[tagVersion] = strings.ToLower(m[tagVersion]) },
		"overflow version":     func(m map[string]string) { m[tagVersion] = "9" + m[tagVersion][1:] },
		"bad parent version":   func(m map[string]string) { m[tagParentVersion] = "1.2" },
		"no build time":        func(m map[string]string) { delete(m, tagBuiltAt) },
		"bad build time":       func(m map[string]string) { m[tagBuiltAt] = "yesterday" },
		"bad expiry":           func(m map[string]string) { m[tagExpiresAt] = "2026-13-01T00:00:00Z" },
		"local expiry":         func(m map[string]string) { m[tagExpiresAt] = "2026-11-01T00:00:00+01:00" },
		"template, no version": func(m map[string]string) { m[tagLaunchTemplate] = "lt-0123456789abcdef0" },
		"template by name":     func(m map[string]string) { m[tagLaunchTemplate] = "web:1" },
		"template version 0":   func(m map[string]string) { m[tagLaunchTemplate] = "lt-0123456789abcdef0:0" },
		"template version 01":  func(m map[string]string) { m[tagLaunchTemplate] = "lt-0123456789abcdef0:01" },
		"template $Latest":     func(m map[string]string) { m[tagLaunchTemplate] = "lt-0123456789abcdef0:$Latest" },
		"unnamed parameter":    func(m map[string]string) { m[tagParameters] = "/a,,/b" },
		"secret's ARN":         func(m map[string]string) { m[tagParameters] = "arn:aws:ssm:x" },
		"bad revocation":       func(m map[string]string) { m[tagRevokedAt] = "today" },
		"too long a value":     func(m map[string]string) { m[tagRun] = strings.Repeat("x", 257) },
		"another seal":         func(m map[string]string) { m[tagSeal] = "waxed operations=1" },
		"words in a seal":      func(m map[string]string) { m[tagSeal] = "seal operations=many" },
		"words for metrics":    func(m map[string]string) { m[tagMetrics] = "wait=long" },
		"loose metrics":        func(m map[string]string) { m[tagMetrics] = "wait=1  boot=2" },
	} {
		tags := maps.Clone(whole.Tags())
		change(tags)
		if m, ok := Parse(EC2Tags(tags)); ok {
			t.Errorf("%s: parsed as %+v", name, m)
		}
	}
	if _, ok := Parse(EC2Tags(whole.Tags())); !ok {
		t.Error("the undamaged tags do not parse")
	}
	if _, ok := Parse([]types.Tag{{}, {Key: aws.String("a")}}); ok {
		t.Error("foreign tags parse")
	}
}

// FuzzParse changes one tag of a good image: what still parses must be well
// formed and read back the same.
func FuzzParse(f *testing.F) {
	f.Add(tagVersion, "x")
	f.Add(tagExpiresAt, "2026-11-01T00:00:00Z")
	f.Add("goldenami:unheard-of", "y")
	f.Add(tagTier, "hybrid")
	for _, value := range oddValues() {
		for _, key := range oddKeys() {
			f.Add(key, value)
		}
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		tags := goodMeta().Tags()
		tags[key] = value
		m, ok := Parse(EC2Tags(tags))
		if !ok {
			neverFound(t, EC2Tags(tags))
			return
		}
		if _, err := ParseTier(string(m.Tier)); err != nil || ValidateFamily(m.Family) != nil || len(m.Version) != 26 {
			t.Fatalf("parsed %+v", m)
		}
		if again, ok := Parse(EC2Tags(m.Tags())); !ok || again != m {
			t.Fatalf("read back %+v, %v; want %+v", again, ok, m)
		}
	})
}

func TestExpired(t *testing.T) {
	t.Parallel()
	m := Meta{ExpiresAt: now}
	if m.Expired(now.Add(-time.Second)) || !m.Expired(now) || (Meta{}).Expired(now) {
		t.Error("an image expires at its time, and without one never")
	}
}
