package layer

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain runs this binary as one builder process if the environment says so:
// every builder of these tests is a real process with a life of its own.
func TestMain(m *testing.M) {
	if os.Getenv("LAYER_TEST_BUILDER") != "" {
		os.Exit(actAsBuilder(os.Stdin, os.Stdout))
	}
	goleak.VerifyTestMain(m)
}

// order is one line to a builder process, answer one line back.
type order struct {
	Verb   string // join start publish wait used
	Member Member
	Key    Key
	Result Result
	Grace  time.Duration
}

type answer struct {
	Error, Failure string
	NotInRun       bool
	Warnings       []string
	Result         Result
	Used           bool
}

// actAsBuilder obeys orders until its input ends. Orders run one after the
// other, except that cancel ends a wait that is going on.
func actAsBuilder(in io.Reader, out io.Writer) int {
	var session *Session
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	orders, encoder := make(chan order), json.NewEncoder(out)
	go func() {
		defer close(orders)
		for decoder := json.NewDecoder(in); ; {
			var o order
			if decoder.Decode(&o) != nil {
				return
			}
			if o.Verb == "cancel" {
				cancel()
				continue
			}
			orders <- o
		}
	}()
	for o := range orders {
		var a answer
		var err error
		switch o.Verb {
		case "join":
			session, a.Warnings, err = Join(o.Member, WithGrace(o.Grace), onMachine(os.Getenv("LAYER_TEST_MACHINE")))
		case "start":
			err = session.Start()
		case "publish":
			err = session.Publish(o.Result)
		case "wait":
			a.Result, err = session.Wait(ctx, o.Key, nil)
		case "used":
			a.Used, err = session.Used()
		}
		if err != nil {
			a.Error, a.NotInRun = err.Error(), errors.Is(err, ErrNotInRun)
			var parent *ParentError
			if errors.As(err, &parent) {
				a.Failure = string(parent.Failure)
			}
		}
		if encoder.Encode(a) != nil {
			return 1
		}
	}
	return 0
}

// lockless is a machine whose file system has no locks.
type lockless struct{ thisMachine }

func (lockless) checkLocks(string) error { return errors.New("no locks available") }

// onMachine gives the machine of that name; this one unless it is "lockless".
func onMachine(name string) Option {
	return func(o *options) {
		if name == "lockless" {
			o.machine = lockless{}
		}
	}
}

// builder is the test's end of a builder process.
type builder struct {
	tb  testing.TB
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	end sync.Once
}

// packerRun starts builder processes that share a run.
type packerRun struct {
	tb        testing.TB
	temp, run string
	grace     time.Duration
	machine   string // see onMachine
	// parent and arguments start a process in between, if set.
	parent    string
	arguments []string
}

func newRun(tb testing.TB, grace time.Duration) *packerRun {
	tb.Helper()
	return &packerRun{tb: tb, temp: tb.TempDir(), run: "run-" + tb.Name(), grace: grace}
}

func (r *packerRun) start() *builder {
	r.tb.Helper()
	self, err := os.Executable()
	if err != nil {
		r.tb.Fatal(err)
	}
	cmd := exec.Command(r.parent, append(r.arguments, self)...) // ended by kill
	if r.parent == "" {
		cmd = exec.Command(self) // ended by kill
	}
	cmd.Env = append(os.Environ(), "LAYER_TEST_BUILDER=1", "TMPDIR="+r.temp, "PACKER_RUN_UUID="+r.run, "LAYER_TEST_MACHINE="+r.machine)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		r.tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		r.tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		r.tb.Fatal(err)
	}
	b := &builder{tb: r.tb, cmd: cmd, in: in, out: bufio.NewReader(out)}
	r.tb.Cleanup(b.kill)
	return b
}

// join starts a process that has joined, as Packer does in Prepare.
func (r *packerRun) join(m Member) (*builder, answer) {
	r.tb.Helper()
	b := r.start()
	return b, b.ask(order{Verb: "join", Member: m, Grace: r.grace})
}

// kill is kill -9.
func (b *builder) kill() {
	b.end.Do(func() {
		_ = b.in.Close() // ends also one whose parent was killed
		_ = b.cmd.Process.Kill()
		_ = b.cmd.Wait()
	})
}

func (b *builder) tell(o order) {
	b.tb.Helper()
	if err := json.NewEncoder(b.in).Encode(o); err != nil {
		b.tb.Errorf("tell %s: %v", o.Verb, err)
	}
}

func (b *builder) hear() answer {
	b.tb.Helper()
	line, err := b.out.ReadString('\n')
	var a answer
	if err == nil {
		err = json.Unmarshal([]byte(line), &a)
	}
	if err != nil {
		b.tb.Errorf("builder: %v %q", err, line)
	}
	return a
}

func (b *builder) ask(o order) answer {
	b.tb.Helper()
	b.tell(o)
	return b.hear()
}

func (b *builder) fine(o order) answer {
	b.tb.Helper()
	a := b.ask(o)
	if a.Error != "" {
		b.tb.Errorf("%s: %s", o.Verb, a.Error)
	}
	return a
}

func done(id string) order {
	return order{Verb: "publish", Result: Result{Status: Done, ImageID: id, Version: "v-" + id, Root: "ami-root"}}
}
