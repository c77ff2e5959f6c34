package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/sdk-internals/communicator/winrm"
)

// wsman serves the protocol of WinRM in front of a windowsGuest: what Packer's own
// communicator makes of an upload and of a command reaches the guest as on Windows.
type wsman struct {
	guest *windowsGuest

	mu       sync.Mutex
	temp     map[string][]byte // files that an upload is put together in
	results  map[string]*wsmanResult
	longest  int // characters of a command line
	programs int
}

type wsmanResult struct {
	stdout, stderr bytes.Buffer
	status         int
	lost, told     bool
}

// wsmanRequest is what counts in a request.
type wsmanRequest struct{ action, command, id string }

func readWSMan(body io.Reader) (wsmanRequest, error) {
	var r wsmanRequest
	decoder := xml.NewDecoder(body)
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return r, nil
		}
		if err != nil {
			return r, err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "Action":
			err = decoder.DecodeElement(&r.action, &start)
		case "Command":
			err = decoder.DecodeElement(&r.command, &start)
		case "DesiredStream":
			for _, a := range start.Attr {
				if a.Name.Local == "CommandId" {
					r.id = a.Value
				}
			}
		}
		if err != nil {
			return r, err
		}
	}
}

func (s *wsman) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request, err := readWSMan(r.Body)
	if err != nil {
		s.guest.t.Error(err)
	}
	body := ""
	switch request.action[strings.LastIndexByte(request.action, '/')+1:] {
	case "Create":
		body = "<rsp:Shell><rsp:ShellId>shell</rsp:ShellId></rsp:Shell>"
	case "Command":
		body = "<rsp:CommandResponse><rsp:CommandId>" + s.start(strings.TrimSpace(request.command)) + "</rsp:CommandId></rsp:CommandResponse>"
	case "Receive":
		body, err = s.receive(request.id)
		if err != nil {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				s.guest.t.Error(err)
				return
			}
			_ = conn.Close() // the guest is gone
			return
		}
	}
	w.Header().Set("Content-Type", "application/soap+xml;charset=UTF-8")
	fmt.Fprintf(w, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" `+
		`xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Header><a:Action>%sResponse</a:Action></s:Header><s:Body>%s</s:Body></s:Envelope>`,
		request.action, body)
}

// start runs a command line as cmd.exe would, to its end.
func (s *wsman) start(line string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.longest = max(s.longest, len(line))
	result, id := &wsmanResult{}, strconv.Itoa(len(s.results))
	s.results[id] = result
	if m := regexp.MustCompile(`^echo (\S+) >> "%TEMP%\\(winrmcp-[^"]+)"$`).FindStringSubmatch(line); m != nil {
		piece, err := base64.StdEncoding.DecodeString(m[1])
		if err != nil {
			s.guest.t.Error(err)
		}
		s.temp[m[2]] = append(s.temp[m[2]], piece...)
		return id
	}
	encoded, copying := strings.CutPrefix(line, "powershell.exe -EncodedCommand ")
	if !copying {
		s.programs++
		result.status, result.lost = s.guest.run(&packersdk.RemoteCmd{Command: line, Stdout: &result.stdout, Stderr: &result.stderr})
		return id
	}
	script := utf16Text(s.guest.t, encoded)
	from := regexp.MustCompile(`\$tmp_file_path = \[System\.IO\.Path\]::GetFullPath\("\$env:TEMP\\(winrmcp-[^"]+)"\)`).FindStringSubmatch(script)
	if len(from) != 2 {
		s.guest.t.Errorf("unknown script:\n%s", script)
		return id
	}
	if to := regexp.MustCompile(`\$dest_file_path = \[System\.IO\.Path\]::GetFullPath\("([^"]+)"`).FindStringSubmatch(script); to != nil {
		path := strings.ReplaceAll(to[1], `\`, "/") // to Windows it is the same
		if err := s.guest.Upload(path, bytes.NewReader(s.temp[from[1]]), nil); err != nil {
			result.status = 1
		}
		return id
	}
	delete(s.temp, from[1])
	return id
}

// receive gives what a command said, and then its end or that of the connection.
func (s *wsman) receive(id string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	result := s.results[id]
	if result.told && result.lost {
		return "", errLost
	}
	var streams strings.Builder
	state := "Running"
	if !result.told {
		for name, text := range map[string][]byte{"stdout": result.stdout.Bytes(), "stderr": result.stderr.Bytes()} {
			fmt.Fprintf(&streams, "<rsp:Stream Name=%q CommandId=%q>%s</rsp:Stream>", name, id, base64.StdEncoding.EncodeToString(text))
		}
		result.told = true
	}
	if !result.lost {
		state = "Done"
	}
	return fmt.Sprintf(`<rsp:ReceiveResponse>%s<rsp:CommandState CommandId=%q State=%q><rsp:ExitCode>%d</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse>`,
		streams.String(), id, "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/"+state, result.status), nil
}

// TestSealByPackersOwnWinRM: the communicator that Packer has, down to its requests.
func TestSealByPackersOwnWinRM(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*windowsGuest)
		want   string // "" for success
	}{
		"sealed":              {func(*windowsGuest) {}, ""},
		"fails":               {func(g *windowsGuest) { g.stuck = map[string]string{"logs": "denied"} }, "logs failed: denied"},
		"gone in the middle":  {func(g *windowsGuest) { g.lose = func(l string) bool { return strings.HasPrefix(l, "check") } }, "the connection ended during the seal"},
		"changed on its way":  {func(g *windowsGuest) { g.change = strings.ToUpper }, "did not get the seal's program as it was sent"},
		"gone before a start": {func(g *windowsGuest) { g.lose = func(string) bool { return true } }, "start the seal in the guest"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := planted(t)
			c.change(g)
			server := &wsman{guest: g, temp: map[string][]byte{}, results: map[string]*wsmanResult{}}
			served := httptest.NewServer(server)
			defer served.Close()
			host, port, err := net.SplitHostPort(served.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			number, err := strconv.Atoi(port)
			if err != nil {
				t.Fatal(err)
			}
			comm, err := winrm.New(&winrm.Config{Host: host, Port: number, Username: "Administrator", Password: "x", Timeout: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			p := overRPC(t, &Provisioner{})
			if err := p.Prepare(map[string]any{}); err != nil {
				t.Fatal(err)
			}
			err = p.Provision(t.Context(), &screen{t: t}, comm, map[string]any{"ConnType": "winrm"})
			if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if len(g.files) > 0 || len(server.temp) > 0 {
				t.Error("something of the program is still in the guest")
			}
			if server.longest > 8191 || server.programs != 1 {
				t.Errorf("%d programs, a line of %d characters", server.programs, server.longest)
			}
			if c.want == "" && len(g.things["temp-files"]) > 0 {
				t.Error("nothing was sealed")
			}
		})
	}
}
