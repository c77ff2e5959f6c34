package grammar_test

import (
	"slices"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/powershell/grammar"
)

func TestWhatIsNoPowerShellIsFound(t *testing.T) {
	t.Parallel()
	bad := []string{"if ($a) {", "$x = 'a' 'b'", "foreach ($a) { }", "$x = @('a', )", "'a", "$x = (1", "}"}
	for i, tree := range grammar.Parse(t, bad...) {
		if len(tree.Faults) == 0 {
			t.Errorf("%s passes", bad[i])
		}
	}
}

func TestWhatIsInAText(t *testing.T) {
	t.Parallel()
	tree := grammar.Parse(t, "function A-b($c) { Get-Item 'it''s' | d-e }\nA-b $f")[0]
	if len(tree.Faults) > 0 || tree.Statements != 2 || !slices.Equal(tree.Commands, []string{"Get-Item", "d-e", "A-b"}) ||
		!slices.Equal(tree.Functions, []string{"A-b"}) || !slices.Equal(tree.Strings, []string{"'it''s'"}) || !slices.Equal(tree.Variables, []string{"$c", "$f"}) {
		t.Errorf("%+v", tree)
	}
}
