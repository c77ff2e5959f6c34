package action

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// Route is where an action of a REST service is: a method and a path whose parts
// in braces are members of the input. Status is that of a success; 0 is 200.
type Route struct {
	Method, Path string
	Status       int
}

// Match finds the action of a REST request and gives the request's document with
// the members that the path has. An empty name means that there is none.
func (s *Set) Match(method string, path *url.URL, body []byte) (name string, document []byte) {
	for _, name := range s.Names() {
		route := s.Routes[name]
		members, match := route.members(method, path.EscapedPath())
		if !match {
			continue
		}
		return name, with(body, members)
	}
	return "", body
}

func (r Route) members(method, path string) (map[string]string, bool) {
	want, have := strings.Split(strings.Trim(r.Path, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	if method != r.Method || len(want) != len(have) {
		return nil, false
	}
	members := map[string]string{}
	for n, part := range want {
		if name, isMember := strings.CutPrefix(part, "{"); isMember {
			value, err := url.PathUnescape(have[n])
			if err != nil {
				return nil, false
			}
			members[strings.TrimSuffix(name, "}")] = value
		} else if part != have[n] {
			return nil, false
		}
	}
	return members, true
}

// with adds members to a JSON document; one that is no object stays as it is, for
// decoding to refuse it.
func with(body []byte, members map[string]string) []byte {
	if len(members) == 0 {
		return body
	}
	document := map[string]json.RawMessage{}
	if len(bytes.TrimSpace(body)) > 0 && json.Unmarshal(body, &document) != nil {
		return body
	}
	for name, value := range members {
		text, err := json.Marshal(value)
		if err != nil {
			panic("action: a string always marshals: " + err.Error())
		}
		document[name] = text
	}
	text, err := json.Marshal(document)
	if err != nil {
		return body
	}
	return text
}

// success is the status and the body of an answer that is none of refusal.
func (s *Set) success(name string, body []byte) (int, []byte) {
	switch status := s.Routes[name].Status; status {
	case 0:
		return http.StatusOK, body
	case http.StatusNoContent:
		return status, nil
	default:
		return status, body
	}
}
