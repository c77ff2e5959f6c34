package behaviour_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/behaviour"
)

// TestBehaviours makes each behaviour of the list happen. One without a test is a
// failure, and so is a test of none.
func TestBehaviours(t *testing.T) {
	t.Parallel()
	tests := map[int]func(t *testing.T){}
	for _, part := range []map[int]func(t *testing.T){callTests, imageTests, copyTests, launchTests, ruleTests} {
		maps.Copy(tests, part)
	}
	all := behaviour.All()
	const count = 52
	if len(all) != count || len(tests) != count {
		t.Errorf("%d behaviours and %d tests, want %d of each", len(all), len(tests), count)
	}
	for n, b := range all {
		if b.Number != n+1 {
			t.Errorf("behaviour %d stands at place %d", b.Number, n+1)
		}
		run := tests[b.Number]
		if run == nil {
			t.Errorf("behaviour %d has no test: %s", b.Number, b.What)
			continue
		}
		t.Run(fmt.Sprintf("%02d %s", b.Number, b.What), func(t *testing.T) {
			t.Parallel()
			run(t)
		})
	}
}
