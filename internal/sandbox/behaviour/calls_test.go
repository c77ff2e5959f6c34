package behaviour_test

import "testing"

var callTests = map[int]func(t *testing.T){}
