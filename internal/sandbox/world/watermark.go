package world

import "time"

// Watermark is a mark that an image and everything made of it carries.
type Watermark struct {
	// Key is the id of the account that attached it, a colon, and its name.
	Key string
	// SourceImageID and SourceRegion are where it was first attached.
	SourceImageID, SourceRegion string
	// SourceCreated is when that image was made, Attached when the mark was.
	SourceCreated, Attached time.Time
}

// Watermarks are the marks of an image, in the order in which it got them. Few
// images have any, so that they are kept beside the images.
func (w *World) Watermarks(i *Image) []Watermark {
	return w.Region(i.OwnerID, i.Region).Watermarks[i.ID]
}

// SetWatermarks replaces the marks of an image.
func (w *World) SetWatermarks(i *Image, marks []Watermark) {
	r := w.Region(i.OwnerID, i.Region)
	if len(marks) == 0 {
		delete(r.Watermarks, i.ID)
		return
	}
	r.Watermarks[i.ID] = append([]Watermark(nil), marks...)
}
