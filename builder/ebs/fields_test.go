package ebs

import (
	"maps"
	"slices"
)

// fields are options of a template.
type fields map[string]any

func (r *rig) with(more fields) fields {
	profile := ""
	if r != nil {
		profile = r.profile
	}
	out := fields{
		"profile": profile, "region": region, "instance_type": "t3.small", "communicator": "none", "ami_name": "app-1",
		"source_ami_filter": fields{
			"owners": []string{"137112412989"}, "most_recent": true,
			"filters": map[string]string{"name": "al2023-ami-2023*-x86_64"},
		},
	}
	maps.Copy(out, more)
	maps.DeleteFunc(out, func(_ string, value any) bool { return value == nil })
	return out
}

func plain(f fields) map[string]any {
	out := map[string]any{}
	for key, value := range f {
		switch v := value.(type) {
		case fields:
			out[key] = plain(v)
		case []fields:
			list := []any{}
			for _, item := range v {
				list = append(list, plain(item))
			}
			out[key] = list
		case []string:
			out[key] = slices.Clone(v)
		case map[string]string:
			out[key] = maps.Clone(v)
		default:
			out[key] = value
		}
	}
	return out
}
