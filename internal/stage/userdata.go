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
// lacks and nothing twice, and beside them the customer's own user data. The
// same input gives the same bytes. Neither stages nor own give no user data.
// cloud-init unpacks what had to be compressed to fit; no agent on Windows does.
func UserData(f Format, all []Stage, own []byte) ([]byte, error) {
	document, err := written(f, all, own)
	if err != nil {
		return nil, err
	}
	if len(document) <= MaxUserData {
		return document, nil
	}
	if f.Windows() {
		return nil, tooLarge(all, own, len(document), ", and Windows takes it in no compressed form")
	}
	packed, err := compress(document)
	if err != nil {
		return nil, err
	}
	if len(packed) > MaxUserData {
		return nil, tooLarge(all, own, len(document), fmt.Sprintf(", compressed %d", len(packed)))
	}
	return packed, nil
}

// written gives user data of any size.
func written(f Format, all []Stage, own []byte) ([]byte, error) {
	switch f {
	case PowerShell:
		return psDocument(all, own)
	case EC2LaunchV2:
		return v2Document(all, own)
	case CloudInit:
	}
	parts, err := ownParts(own)
	if err != nil {
		return nil, err
	}
	if len(all) > 0 {
		parts = append(parts, newPart("text/x-shellscript", partName, Renderer{}.boot(all)))
	}
	if len(parts) == 0 {
		return nil, nil
	}
	return archive(parts), nil
}

// compress writes no time and no name into the header, so equal documents give
// equal bytes.
func compress(document []byte) ([]byte, error) {
	var packed bytes.Buffer
	writer, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("compress user data: %w", err)
	}
	if _, err := writer.Write(document); err != nil {
		return nil, fmt.Errorf("compress user data: %w", err)
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("compress user data: %w", err)
	}
	return packed.Bytes(), nil
}

// tooLarge says what takes the room, and where it can go.
func tooLarge(all []Stage, own []byte, size int, packed string) error {
	what, largest := "the user data of your own", len(own)
	for _, s := range all {
		if n := s.size(); n > largest {
			what, largest = fmt.Sprintf("stage %q", s.Name), n
		}
	}
	return fmt.Errorf("the user data of all %d stages is %d bytes%s: EC2 takes %d; "+
		"the largest is %s with %d bytes: keep long scripts and files in S3 or an SSM parameter and let the stage download and run them",
		len(all), size, packed, MaxUserData, what, largest)
}

// size is what the stage holds, in bytes.
func (s Stage) size() int {
	n := len(s.content)
	for _, f := range s.Files {
		n += len(f.Content)
	}
	return n
}
