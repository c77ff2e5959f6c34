package main

import (
	"os"
	"runtime/debug"
)

// memoryGoal is where the garbage collector begins to work harder: full Regions
// and many clients stay below 1 GiB resident then. It is a goal and no limit.
const memoryGoal = 800 << 20

// limitMemory sets the goal, unless the caller's GOMEMLIMIT has set one.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryGoal)
	}
}
