package imds

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	tokenPath   = "/latest/api/token"        //nolint:gosec // a path
	tokenHeader = "X-Aws-Ec2-Metadata-Token" //nolint:gosec // a name
	ttlHeader   = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	// usualTTL is the time to live of all other answers.
	usualTTL = 64
)

// versions are what the root lists: the dates that EC2 Nitro instances show.
//
// unverified: the list
var versions = []string{
	"1.0", "2007-01-19", "2007-03-01", "2007-08-29", "2007-10-10", "2007-12-15", "2008-02-01", "2008-09-01", "2009-04-04",
	"2011-01-01", "2011-05-01", "2012-01-12", "2014-02-25", "2014-11-05", "2015-10-20", "2016-04-19", "2016-06-30", "2016-09-02",
	"2018-03-28", "2018-08-17", "2018-09-24", "2019-10-01", "2020-10-27", "2021-01-03", "2021-03-23", "2021-07-15", "2022-09-24", "latest",
}

// Service answers for one instance.
type Service struct {
	metadata func() Metadata
	tokens   *tokens
	now      func() time.Time
}

// New makes the service of the instance that metadata tells of, at the time of each request.
func New(metadata func() Metadata) *Service {
	return &Service{metadata: metadata, tokens: newTokens(), now: time.Now}
}

// limitKey is where [Service.Serve] puts a func(int) error that sets the time to live of a connection.
type limitKey struct{}

// ServeHTTP answers one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "EC2ws")
	m := s.metadata()
	limit := usualTTL
	if r.Method == http.MethodPut {
		limit = max(1, m.Options.HopLimit)
	}
	if set, ok := r.Context().Value(limitKey{}).(func(int) error); ok {
		if err := set(limit); err != nil {
			refuse(w, http.StatusInternalServerError)
			return
		}
	}
	switch {
	case m.Options.Endpoint == "disabled":
		refuse(w, http.StatusForbidden)
	case r.Method == http.MethodPut && r.URL.Path == tokenPath:
		s.token(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		refuse(w, http.StatusMethodNotAllowed) // unverified: the status of other methods
	case !s.admit(w, r, m.Options):
		refuse(w, http.StatusUnauthorized)
	default:
		s.answer(w, r.URL.Path, m)
	}
}

// token starts a session.
func (s *Service) token(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Forwarded-For") != "" {
		refuse(w, http.StatusForbidden)
		return
	}
	seconds, err := strconv.Atoi(r.Header.Get(ttlHeader))
	if err != nil || seconds < 1 || seconds > maxTTL {
		refuse(w, http.StatusBadRequest)
		return
	}
	w.Header().Set(ttlHeader, strconv.Itoa(seconds))
	write(w, s.tokens.issue(s.now().Add(time.Duration(seconds)*time.Second)))
}

// admit tells whether a request has the token it needs.
func (s *Service) admit(w http.ResponseWriter, r *http.Request, o Options) bool {
	token := r.Header.Get(tokenHeader)
	if token == "" {
		return o.Tokens != "required"
	}
	end, ok := s.tokens.end(token)
	left := end.Sub(s.now())
	if !ok || left <= 0 {
		return false
	}
	w.Header().Set(ttlHeader, strconv.Itoa(int(left.Seconds())))
	return true
}

// answer shows what lies at a path.
func (s *Service) answer(w http.ResponseWriter, path string, m Metadata) {
	version, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if version == "" {
		write(w, strings.Join(versions, "\n"))
		return
	}
	if !slices.Contains(versions, version) {
		refuse(w, http.StatusNotFound)
		return
	}
	if rest == "user-data" {
		if len(m.UserData) == 0 {
			refuse(w, http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(m.UserData) // the guest is gone: nothing to do
		return
	}
	const roles = "meta-data/iam/security-credentials/"
	t := treeOf(m)
	if m.Role != "" && m.Credentials != nil {
		t[roles+m.Role] = ""
		if rest == roles+m.Role {
			s.credentials(w, m)
			return
		}
	}
	if len(m.UserData) > 0 {
		t["user-data"] = ""
	}
	show(w, t, rest, m.KeyName)
}

// show gives a leaf or the list of a directory, which may be asked for without its slash.
func show(w http.ResponseWriter, t tree, path, keyName string) {
	if path == "" {
		text, _ := t.list("")
		write(w, strings.ReplaceAll(text, "/", "")) // the one list without slashes
		return
	}
	const keys = "meta-data/public-keys/"
	if path == keys || path+"/" == keys {
		if _, ok := t.list(keys); ok {
			write(w, "0="+keyName)
			return
		}
	}
	if text, ok := t[path]; ok {
		write(w, text)
		return
	}
	if !strings.HasSuffix(path, "/") {
		path += "/"
	}
	if text, ok := t.list(path); ok {
		write(w, text)
		return
	}
	refuse(w, http.StatusNotFound)
}

// credentials gives new ones of the role at each request; EC2 keeps them for some hours.
func (s *Service) credentials(w http.ResponseWriter, m Metadata) {
	c, err := m.Credentials()
	if err != nil {
		refuse(w, http.StatusNotFound)
		return
	}
	write(w, document(struct {
		Code            string
		LastUpdated     string
		Type            string
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		Token           string
		Expiration      string
	}{"Success", stamp(c.Updated), "AWS-HMAC", c.AccessKeyID, c.Secret, c.Token, stamp(c.Expires)}))
}

// stamp is how the service writes times.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func write(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain")
	_, _ = w.Write([]byte(text)) // the guest is gone: nothing to do
}

// refuse answers with a status and EC2's page for it.
func refuse(w http.ResponseWriter, status int) {
	title := fmt.Sprintf("%d - %s", status, http.StatusText(status))
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
	"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title>%[1]s</title>
 </head>
 <body>
  <h1>%[1]s</h1>
 </body>
</html>
`, title)
}
