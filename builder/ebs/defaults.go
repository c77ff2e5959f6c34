package ebs

import (
	"fmt"

	"github.com/hashicorp/packer-plugin-sdk/template/config"
)

// options are the template's own words: which options it sets, before defaults.
type options map[string]any

// given merges the maps that Packer hands over. Decode has turned HCL into maps by
// then; in HCL an option that was left out is there and nil.
func given(raws []any) options {
	out := options{}
	for _, raw := range raws {
		for key, value := range asMap(raw) {
			if value != nil {
				out[key] = value
			}
		}
	}
	return out
}

func (o options) has(key string) bool { return o[key] != nil }

// block gives the n-th block or object of a list.
func (o options) block(key string, n int) options {
	switch list := o[key].(type) {
	case []any:
		if n < len(list) {
			return asMap(list[n])
		}
	case []map[string]any:
		if n < len(list) {
			return list[n]
		}
	case map[string]any, map[any]any: // JSON allows one object in place of a list
		if n == 0 {
			return asMap(list)
		}
	}
	return nil
}

// asMap takes the shapes that HCL, JSON and Packer's RPC give a map.
func asMap(v any) map[string]any {
	switch m := v.(type) {
	case map[string]any:
		return m
	case map[any]any:
		out := make(map[string]any, len(m))
		for key, value := range m {
			out[fmt.Sprint(key)] = value
		}
		return out
	}
	return nil
}

// applyDefaults sets what amazon-ebs leaves open by default. A value that the user
// gives always wins; the differences are listed in the documentation.
func (c *Config) applyDefaults(set options) {
	if c.Metadata.HttpTokens == "" {
		c.Metadata.HttpTokens = "required"
	}
	if !set.has("ssh_clear_authorized_keys") {
		c.Comm.SSHClearAuthorizedKeys = true
	}
	for i := range c.LaunchMappings {
		if !set.block("launch_block_device_mappings", i).has("delete_on_termination") {
			c.LaunchMappings[i].DeleteOnTermination = true
		}
	}
	// Without either option amazon-ebs opens the port to the world.
	if len(c.TemporarySGSourceCidrs) == 0 {
		c.TemporarySGSourcePublicIp = true
	}
	// A key says that encryption is wanted.
	if c.AMIEncryptBootVolume == config.TriUnset && (c.AMIKmsKeyId != "" || len(c.AMIRegionKMSKeyIDs) > 0) {
		c.AMIEncryptBootVolume = config.TriTrue
	}
	if c.DeregistrationProtection.WithCooldown {
		c.DeregistrationProtection.Enabled = true
	}
	c.temporaryKeyIsDefault = !set.has("temporary_key_pair_name")
	c.applyLayerDefaults()
}

func (c *LayerConfig) applyLayerDefaults() {
	setDefault(&c.Rebuild, rebuildAuto)
	setDefault(&c.OnFailure, onFailureClean)
	if !c.layered() {
		return
	}
	setDefault(&c.Parent.WaitTimeout, "4h")
	if below, ok := c.tier().Below(); ok {
		setDefault(&c.Parent.Tier, string(below))
	}
}

func setDefault(s *string, value string) {
	if *s == "" {
		*s = value
	}
}
