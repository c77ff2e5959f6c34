package policy

import (
	"slices"
	"strings"
)

// Context are the condition keys of a call with their values. Keys are not
// case-sensitive. The zero value has none.
type Context struct{ keys map[string]entry }

type entry struct {
	name   string
	values []string
}

// Set gives a key its values; none removes it.
func (c *Context) Set(key string, values ...string) {
	if len(values) == 0 {
		delete(c.keys, strings.ToLower(key))
		return
	}
	if c.keys == nil {
		c.keys = map[string]entry{}
	}
	c.keys[strings.ToLower(key)] = entry{name: key, values: values}
}

// SetNotEmpty is [Context.Set] for one value that may be unknown: an empty one is
// left out.
func (c *Context) SetNotEmpty(key, value string) {
	if value != "" {
		c.Set(key, value)
	}
}

// Values are a key's values; none where the call has no such key.
func (c *Context) Values(key string) []string { return c.keys[strings.ToLower(key)].values }

// With is a context that has the keys of both; those of more win.
func (c *Context) With(more Context) Context {
	var all Context
	for _, from := range []Context{*c, more} {
		for _, e := range from.keys {
			all.Set(e.name, e.values...)
		}
	}
	return all
}

// Names are the keys as they were set, in order.
func (c *Context) Names() []string {
	names := make([]string, 0, len(c.keys))
	for _, e := range c.keys {
		names = append(names, e.name)
	}
	slices.Sort(names)
	return names
}
