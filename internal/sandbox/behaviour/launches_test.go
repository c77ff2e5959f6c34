package behaviour_test

import "testing"

var launchTests = map[int]func(t *testing.T){}
