package ami

import (
	"fmt"
	"strings"
)

// Tier says how much of a machine an image holds. What it does not hold is
// done at first boot, so a higher tier takes longer to build and less to boot.
type Tier string

// The tiers, lowest first.
const (
	// OSOnly holds the patched operating system.
	OSOnly Tier = "os-only"
	// Hybrid holds the operating system and the runtimes.
	Hybrid Tier = "hybrid"
	// Full holds everything; nothing is left for first boot.
	Full Tier = "full"
)

// Tiers gives all tiers, lowest first.
func Tiers() []Tier { return []Tier{OSOnly, Hybrid, Full} }

// ParseTier gives the tier of that name. The error lists the names there are.
func ParseTier(s string) (Tier, error) {
	for _, t := range Tiers() {
		if s == string(t) {
			return t, nil
		}
	}
	names := make([]string, 0, len(Tiers()))
	for _, t := range Tiers() {
		names = append(names, string(t))
	}
	return "", fmt.Errorf("unknown tier %q: use one of %s", s, strings.Join(names, ", "))
}

// Rank orders tiers: 0 for os-only, 1 for hybrid, 2 for full, and -1 for the
// empty or an unknown tier, which is below all.
func (t Tier) Rank() int {
	for rank, known := range Tiers() {
		if t == known {
			return rank
		}
	}
	return -1
}

// Below gives the next lower tier; false for the lowest and for unknown tiers.
func (t Tier) Below() (Tier, bool) {
	rank := t.Rank()
	if rank < 1 {
		return "", false
	}
	return Tiers()[rank-1], true
}
