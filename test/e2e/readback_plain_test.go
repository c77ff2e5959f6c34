//go:build e2e

package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"time"
)

// tokens are the names with which services turn pages; boto3's paginators take
// them out of their results.
var tokens = []string{"NextToken", "NextMarker", "Marker", "Truncated", "IsTruncated"}

// turn puts the token of a page into the next request; false is the last page.
func turn(input, page reflect.Value) bool {
	for _, names := range [][2]string{{"NextToken", "NextToken"}, {"NextMarker", "Marker"}, {"Marker", "Marker"}} {
		token, to := page.FieldByName(names[0]), input.FieldByName(names[1])
		if token.IsValid() && to.IsValid() && !token.IsNil() && token.Elem().String() != "" {
			to.Set(token)
			return true
		}
	}
	return false
}

// join adds a page to the whole.
func join(whole map[string]any, page any) {
	fields, _ := page.(map[string]any)
	for name, value := range fields {
		list, isList := value.([]any)
		if earlier, has := whole[name].([]any); isList && has {
			value = slices.Concat(earlier, list)
		}
		whole[name] = value
	}
}

// zero stands for a field without a pointer that may be absent or zero: the SDK
// for Go does not tell.
type zero struct{}

// plain is a value of the SDK for Go as boto3 shows it: structures as maps of what
// is set, times as text in milliseconds, and an empty list like one that is absent.
func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		if v.Elem().Kind() != reflect.Struct || v.Elem().Type() == reflect.TypeFor[time.Time]() {
			return scalar(v.Elem())
		}
		return plain(v.Elem())
	case reflect.Struct:
		if at, isTime := v.Interface().(time.Time); isTime {
			return scalar(reflect.ValueOf(at))
		}
		fields := map[string]any{}
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if !v.Type().Field(i).IsExported() || name == "ResultMetadata" {
				continue
			}
			if value := plain(v.Field(i)); value != nil {
				fields[name] = value
			}
		}
		return fields
	case reflect.Slice:
		if blob, isBlob := v.Interface().([]byte); isBlob && len(blob) > 0 {
			return base64.StdEncoding.EncodeToString(blob)
		}
		var list []any
		for i := range v.Len() {
			list = append(list, member(v.Index(i)))
		}
		if len(list) == 0 {
			return nil
		}
		return list
	case reflect.Map:
		entries := map[string]any{}
		for _, k := range v.MapKeys() {
			entries[k.String()] = member(v.MapIndex(k))
		}
		if len(entries) == 0 {
			return nil
		}
		return entries
	default:
		if v.IsZero() {
			return zero{}
		}
		return scalar(v)
	}
}

// member is an element of a list or a map, which is there even when it is zero.
func member(v reflect.Value) any {
	if v.Kind() == reflect.Struct || v.Kind() == reflect.Pointer {
		return plain(v)
	}
	return scalar(v)
}

// scalar is a value that is there, as JSON has it.
func scalar(v reflect.Value) any {
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int32, reflect.Int64:
		return float64(v.Int())
	case reflect.Float32, reflect.Float64:
		return v.Float()
	default:
		if at, isTime := v.Interface().(time.Time); isTime {
			return at.UTC().Format("2006-01-02T15:04:05.000Z")
		}
		return fmt.Sprint(v.Interface())
	}
}

// moving are fields that are the moment of the call itself, or new with each call.
var moving = []string{"GetConsoleOutput.Timestamp", "GetPasswordData.Timestamp", "GetSessionToken.Credentials", "GetFederationToken.Credentials"}

// differences tells in words where two views differ; ours is the SDK for Go's,
// theirs boto3's.
func differences(path string, ours, theirs any, paginated bool) []string {
	if slices.Contains(moving, path) {
		return nil
	}
	switch a := ours.(type) {
	case map[string]any:
		b, isMap := theirs.(map[string]any)
		if !isMap && len(a) > 0 {
			return []string{fmt.Sprintf("%s: %v and %v", path, ours, theirs)}
		}
		var all []string
		for _, name := range slices.Compact(slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b))...)))) {
			if !paginated || !slices.Contains(tokens, name) {
				all = append(all, differences(path+"."+name, a[name], b[name], false)...)
			}
		}
		return all
	case []any:
		b, _ := theirs.([]any)
		if len(a) != len(b) {
			return []string{fmt.Sprintf("%s: %d members and %d", path, len(a), len(b))}
		}
		var all []string
		for i := range a {
			all = append(all, differences(fmt.Sprintf("%s[%d]", path, i), a[i], b[i], false)...)
		}
		return all
	case string: // boto3 reads the policy documents of IAM
		if _, isMap := theirs.(map[string]any); isMap {
			ours = document(a)
		}
	case zero:
		if theirs == nil || reflect.ValueOf(theirs).IsZero() {
			return nil
		}
	case nil:
		if theirs == nil || isEmpty(theirs) {
			return nil
		}
	}
	if !reflect.DeepEqual(ours, theirs) {
		return []string{fmt.Sprintf("%s: %v and %v", path, ours, theirs)}
	}
	return nil
}

// document reads a policy as IAM writes it: JSON in the escaping of URLs.
func document(text string) any {
	var read any
	unescaped, err := url.QueryUnescape(text)
	if err != nil || json.Unmarshal([]byte(unescaped), &read) != nil {
		return text
	}
	return read
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}
