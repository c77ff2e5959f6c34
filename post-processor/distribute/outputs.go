package distribute

import (
	"encoding/json"
	"fmt"

	"github.com/goldenami/packer-plugin-goldenami/internal/atomicfile"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
)

// outputs is the JSON file that tells other programs what is where.
type outputs struct {
	path    string // empty: nothing is written
	regions map[string]outputRegion
}

type outputRegion struct {
	Image      string   `json:"image"`
	Snapshots  []string `json:"snapshots"`
	KMSKeys    []string `json:"kms_keys"`
	SharedWith []string `json:"shared_with"`
}

func newOutputs(path string) *outputs {
	return &outputs{path: path, regions: make(map[string]outputRegion)}
}

// check finds out, before hours of copying, whether the file can be written.
func (o *outputs) check() error {
	if o.path == "" {
		return nil
	}
	if err := atomicfile.Check(o.path); err != nil {
		return fmt.Errorf("outputs: json: %w", err)
	}
	return nil
}

// add records a finished Region and writes the file.
func (o *outputs) add(r distribution.Result) error {
	o.regions[r.Region] = outputRegion{
		Image:      r.ImageID,
		Snapshots:  notNil(r.SnapshotIDs),
		KMSKeys:    notNil(r.KMSKeyARNs),
		SharedWith: notNil(r.SharedWith),
	}
	if o.path == "" {
		return nil
	}
	if err := o.write(); err != nil {
		return fmt.Errorf("outputs: json: %w", err)
	}
	return nil
}

// write replaces the file as a whole, so that a reader never sees half of it. It
// holds ids only and is for other programs, hence readable by all.
func (o *outputs) write() error {
	data, err := json.MarshalIndent(o.regions, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(o.path, append(data, '\n'), 0o644)
}

// notNil makes an empty list [] in JSON, not null.
func notNil(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
