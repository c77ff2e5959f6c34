package ec2

import "testing"

func TestSnapshotsGrowByBlocks(t *testing.T) {
	t.Parallel()
	for bytes, want := range map[int64]int64{0: 0, 1: 524288, 524288: 524288, 524289: 1048576} {
		if got := inBlocks(bytes); got != want {
			t.Errorf("%d bytes take up %d, not %d", bytes, got, want)
		}
	}
}
