package ebs

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// output is what the user saw; steps write to it from several goroutines.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// request is one call as it was sent: the action, and all that it says, one
// "name=value" per line.
type request struct{ action, text string }

// sent records every request on its way to the endpoint, and can refuse some.
type sent struct {
	mu       sync.Mutex
	requests []request
	refusals map[string]string // action: answer of an error, "CODE message"
	notices  map[string]func() // action: what happens when it is asked for
	answers  map[string]func(text string) string
}

// answer has an action answered in the place of the endpoint.
func (s *sent) answer(action string, with func(text string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answers == nil {
		s.answers = map[string]func(string) string{}
	}
	s.answers[action] = with
}

func (s *sent) notice(action string, happens func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.notices == nil {
		s.notices = map[string]func(){}
	}
	s.notices[action] = happens
}

func (s *sent) refuse(action, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refusals == nil {
		s.refusals = map[string]string{}
	}
	s.refusals[action] = answer
}

func (s *sent) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if answer := s.record(r.Header, body); answer != "" {
			code, message, _ := strings.Cut(answer, " ")
			if r.Header.Get("X-Amz-Target") != "" {
				w.Header().Set("Content-Type", "application/x-amz-json-1.1")
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprintf(w, `{"__type":%q,"message":%q}`, code, message)
				return
			}
			w.WriteHeader(http.StatusForbidden)
			if strings.Contains(r.Header.Get("Authorization"), "/sts/") {
				fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, message)
				return
			}
			fmt.Fprintf(w, "<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>r-1</RequestID></Response>", code, message)
			return
		}
		if text := s.answered(); text != "" {
			fmt.Fprint(w, text)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// answered gives the answer to the request that was recorded last; empty where the
// endpoint is to answer. It is for actions that nothing else calls meanwhile.
func (s *sent) answered() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.requests[len(s.requests)-1]
	if with := s.answers[last.action]; with != nil {
		return with(last.text)
	}
	return ""
}

// record notes a request and gives the answer that refuses it.
func (s *sent) record(header http.Header, body []byte) string {
	made := request{text: string(body)}
	if target := header.Get("X-Amz-Target"); target != "" {
		made.action = target[strings.LastIndex(target, ".")+1:]
	} else if form, err := url.ParseQuery(string(body)); err == nil {
		made.action = form.Get("Action")
		var lines []string
		for name, values := range form {
			lines = append(lines, name+"="+values[0])
		}
		slices.Sort(lines)
		made.text = strings.Join(lines, "\n")
	}
	made.text += "\nAuthorization=" + header.Get("Authorization") + "\nToken=" + header.Get("X-Amz-Security-Token")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, made)
	if happens := s.notices[made.action]; happens != nil {
		happens()
	}
	return s.refusals[made.action]
}

// has tells whether a request of that action said all of this: regular expressions,
// each for a whole line.
func (s *sent) has(action string, lines ...string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.requests, func(r request) bool {
		return r.action == action && !slices.ContainsFunc(lines, func(line string) bool {
			return !regexp.MustCompile("(?m)^" + line + "$").MatchString(r.text)
		})
	})
}

func (s *sent) count(action string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.requests {
		if r.action == action {
			n++
		}
	}
	return n
}
