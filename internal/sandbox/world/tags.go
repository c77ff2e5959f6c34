package world

import (
	"iter"
	"maps"
)

// TagSet are the tags of one resource, by key.
type TagSet map[string]string

// TagsOf are the tags of a resource of the Region, to read only.
func (r *Region) TagsOf(id string) TagSet {
	if tags := r.Tags.Look(id); tags != nil {
		return *tags
	}
	return nil
}

// SetTags adds tags to a resource of the Region, over those of the same keys.
func (r *Region) SetTags(id string, tags map[string]string) {
	if len(tags) == 0 {
		return
	}
	have := r.Tags.Get(id)
	if have == nil {
		have = &TagSet{}
		r.Tags.Put(id, have)
	}
	maps.Copy(*have, tags)
}

// DeleteTag takes one tag from a resource.
func (r *Region) DeleteTag(id, key string) {
	tags := r.Tags.Get(id)
	if tags == nil {
		return
	}
	delete(*tags, key)
	if len(*tags) == 0 {
		r.Tags.Delete(id)
	}
}

// DropTags takes all tags from a resource, as when it is gone.
func (r *Region) DropTags(id string) { r.Tags.Delete(id) }

// AllTags are the tags of every resource that has any, in the order of the ids.
func (r *Region) AllTags() iter.Seq2[string, TagSet] {
	return func(yield func(string, TagSet) bool) {
		for id, tags := range r.Tags.All() {
			if !yield(id, *tags) {
				return
			}
		}
	}
}
