package stage

import (
	"fmt"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// Boot is the tier of a stage that no image bakes and every instance runs at its
// first boot. No image is of this tier.
const Boot ami.Tier = "boot"

// Tiers gives the tiers that a stage can have, lowest first: those of images,
// and Boot.
func Tiers() []ami.Tier { return append(ami.Tiers(), Boot) }

// ParseTier gives the tier of a stage. The error lists the names there are.
func ParseTier(s string) (ami.Tier, error) {
	names := make([]string, 0, len(Tiers()))
	for _, tier := range Tiers() {
		if s == string(tier) {
			return tier, nil
		}
		names = append(names, string(tier))
	}
	return "", fmt.Errorf("unknown tier %q: use one of %s", s, strings.Join(names, ", "))
}

// rank orders tiers as ami.Tier.Rank does, with Boot above all.
func rank(t ami.Tier) int {
	if t == Boot {
		return len(ami.Tiers())
	}
	return t.Rank()
}
