package stage

import (
	"encoding/json"
	"fmt"
	"math"
	"path"
	"time"
)

// StatusFile is where the user data tells how far it came.
var StatusFile = path.Join(path.Dir(MarkerDir), "status.json")

// State is how far the stages of first boot came.
type State string

// The states. A machine that was switched off meanwhile stays in StateRunning.
const (
	StateRunning State = "running"
	StateDone    State = "done"
	StateFailed  State = "failed"
)

// Result is what became of a stage at first boot.
type Result string

// The results. A stage that was not reached has none.
const (
	ResultKept   Result = "kept"   // it was done before: the image holds it
	ResultRan    Result = "ran"    // it ran, with success
	ResultFailed Result = "failed" // it ended with another exit code than 0
)

// statusSchema is raised when a field changes its meaning.
const statusSchema = 1

// Status is what StatusFile holds.
type Status struct {
	Schema   int           `json:"schema"`    // 1
	State    State         `json:"state"`     // of the whole
	ExitCode int           `json:"exit_code"` // that of the stage that failed, or 0
	Started  int64         `json:"started"`   // Unix time, seconds
	Seconds  float64       `json:"seconds"`   // since then, when this was written
	Stages   []StageStatus `json:"stages"`    // those reached, in order
}

// StageStatus is what became of one stage.
type StageStatus struct {
	Name     string `json:"name"`
	Hash     string `json:"hash"`
	Result   Result `json:"result"`
	ExitCode int    `json:"exit_code"`
	// How long it took: with hundredths where the machine shows its uptime as Linux
	// does, in whole seconds elsewhere.
	Seconds float64 `json:"seconds"`
}

// ParseStatus reads a StatusFile.
func ParseStatus(text []byte) (Status, error) {
	var s Status
	if err := json.Unmarshal(text, &s); err != nil {
		return Status{}, fmt.Errorf("status of first boot: %w", err)
	}
	if s.Schema != statusSchema {
		return Status{}, fmt.Errorf("status of first boot: schema %d is not known", s.Schema)
	}
	return s, nil
}

// Remainder is how long the stages took that the image did not hold, in hundredths of
// a second.
func (s Status) Remainder() time.Duration {
	var all float64
	for _, of := range s.Stages {
		if of.Result != ResultKept {
			all += of.Seconds
		}
	}
	return time.Duration(math.Round(all*100)) * (time.Second / 100)
}
