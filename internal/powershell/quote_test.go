package powershell_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/goldenami/packer-plugin-goldenami/internal/powershell"
	"github.com/goldenami/packer-plugin-goldenami/internal/powershell/grammar"
)

var hard = []string{
	"", "'", "''", "a'b\"c", "$(exit)", "`n", "\u2018\u2019\u201a\u201b", "</powershell>", "\u00e9", "\n", "\r\n", "@'\n'@", "#", "\x00", "-x", "%TEMP%",
	`C:\Users\it's`, "a;b|c&d", "--%", "{}", "@(", "\U0001f511", "a b", strings.Repeat("'", 99),
}

// value is what PowerShell makes of a string literal: the rule of single quotes.
func value(t *testing.T, literal string) string {
	t.Helper()
	if len(literal) < 2 || literal[0] != '\'' || literal[len(literal)-1] != '\'' {
		t.Fatalf("%s is no literal in single quotes", literal)
	}
	return strings.ReplaceAll(literal[1:len(literal)-1], "''", "'")
}

// TestLiteralsAreOneString parses what Literal gives: one statement with one string,
// which is the value or its base64.
func TestLiteralsAreOneString(t *testing.T) {
	t.Parallel()
	values := append([]string{}, hard...)
	for seed := range 1500 {
		values = append(values, rapid.String().Example(seed), rapid.StringMatching(`[ -~]{0,20}`).Example(seed))
	}
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = "$x = " + powershell.Literal(v)
	}
	for i, tree := range grammar.Parse(t, texts...) {
		if len(tree.Faults) > 0 || tree.Statements != 1 || len(tree.Strings) != 1 || len(tree.Commands) > 0 || len(tree.Variables) != 1 {
			t.Fatalf("%q became %s: %+v", values[i], texts[i], tree)
		}
		got := value(t, tree.Strings[0])
		if strings.Contains(texts[i], "FromBase64String") {
			raw, err := base64.StdEncoding.DecodeString(got)
			if err != nil {
				t.Fatal(err)
			}
			got = string(raw)
		}
		if got != strings.ToValidUTF8(values[i], "\ufffd") {
			t.Fatalf("%q became %s", values[i], texts[i])
		}
	}
}

func FuzzLiteralIsPlain(f *testing.F) {
	for _, v := range hard {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		text := powershell.Literal(v)
		for _, b := range []byte(text) {
			if b < ' ' || b > '~' || b == '<' {
				t.Fatalf("%q became %s", v, text)
			}
		}
		if plain := strings.Count(text, "'"); plain%2 != 0 {
			t.Fatalf("%q became %s", v, text)
		}
	})
}

func TestLists(t *testing.T) {
	t.Parallel()
	for want, all := range map[string][]string{"@()": nil, "@('a')": {"a"}, "@('it''s', 'b')": {"it's", "b"}} {
		if got := powershell.List(all); got != want {
			t.Errorf("%q became %s, not %s", all, got, want)
		}
	}
}

func TestCommandHoldsTheProgram(t *testing.T) {
	t.Parallel()
	for _, program := range append([]string{"exit 3\n# é \U0001f511"}, hard...) {
		line := powershell.Command(program)
		words := strings.Split(line, " ")
		if words[0] != "powershell.exe" || words[len(words)-2] != "-EncodedCommand" || strings.ContainsAny(line, "\"'`$%^&|<>()\n\r;") {
			t.Fatalf("%q became %s", program, line)
		}
		got, ok := powershell.Program(line)
		if !ok || utf8.ValidString(program) && got != program {
			t.Errorf("%q became %q", program, got)
		}
	}
}

func TestWhatIsNoCommandHoldsNone(t *testing.T) {
	t.Parallel()
	good := powershell.Command("exit")
	for _, bad := range []string{"", "exit", strings.ToUpper(good), " " + good, good + "=", good + " x", strings.TrimSuffix(good, good[len(good)-4:]) + "AA=="} {
		if got, ok := powershell.Program(bad); ok {
			t.Errorf("%s holds %q", bad, got)
		}
	}
}
