package ebs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	awscommon "github.com/hashicorp/packer-plugin-amazon/common"
	"github.com/hashicorp/packer-plugin-sdk/communicator"
	"github.com/hashicorp/packer-plugin-sdk/multistep"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	gossh "golang.org/x/crypto/ssh"
)

// hostKeys are those that handshakes with one machine showed.
type hostKeys struct {
	mu   sync.Mutex
	seen []gossh.PublicKey
}

func (h *hostKeys) all() []gossh.PublicKey {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.seen)
}

// sshConfigFunc gives the settings of a log-in, as the SDK asks for them.
type sshConfigFunc = func(multistep.StateBag) (*gossh.ClientConfig, error)

// noting makes a log-in note the key that the machine shows.
func (h *hostKeys) noting(settings sshConfigFunc) sshConfigFunc {
	return func(state multistep.StateBag) (*gossh.ClientConfig, error) {
		c, err := settings(state)
		if err != nil {
			return nil, err
		}
		check := c.HostKeyCallback
		c.HostKeyCallback = func(host string, addr net.Addr, key gossh.PublicKey) error {
			h.mu.Lock()
			h.seen = append(h.seen, key)
			h.mu.Unlock()
			return check(host, addr, key)
		}
		return c, nil
	}
}

// connect logs in as the build did, with the same options and the same key, by way of
// steps of its own: they write into the state bag where the machine is.
func (t *trial) connect(ctx context.Context) error {
	c := t.cfg
	comm := c.Comm
	comm.SSHHost, comm.SSHPort = "", c.verify.port
	state := new(multistep.BasicStateBag)
	for key, value := range map[string]any{
		"ui": t.ui, "hook": t.state.Get("hook"), "instance": t.instance, "ec2v2": t.state.Get("ec2v2"), "communicator_config": &comm,
	} {
		state.Put(key, value)
	}
	host := awscommon.SSHHost(ctx, t.clients.EC2(""), c.SSHInterface, "")
	tunnel := &awscommon.StepCreateSSMTunnel{
		AwsConfig: t.clients.Config(""), Region: t.region(), SSMAgentEnabled: c.SSMAgentEnabled(),
		PauseBeforeSSM: c.PauseBeforeSSM, RemotePortNumber: comm.SSHPort, SSHConfig: &comm.SSH,
	}
	t.close = func() { tunnel.Cleanup(state) }
	steps := []multistep.Step{
		tunnel,
		stepAwaitPort{trial: t, comm: &comm, host: host},
		&communicator.StepConnect{
			Config: &comm, Host: host, SSHPort: awscommon.Port(c.SSHInterface, comm.SSHPort),
			SSHConfig: t.keys.noting(comm.SSHConfigFunc()),
		},
	}
	for _, step := range steps {
		if step.Run(ctx, state) != multistep.ActionContinue {
			return t.whyNot(ctx, state)
		}
	}
	connection, ok := state.Get("communicator").(packersdk.Communicator)
	if !ok {
		return fmt.Errorf("log in to %s: the SDK gave no connection", t.id)
	}
	t.comm = connection
	return nil
}

func (t *trial) whyNot(ctx context.Context, state multistep.StateBag) error {
	err, ok := state.Get("error").(error)
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case !ok:
		err = errors.New("no reason was given")
	}
	return fmt.Errorf("log in to %s: %w", t.id, err)
}

// portPause lies between looks at the port of a machine that boots. The SDK's step
// looks each five seconds, which is longer than some boots.
const portPause = 250 * time.Millisecond

// stepAwaitPort waits until the machine takes connections, where it can be asked
// directly.
type stepAwaitPort struct {
	*trial
	comm *communicator.Config
	host func(multistep.StateBag) (string, error)
}

func (s stepAwaitPort) Run(ctx context.Context, state multistep.StateBag) multistep.StepAction {
	if s.comm.SSHBastionHost != "" || s.comm.SSHProxyHost != "" || s.cfg.SSMAgentEnabled() {
		return multistep.ActionContinue
	}
	host, err := s.host(state)
	if err != nil {
		state.Put("error", err)
		return multistep.ActionHalt
	}
	address := net.JoinHostPort(host, strconv.Itoa(s.comm.SSHPort))
	tick := time.NewTicker(portPause)
	defer tick.Stop()
	dialer := net.Dialer{Timeout: 5 * time.Second}
	for {
		if conn, err := dialer.DialContext(ctx, "tcp", address); err == nil {
			_ = conn.Close() // only the question was of interest
			return multistep.ActionContinue
		}
		select {
		case <-ctx.Done():
			state.Put("error", fmt.Errorf("%s takes no connection: %w", address, context.Cause(ctx)))
			return multistep.ActionHalt
		case <-tick.C:
		}
	}
}

func (stepAwaitPort) Cleanup(multistep.StateBag) {}
