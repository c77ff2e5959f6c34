package seal_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
)

// TestHandovers: a program may hand over what it is known for, in bounded number, and
// nothing else.
func TestHandovers(t *testing.T) {
	t.Parallel()
	nonce := strings.Repeat("ab", 16)
	p := seal.Expectation{
		Mode: seal.ModeSeal, Nonce: nonce, NotCovered: []string{"the rest"},
		Operations: []seal.Operation{{Name: "a", Default: "on"}, {Name: "b", Default: "off"}}, Selected: []string{"a"},
		Handovers: []seal.Handover{{Name: "winrm", Reason: "it is the way in"}, {Name: "other", Reason: "x"}},
	}.Parser()
	say := func(line string) { fmt.Fprintf(p, "@goldenami %s %s\n", nonce, line) }
	say("start t:seal")
	say("op t:a t:sealed t:1 t:2 x:")
	say("check t:a t:0")
	for i := range 60 {
		say(fmt.Sprintf("sysprep t:winrm t:listener-%d", i))
	}
	say("sysprep t:unheard-of t:x")
	say("sysprep t:winrm x:1b5b316d")
	say("end t:0")
	r := p.Report()
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	if len(r.LeftForSysprep) != 1 || r.LeftForSysprep[0].Name != "winrm" || r.LeftForSysprep[0].Reason != "it is the way in" || len(r.LeftForSysprep[0].Items) != 50 {
		t.Fatalf("%+v", r.LeftForSysprep)
	}
	r.LeftForSysprep[0].Items[0] = "changed"
	if p.Report().LeftForSysprep[0].Items[0] != "listener-0" {
		t.Error("a report shares its items with the parser")
	}
	for want, handovers := range map[string][]seal.Handover{`"left_for_sysprep":[]`: {{Name: "winrm"}}, `"not_covered":null,"complete"`: nil} {
		text, err := json.Marshal(seal.Expectation{Handovers: handovers}.Parser().Report())
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s, %v: want %s", text, err, want)
		}
	}
	table := strings.Join(p.Report().Table(), "\n")
	for _, want := range []string{"left for sysprep: winrm: it is the way in\n  listener-0\n", "not covered: the rest", "\nb          -        -      skipped  skipped"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
}
