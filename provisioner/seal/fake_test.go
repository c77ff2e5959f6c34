package seal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/rpc"

	sealing "github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// guest is a communicator that runs the seal's program on a planted root of this
// machine. It knows one command, once, and fails the test on all else: the seal
// must need nothing but one execution.
type guest struct {
	t     *testing.T
	shell sealtest.Shell
	// behave replaces running the program: what a bad guest does.
	behave func(ctx context.Context, stdin string, stdout, stderr io.Writer) (status int)
	// refuse is what Start answers.
	refuse error

	mu       sync.Mutex
	commands int
	done     sync.WaitGroup
}

func (g *guest) Start(ctx context.Context, cmd *packersdk.RemoteCmd) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.commands++
	if cmd.Command != sealing.Launcher || g.commands > 1 {
		g.t.Errorf("command %d: %q", g.commands, cmd.Command)
		return errors.New("unexpected command")
	}
	if g.refuse != nil {
		return g.refuse
	}
	g.done.Add(1)
	go func() {
		defer g.done.Done()
		program, err := io.ReadAll(cmd.Stdin)
		if err != nil {
			g.t.Errorf("standard input: %v", err)
		}
		behave := g.behave
		if behave == nil {
			behave = g.run
		}
		cmd.SetExited(behave(ctx, string(program), cmd.Stdout, cmd.Stderr))
	}()
	return nil
}

// starts tells how many commands were started.
func (g *guest) starts() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.commands
}

func (g *guest) run(ctx context.Context, program string, stdout, stderr io.Writer) int {
	status, diagnostics := g.shell.Run(ctx, g.t, program, stdout)
	_, _ = io.WriteString(stderr, diagnostics)
	return status
}

func (g *guest) never(what string) error {
	g.t.Errorf("the seal asked for %s", what)
	return errors.New(what + " is not allowed")
}

func (g *guest) Upload(string, io.Reader, *os.FileInfo) error { return g.never("an upload") }
func (g *guest) UploadDir(string, string, []string) error     { return g.never("an upload") }
func (g *guest) Download(string, io.Writer) error             { return g.never("a download") }
func (g *guest) DownloadDir(string, string, []string) error   { return g.never("a download") }

// screen is a Ui that keeps what it is told. What needs an answer is an error.
type screen struct {
	t  *testing.T
	mu sync.Mutex
	b  []string
}

func (s *screen) add(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b = append(s.b, text)
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all strings.Builder
	for _, line := range s.b {
		all.WriteString(line + "\n")
	}
	return all.String()
}

func (s *screen) Say(text string)                     { s.add(text) }
func (s *screen) Sayf(format string, args ...any)     { s.add(fmt.Sprintf(format, args...)) }
func (s *screen) Message(text string)                 { s.t.Errorf("Message is deprecated: %s", text) }
func (s *screen) Error(text string)                   { s.t.Errorf("Ui.Error: %s", text) }
func (s *screen) Errorf(f string, args ...any)        { s.t.Errorf("Ui.Errorf: "+f, args...) }
func (s *screen) Machine(kind string, _ ...string)    { s.t.Errorf("Ui.Machine: %s", kind) }
func (s *screen) Ask(string) (string, error)          { return "", errors.New("nobody is there") }
func (s *screen) Askf(string, ...any) (string, error) { return "", errors.New("nobody is there") }
func (s *screen) TrackProgress(_ string, _, _ int64, stream io.ReadCloser) io.ReadCloser {
	return stream
}

// overRPC gives p as Packer sees it: across the plugin protocol.
func overRPC(t *testing.T, p packersdk.Provisioner) packersdk.Provisioner {
	t.Helper()
	near, far := net.Pipe()
	served := make(chan struct{})
	ready := make(chan error, 1)
	go func() {
		defer close(served)
		server, err := rpc.NewServer(far)
		if err == nil {
			err = server.RegisterProvisioner(p)
		}
		ready <- err
		if err == nil {
			server.Serve()
			_ = server.Close() // the pipe is closed already
		}
	}()
	client, err := rpc.NewClient(near)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.Close() // ends the server
		<-served
	})
	return client.Provisioner()
}
