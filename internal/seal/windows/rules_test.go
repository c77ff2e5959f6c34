package windows

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// alike is what POSIX, Go and .NET read in the same way: plain characters, lists
// without a backslash, groups, counts, "+", "*", "?" and "|". Of lists it takes
// those in which "[" and "^" are nothing but characters, or turn the list round.
var alike = regexp.MustCompile(`\A(?:[A-Za-z0-9_/:@=,"' -]|\[\^?[^][\\^]*(?:\[:space:\][^][\\^]*)*\]|\((?:(?:[A-Za-z0-9_|]|\[[A-Za-z0-9-]*\])\??)*\)|[+*?]|\{[0-9]+,?[0-9]*\})*\z`)

// forWindows is what may stand in a list of .NET in place of a class.
var forWindows = strings.NewReplacer(`\t\v\f\r `, "[:space:]")

func TestPatternsAreReadAlike(t *testing.T) {
	t.Parallel()
	patterns := seal.Rules()
	for _, example := range seal.Examples() {
		patterns = append(patterns, seal.Rule{Name: "example", Pattern: strings.TrimSuffix(example, "$")})
	}
	for _, r := range patterns {
		if !alike.MatchString(r.Pattern) {
			t.Errorf("%s: %s is not read alike by grep and by .NET", r.Name, r.Pattern)
		}
		if got := strings.ReplaceAll(forWindows.Replace(pattern(r.Pattern)), `\n]`, "]"); !alike.MatchString(got) {
			t.Errorf("%s: %s became %s", r.Name, r.Pattern, got)
		}
	}
	for _, bad := range []string{`\d`, `a.b`, `[\w]`, `[[:alpha:]]`, `(?i)a`, `^a`, `a$`, `[a-z-[b]]`, `a\.b`, `[]a]`} {
		if alike.MatchString(bad) {
			t.Errorf("%s counts as read alike", bad)
		}
	}
}

// samples are texts with and without secrets: each secret as it is, within others, cut
// short at either end, with the case of its letters turned, and over two lines.
func samples() []string {
	swap := func(r rune) rune {
		if up := unicode.ToUpper(r); up != r {
			return up
		}
		return unicode.ToLower(r)
	}
	all := []string{
		"", "\n", "AKIAIOSFODNN7EXAMPLE", "https://user:password@host/", "https://user:password@h postgres://app:s3cr3t@db", "aws_secret_access_key=\n" + strings.Repeat("a", 40),
		"aws_secret_access_key\f=\v'" + strings.Repeat("a", 40), "aws_secret_access_key\"\r:\t" + strings.Repeat("a", 40), "x://a:b\nc@d", "x://a:b\tc@d", "x://a:b{c@d", "x://a:b$c@d", "x://a:\xa0b@d",
		strings.Repeat("a", 99) + "://a:b@c", "a1+.-9://a:b@c", "A1://a:b@c", "1a-://a:b@c", "-----BEGIN\nPRIVATE KEY", "-----BEGIN PRIVATE KEY", "-----BEGIN PUBLIC KEY", "AKIA" + strings.Repeat("1", 16), "xoxb-123456789", "xoxb-1234567890",
	}
	for _, secret := range slices.Sorted(maps.Values(sealtest.Secrets())) {
		line, _, _ := strings.Cut(secret, "\n")
		half := len(line) / 2
		all = append(all, secret, "x "+line+" y", "\""+line+"\"\r\n", line+"EXAMPLE", line+"EXAMPLEKEY\n", line[1:], line[:len(line)-1], line[:half], line[half:],
			strings.Map(swap, line), line[:half]+"\n"+line[half:], line[:half]+"\r\n"+line[half:], line[:half]+" "+line[half:], "EXAMPLE "+line+"\n"+line)
	}
	return all
}

// byLines is what the program for Linux does: grep by lines, and then without what
// is an example.
func byLines(posix, text string) bool {
	rule := regexp.MustCompilePOSIX(posix)
	for line := range strings.SplitSeq(text, "\n") {
		for _, found := range rule.FindAllString(line, -1) {
			if !slices.ContainsFunc(seal.Examples(), func(e string) bool { return regexp.MustCompile("(?i)" + e).MatchString(found) }) {
				return true
			}
		}
	}
	return false
}

// byText is what the program for Windows does: it searches the whole text. Go reads a
// pattern that TestPatternsAreReadAlike lets pass as .NET does; \v is the vertical tab
// in both.
func byText(r rule, text string) bool {
	example := regexp.MustCompile("(?i)" + examplePattern())
	return strings.Contains(text, r.sure) && slices.ContainsFunc(regexp.MustCompile(r.pattern).FindAllString(text, -1), func(found string) bool { return !example.MatchString(found) })
}

// TestRulesFindTheSame holds each rule's form for Windows against the one for Linux.
func TestRulesFindTheSame(t *testing.T) {
	t.Parallel()
	posix := seal.Rules()
	if len(posix) < 25 || len(rules()) != len(posix) {
		t.Fatalf("%d and %d rules", len(posix), len(rules()))
	}
	for i, r := range rules() {
		found, passed := 0, 0
		for _, text := range samples() {
			want := byLines(posix[i].Pattern, text)
			if got := byText(r, text); got != want {
				t.Errorf("%s: %q is found %t on Windows and %t on Linux", r.name, text, got, want)
			}
			if want {
				found++
			} else {
				passed++
			}
		}
		if r.name != posix[i].Name || found < 3 || passed < 100 {
			t.Errorf("%s found %d and passed %d", r.name, found, passed)
		}
	}
}

func FuzzRulesFindTheSame(f *testing.F) {
	for _, text := range samples() {
		f.Add(text)
	}
	posix := seal.Rules()
	f.Fuzz(func(t *testing.T, text string) {
		for i, r := range rules() {
			if byText(r, text) != byLines(posix[i].Pattern, text) {
				t.Errorf("%s: %q", r.name, text)
			}
		}
	})
}

func TestWhatIsSureIsInEachFinding(t *testing.T) {
	t.Parallel()
	secrets, various := sealtest.Secrets(), []string{"aws-access-key", "aws-secret-key"}
	for _, r := range rules() {
		if !strings.Contains(secrets[r.name], r.sure) || r.sure == "" && !slices.Contains(various, r.name) {
			t.Errorf("%s: %q", r.name, r.sure)
		}
	}
	for posix, want := range map[string]string{"(a|b)c": "c", "a?bc*": "b", "(abc)+d": "abc", "a{2}": "", "(abc)?d": "d"} {
		if got := sure(posix); got != want {
			t.Errorf("%s: %q", posix, got)
		}
	}
}
