package seal

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
)

// windowsGuest is a communicator that plays Windows' part of the seal: it takes the
// program on the way that its communicator has, checks what PowerShell would check,
// and reports on the things that it holds. It does not run the program, of which it
// reads the settings: what the program's lines do is not tested by it.
type windowsGuest struct {
	t       *testing.T
	overSSH bool

	things   map[string][]string // what each operation would remove
	stuck    map[string]string   // why an operation fails
	disk     map[string]string   // contents of files, for what searches in them
	keys     map[string]string   // files of authorized keys, by whose they are
	warnings []string
	later    map[string][]string // what is left for sysprep
	limited  bool                // the session is not elevated

	change   func(program string) string        // what befalls the program on its way
	lose     func(line string) bool             // the connection ends before this line
	hang     chan struct{}                      // what never ends by itself waits for this
	hangAt   string                             // "upload" or "run"
	behave   func(stdout, stderr io.Writer) int // in place of PowerShell
	mu       sync.Mutex
	files    map[string]string
	commands int
	got      []string // all that was sent to it
	done     sync.WaitGroup
}

var errLost = errors.New("unknown error Post \"https://203.0.113.7:5986/wsman\": EOF")

func (g *windowsGuest) Upload(path string, content io.Reader, _ *os.FileInfo) error {
	text, err := io.ReadAll(content)
	if g.overSSH || err != nil || !regexp.MustCompile(`^C:/Windows/Temp/goldenami-seal-[0-9a-f]{32}\.ps1$`).MatchString(path) {
		g.t.Errorf("upload to %s: %v", path, err)
		return errors.New("unexpected upload")
	}
	if g.hangAt == "upload" {
		<-g.hang
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.files = map[string]string{path: string(text)}
	g.got = append(g.got, path, string(text))
	return nil
}

// Start runs the command: over WinRM it comes back when that has ended, and a
// connection that ends is its error.
func (g *windowsGuest) Start(_ context.Context, cmd *packersdk.RemoteCmd) error {
	g.mu.Lock()
	g.commands++
	g.got = append(g.got, cmd.Command)
	g.mu.Unlock()
	g.done.Add(1)
	if g.overSSH {
		go func() {
			defer g.done.Done()
			status, lost := g.run(cmd)
			if lost {
				status = packersdk.CmdDisconnect
			}
			cmd.SetExited(status)
		}()
		return nil
	}
	defer g.done.Done()
	if cmd.Stdin != nil {
		g.t.Error("Packer's WinRM has no standard input")
	}
	status, lost := g.run(cmd)
	if lost {
		cmd.SetExited(16001)
		return errLost
	}
	cmd.SetExited(status)
	return nil
}

// run does what powershell.exe and the launcher do.
func (g *windowsGuest) run(cmd *packersdk.RemoteCmd) (status int, lost bool) {
	if g.hangAt == "run" {
		<-g.hang
		return 0, false
	}
	if g.behave != nil {
		return g.behave(cmd.Stdout, cmd.Stderr), false
	}
	const line = "powershell.exe -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -OutputFormat Text -EncodedCommand "
	encoded, ok := strings.CutPrefix(cmd.Command, line)
	if !ok || len(cmd.Command) > 8191 {
		g.t.Errorf("%d characters: %s", len(cmd.Command), cmd.Command)
		return 1, false
	}
	launcher := utf16Text(g.t, encoded)
	program, ok := g.received(launcher, cmd.Stdin)
	g.got = append(g.got, launcher, program)
	if g.change != nil {
		program = g.change(program)
	}
	if !ok || !strings.Contains(launcher, fmt.Sprintf("$hash -ne '%X'", sha256.Sum256([]byte(program)))) {
		fmt.Fprintln(cmd.Stderr, "goldenami-seal: the program did not arrive as it was sent")
		return 78, false
	}
	return g.obey(program, cmd.Stdout)
}

// received gives the program from the place that the launcher reads.
func (g *windowsGuest) received(launcher string, stdin io.Reader) (string, bool) {
	if strings.Contains(launcher, "$program = @($input) -join \"`n\"\n") {
		text, err := io.ReadAll(stdin)
		return string(text), err == nil
	}
	m := regexp.MustCompile(`\[IO\.File\]::ReadAllText\('([^']+)'\)\n\[IO\.File\]::Delete\('([^']+)'\)\n`).FindStringSubmatch(launcher)
	if len(m) != 3 || m[1] != m[2] {
		g.t.Errorf("the launcher reads nothing:\n%s", launcher)
		return "", false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	text, ok := g.files[m[1]]
	delete(g.files, m[2])
	return text, ok
}

// reporter writes report lines until the connection is lost.
type reporter struct {
	g     *windowsGuest
	nonce string
	out   io.Writer
	lost  bool
}

func (r *reporter) emit(kind string, fields ...string) {
	words := []string{kind}
	for _, f := range fields {
		if regexp.MustCompile(`^[A-Za-z0-9_./@:+,=-]+$`).MatchString(f) {
			words = append(words, "t:"+f)
		} else {
			words = append(words, "x:"+hex.EncodeToString([]byte(f)))
		}
	}
	line := strings.Join(words, " ")
	r.lost = r.lost || r.g.lose != nil && r.g.lose(line)
	if !r.lost {
		fmt.Fprintf(r.out, "@goldenami %s %s\r\n", r.nonce, line)
	}
}

// obey does what the program's settings ask for to the things of the guest.
func (g *windowsGuest) obey(program string, out io.Writer) (status int, lost bool) {
	selected := g.list(program, "GaOperations")
	r := &reporter{g: g, nonce: g.value(program, "GaNonce"), out: out}
	mode, kept := g.value(program, "GaMode"), g.list(program, "GaKeep")
	r.emit("start", mode)
	if g.limited {
		r.emit("preflight", "elevated", "the build's user has no administrator's rights in this session")
		r.emit("end", "2")
		return 2, r.lost
	}
	for _, name := range selected {
		if !strings.Contains(program, "\nfunction seal-"+name+" ") || !strings.Contains(program, "\nfunction check-"+name+" ") {
			g.t.Errorf("%s is to run and is not defined", name)
		}
		if mode != "seal" {
			continue
		}
		if why := g.stuck[name]; why != "" {
			r.emit("op", name, "failed", "0", "0", why)
			status = 1
			continue
		}
		g.sealKeys(program, name)
		was := len(g.things[name])
		g.things[name] = slices.DeleteFunc(g.things[name], func(p string) bool { return !slices.Contains(kept, p) })
		r.emit("op", name, "sealed", strconv.Itoa(was-len(g.things[name])), "7", "")
	}
	for _, warning := range g.warnings {
		r.emit("warning", warning)
	}
	for _, name := range selected {
		found, warnings := g.search(program, name)
		for _, warning := range warnings {
			r.emit("warning", warning)
		}
		for _, thing := range g.things[name] {
			if !slices.Contains(kept, thing) {
				found = append(found, thing)
			}
		}
		for _, thing := range found {
			r.emit("left", name, thing)
			status = 1
		}
		r.emit("check", name, strconv.Itoa(len(found)))
	}
	for _, name := range g.list(program, "GaLaters") {
		for _, item := range g.later[name] {
			r.emit("sysprep", name, item)
		}
	}
	r.emit("end", strconv.Itoa(status))
	return status, r.lost
}

// value reads a setting of the program.
func (g *windowsGuest) value(program, name string) string {
	m := regexp.MustCompile(`(?m)^\$` + name + ` = '((?:[^']|'')*)'$`).FindStringSubmatch(program)
	if m == nil {
		g.t.Errorf("the program has no %s", name)
		return ""
	}
	return strings.ReplaceAll(m[1], "''", "'")
}

func (g *windowsGuest) list(program, name string) []string {
	m := regexp.MustCompile(`(?m)^\$` + name + ` = @\((.*)\)$`).FindStringSubmatch(program)
	if m == nil {
		g.t.Errorf("the program has no %s", name)
		return nil
	}
	var all []string
	for _, item := range regexp.MustCompile(`(FromBase64String\()?'((?:[^']|'')*)'`).FindAllStringSubmatch(m[1], -1) {
		text := strings.ReplaceAll(item[2], "''", "'")
		if item[1] != "" {
			raw, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				g.t.Error(err)
			}
			text = string(raw)
		}
		all = append(all, text)
	}
	return all
}

func utf16Text(t *testing.T, encoded string) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Error(err)
		return ""
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(raw[2*i:])
	}
	return string(utf16.Decode(units))
}

func (g *windowsGuest) never(what string) error {
	g.t.Errorf("the seal asked for %s", what)
	return errors.New(what + " is not allowed")
}

func (g *windowsGuest) UploadDir(string, string, []string) error   { return g.never("a folder's upload") }
func (g *windowsGuest) Download(string, io.Writer) error           { return g.never("a download") }
func (g *windowsGuest) DownloadDir(string, string, []string) error { return g.never("a download") }
