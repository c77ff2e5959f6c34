package ssm

import (
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

type parameterFilter struct {
	Key, Option string
	Values      []string
}

// A call takes some filter keys, each with some options, the first of which is
// meant where none is named.
var (
	plainOptions    = []string{"Equals", "BeginsWith"}
	describeFilters = map[string][]string{
		"Name": {"Equals", "BeginsWith", "Contains"}, "Type": plainOptions, "KeyId": plainOptions, "Tier": {"Equals"},
		"DataType": {"Equals"}, "Path": {"OneLevel", "Recursive"},
	}
	byPathFilters = map[string][]string{"Type": plainOptions, "KeyId": plainOptions, "Label": {"Equals"}}
)

const tagPrefix = "tag:"

func checkFilters(filters []parameterFilter, keys map[string][]string) error {
	for n, f := range filters {
		options, known := keys[f.Key]
		if strings.HasPrefix(f.Key, tagPrefix) && keys["Path"] != nil {
			options, known = []string{"Equals"}, true
		}
		switch {
		case !known:
			return wire.Errorf("InvalidFilterKey", "The following filter key is not valid: %s. Valid filter keys include: [%s].", f.Key, strings.Join(names(keys), ", ")).Capital()
		case f.Option != "" && !slices.Contains(options, f.Option):
			return wire.Errorf("InvalidFilterOption", "The following filter option is not valid: %s. Valid options include: [%s].", f.Option,
				strings.Join(slices.Sorted(slices.Values(options)), ", "))
		case len(f.Values) == 0 && !strings.HasPrefix(f.Key, tagPrefix):
			return wire.Errorf("InvalidFilterValue", "The following filter values are missing : null for filter key %s.", f.Key).Capital() // unverified: text
		case f.Key == "Label" && len(f.Values) > 1:
			return wire.Errorf("InvalidFilterValue", "The following filter Label can have only one value").Capital()
		case slices.ContainsFunc(filters[:n], func(before parameterFilter) bool { return before.Key == f.Key }):
			return wire.Errorf("InvalidFilterKey", "The following filter is duplicated in the request: %s. A request can contain only one occurrence of a specific filter.", f.Key).Capital() // unverified: text
		}
	}
	return nil
}

// filterOrder is the order in which SSM lists the keys of GetParametersByPath; the
// place of the others is unknown.
var filterOrder = []string{"Name", "Type", "KeyId", "Label", "Path", "Tier", "DataType"}

func names(keys map[string][]string) []string {
	return slices.DeleteFunc(slices.Clone(filterOrder), func(k string) bool { return keys[k] == nil })
}

// chosen gives the version of a parameter that filters choose: the last one, or
// the one with a label; false when the parameter is not meant.
func chosen(p *world.Parameter, filters []parameterFilter) (world.ParameterVersion, bool) {
	v := p.Versions[len(p.Versions)-1]
	for _, f := range filters {
		if f.Key == "Label" {
			at := slices.IndexFunc(p.Versions, func(v world.ParameterVersion) bool {
				return slices.ContainsFunc(v.Labels, func(l string) bool { return slices.Contains(f.Values, l) })
			})
			if at < 0 {
				return v, false
			}
			v = p.Versions[at]
		} else if !f.matches(p) {
			return v, false
		}
	}
	return v, true
}

// matches applies a filter that looks at the parameter as a whole.
func (f parameterFilter) matches(p *world.Parameter) bool {
	var have string
	switch f.Key {
	case "Name":
		have = p.Name
	case "Type":
		have = p.Type
	case "KeyId":
		have = p.KeyID
	case "DataType":
		have = p.DataType
	case "Tier":
		have = p.Tier
	case "Path":
		return f.below(p.Name)
	default:
		value, has := p.Tags[strings.TrimPrefix(f.Key, tagPrefix)]
		return has && (len(f.Values) == 0 || slices.Contains(f.Values, value))
	}
	return f.holds(have)
}

func (f parameterFilter) holds(have string) bool {
	return slices.ContainsFunc(f.Values, func(want string) bool {
		switch f.Option {
		case "BeginsWith":
			return strings.HasPrefix(have, want)
		case "Contains":
			return strings.Contains(have, want)
		default:
			return have == want
		}
	})
}

func (f parameterFilter) below(name string) bool {
	return slices.ContainsFunc(f.Values, func(path string) bool {
		rest, ok := strings.CutPrefix(name, strings.TrimSuffix(path, "/")+"/")
		return ok && (f.Option == "Recursive" || !strings.Contains(rest, "/"))
	})
}

// publicMatches is [chosen] of a public parameter, which has a type and no more.
func publicMatches(p *parameter, filters []parameterFilter) bool {
	return !slices.ContainsFunc(filters, func(f parameterFilter) bool { return f.Key != "Type" || !f.holds(p.Type) })
}
