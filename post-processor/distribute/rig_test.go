package distribute

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/rpc"
	"go.uber.org/goleak"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution/fakeaws"
	"github.com/goldenami/packer-plugin-goldenami/internal/ledger"
	"github.com/goldenami/packer-plugin-goldenami/internal/wait"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The SDK's RPC servers end when their pipe does, some time later.
		goleak.IgnoreAnyFunction("github.com/hashicorp/packer-plugin-sdk/rpc.(*muxBroker).Run"),
		goleak.IgnoreAnyFunction("github.com/hashicorp/packer-plugin-sdk/rpc.(*muxBroker).timeoutWait"),
		goleak.IgnoreAnyFunction("github.com/hashicorp/yamux.(*Session).recv"))
}

const (
	home  = "us-east-1"
	eu    = "eu-west-1"
	tokyo = "ap-northeast-1"
	other = "210987654321"
)

// rig is a post-processor behind Packer's RPC, with AWS in memory.
type rig struct {
	*testing.T
	cloud *fakeaws.Cloud
	pp    *PostProcessor
	ui    *recordingUI
	book  string // directory of the ledgers
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, cloud: fakeaws.New(t, home, eu, tokyo), ui: &recordingUI{}, book: t.TempDir() + "/ledger"}
	r.cloud.CopyTakes = 5 * time.Millisecond
	r.pp = &PostProcessor{connect: r.connect}
	return r
}

// connect is connectAWS with the cloud in memory; the ledger is a real one.
func (r *rig) connect(_ context.Context, _ cloud.Access, runID string) (*session, error) {
	book, err := ledger.Open(r.book, runID, fmt.Sprint("distribute-", time.Now().UnixNano()))
	if err != nil {
		return nil, err
	}
	poller := wait.NewPoller(func(region string) wait.API { return r.cloud.Region(region) },
		wait.WithPolicy(wait.Policy{Min: time.Millisecond, Max: time.Millisecond, Backoff: time.Millisecond}))
	return &session{
		engine:  &distribution.Engine{Clients: clients{r.cloud, book}, Poller: poller, Keep: book.Keep},
		deleter: deregister{r.cloud}, record: book, stop: poller.Close,
	}, nil
}

type clients struct {
	c    *fakeaws.Cloud
	book *ledger.Ledger
}

func (c clients) EC2(region string) distribution.EC2 {
	return recorded{c.c.Region(region), region, c.book}
}
func (c clients) KMS(region string) distribution.KMS { return c.c.Region(region) }

// recorded does what package cloud's middleware does: it records what was made
// before the caller hears of it.
type recorded struct {
	*fakeaws.Region
	region string
	book   *ledger.Ledger
}

func (r recorded) CopyImage(ctx context.Context, in *ec2.CopyImageInput, opts ...func(*ec2.Options)) (*ec2.CopyImageOutput, error) {
	out, err := r.Region.CopyImage(ctx, in, opts...)
	if err != nil {
		return nil, err
	}
	return out, r.book.Created(ctx, cloud.Resource{Kind: cloud.KindImage, ID: aws.ToString(out.ImageId), Region: r.region})
}

type deregister struct{ c *fakeaws.Cloud }

func (d deregister) Delete(_ context.Context, r cloud.Resource) error {
	if _, ok := d.c.Images(r.Region)[r.ID]; !ok {
		return errors.New("there is no " + r.ID)
	}
	d.c.Deregister(r.Region, r.ID)
	return nil
}

// run configures and runs the post-processor over RPC, as Packer does.
func (r *rig) run(ctx context.Context, a packersdk.Artifact, config map[string]interface{}) (packersdk.Artifact, bool, bool, error) {
	r.Helper()
	remote := r.remote()
	if err := remote.Configure(config); err != nil {
		r.Fatalf("configure: %v", err)
	}
	return remote.PostProcess(ctx, r.ui, a)
}

// remote is the post-processor at the far end of a pipe.
func (r *rig) remote() packersdk.PostProcessor {
	r.Helper()
	near, far := net.Pipe()
	server, err := rpc.NewServer(far)
	if err != nil {
		r.Fatal(err)
	}
	if err := server.RegisterPostProcessor(r.pp); err != nil {
		r.Fatal(err)
	}
	go server.Serve()
	client, err := rpc.NewClient(near)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() {
		_ = client.Close()
		_ = server.Close()
	})
	return client.PostProcessor()
}

// recordingUI keeps what was said.
type recordingUI struct {
	packersdk.MockUi
	mu    sync.Mutex
	lines []string
	hook  func(string)
}

// onSay calls f with each line. It is set before the run begins.
func (u *recordingUI) onSay(f func(string)) { u.hook = f }

func (u *recordingUI) Say(m string)   { u.add(m) }
func (u *recordingUI) Error(m string) { u.add("ERROR " + m) }

func (u *recordingUI) add(m string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.lines = append(u.lines, m)
	if u.hook != nil {
		u.hook(m)
	}
}

func (u *recordingUI) said(words string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, l := range u.lines {
		if strings.Contains(l, words) {
			return true
		}
	}
	return false
}

func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one that says %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error does not say %q:\n%v", w, err)
		}
	}
}
