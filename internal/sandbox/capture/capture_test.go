package capture_test

import "testing"

// subjects are all observations. An observation that the endpoint does not make
// like the real service fails here; there is no list of exceptions.
var subjects = []struct {
	name         string
	observations []observation
}{
	{"images", images},
	{"image attributes", imageAttributes},
	{"sharing images", imageSharing},
	{"authority", authority},
	{"snapshots", snapshots},
	{"sharing snapshots", snapshotSharing},
	{"volumes", volumes},
	{"volume performance", volumePerformance},
	{"key pairs", keyPairs},
	{"imported keys", importedKeys},
	{"launch templates", launchTemplates},
	{"template versions", templateVersions},
	{"parameters", parameters},
	{"parameter selectors", parameterSelectors},
	{"parameter filters", parameterFilters},
	{"grants", grants},
}

func TestCaptures(t *testing.T) {
	t.Parallel()
	for _, s := range subjects {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for _, o := range s.observations {
				t.Run(o.did, func(t *testing.T) {
					t.Parallel()
					newRig(t).run(o)
				})
			}
		})
	}
}

// TestCount holds the least number of observations, so that a lost table is seen.
func TestCount(t *testing.T) {
	t.Parallel()
	n := 0
	for _, s := range subjects {
		n += len(s.observations)
	}
	if n < 100 {
		t.Errorf("want at least 100 observations, got %d", n)
	}
}
