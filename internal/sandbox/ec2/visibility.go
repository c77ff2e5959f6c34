package ec2

import (
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

// Unseen is the gate of eventual consistency: a call that names what is not yet
// visible is refused as if that did not exist. The lists of Describe calls leave
// it out by [seen].
func Unseen(c *action.Call, s *action.Set) *wire.Error {
	if s != Actions || !c.World.AnyHidden() {
		return nil
	}
	for _, name := range sortedKeys(c.Form) {
		if strings.HasPrefix(name, "Filter.") || name == "SourceSnapshotId" {
			continue // a filter finds nothing then; CopySnapshot accepts any source and fails later
		}
		for _, value := range c.Form[name] {
			if refusal := unseen(c, name, value); refusal != nil {
				return refusal
			}
		}
	}
	return nil
}

func unseen(c *action.Call, param, value string) *wire.Error {
	if param == "KeyName" && c.Action == "RunInstances" {
		if c.World.Hidden(keyPairID(c, value)) {
			return wire.Errorf("InvalidKeyPair.NotFound", "The key pair '%s' does not exist", value)
		}
		return nil
	}
	if !c.World.Hidden(value) {
		return nil
	}
	kind, known := kindOf(value)
	switch {
	case !known:
		return nil
	case kind.kind == "snapshot" && c.Action == "RegisterImage":
		return wire.Errorf("InvalidSnapshotID.NotFound", "The snapshot ID '%s' does not exist", value)
	}
	return wire.Errorf(kind.code, kind.message, value)
}

// keyPairID is the id of the caller's key pair of a name, or "".
func keyPairID(c *action.Call, name string) string {
	var id string
	c.World.Do(func() {
		if key := c.Mine().KeyPairs[name]; key != nil {
			id = key.ID
		}
	})
	return id
}

// seen leaves out of a list what is not yet visible.
func seen[T any](c *action.Call, list []T, id func(T) string) []T {
	if !c.World.AnyHidden() {
		return list
	}
	kept := make([]T, 0, len(list))
	for _, one := range list {
		if !c.World.Hidden(id(one)) {
			kept = append(kept, one)
		}
	}
	return kept
}

// seenTags are a resource's tags as reads see them: none for a while after the
// resource itself can be seen.
func seenTags(c *action.Call, id string, tags map[string]string) map[string]string {
	if c.World.HiddenTags(id) {
		return nil
	}
	return tags
}
