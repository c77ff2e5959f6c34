package lineage

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
)

// Document is the lineage of one image as other programs read it.
type Document struct {
	Schema int `json:"schema"`
	// Recorded tells that EC2's own record was read.
	Recorded bool `json:"recorded_by_ec2"`
	// Images are the image in every Region that has it.
	Images []Ref `json:"images"`
	// Chain begins with the image of the build Region.
	Chain []Image `json:"chain"`
}

// NewDocument gives the document, with its images in order of Region and id.
func NewDocument(images []Ref, chain []Image, recorded bool) Document {
	images = slices.Clone(images)
	slices.SortFunc(images, func(a, b Ref) int { return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.ID, b.ID)) })
	return Document{Schema: schema, Recorded: recorded, Images: images, Chain: chain}
}

// JSON gives the same bytes for the same facts.
func (d Document) JSON() ([]byte, error) { return encode(d) }

// schema is the version of both formats; it changes when a reader would misread one.
const schema = 1

func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // these files are for people too
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return out.Bytes(), err
}
