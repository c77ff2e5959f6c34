package stage

import (
	"bytes"
	"compress/gzip"
	"fmt"
)

// MaxUserData is EC2's limit for user data before it is encoded, in bytes.
const MaxUserData = 16 * 1024

// UserData gives the one user data for all tiers of a family: every stage in
// order, each guarded by its marker, so that an instance runs what its image
// lacks and nothing twice. cloud-init runs it as it is, and unpacks it by
// itself where it had to be compressed to fit. No stages give no user data.
func UserData(all []Stage) ([]byte, error) { return Renderer{}.UserData(all) }

// UserData is UserData with the renderer's settings.
func (r Renderer) UserData(all []Stage) ([]byte, error) {
	if len(all) == 0 {
		return nil, nil
	}
	program := r.program(all)
	if len(program) <= MaxUserData {
		return program, nil
	}
	var packed bytes.Buffer
	writer, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("compress user data: %w", err)
	}
	// The header carries no time and no name, so equal stages give equal bytes.
	if _, err := writer.Write(program); err != nil {
		return nil, fmt.Errorf("compress user data: %w", err)
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("compress user data: %w", err)
	}
	if packed.Len() > MaxUserData {
		largest := all[0]
		for _, s := range all {
			if len(s.content) > len(largest.content) {
				largest = s
			}
		}
		return nil, fmt.Errorf("the user data of all %d stages is %d bytes, compressed %d: EC2 takes %d; "+
			"the largest is stage %q with %d bytes: keep long scripts in S3 or an SSM parameter and let the stage download and run them",
			len(all), len(program), packed.Len(), MaxUserData, largest.Name, len(largest.content))
	}
	return packed.Bytes(), nil
}
