package ami

import (
	"slices"
	"testing"
)

// TestStatesChangeAsTheTableSays lists every change that is allowed; the table in the
// package's comment says who makes it.
func TestStatesChangeAsTheTableSays(t *testing.T) {
	t.Parallel()
	allowed := map[State][]State{
		Building: {Testing, Good, Bad},
		Testing:  {Good, Bad},
		Good:     {Bad, Revoked, Retired},
		Bad:      {Retired},
		Revoked:  {Good, Retired},
		Retired:  {},
	}
	for _, from := range States() {
		for _, to := range States() {
			err := CheckChange(from, to)
			if want := from == to || slices.Contains(allowed[from], to); want != (err == nil) {
				t.Errorf("%s to %s: %v", from, to, err)
			}
		}
		if CheckChange(from, "fine") == nil || CheckChange("", from) != nil {
			t.Errorf("%s: an unknown state is taken, or the first state is refused", from)
		}
	}
}
