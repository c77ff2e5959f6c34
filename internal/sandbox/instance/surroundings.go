//go:build linux

package instance

import (
	"context"
	"net"
	"net/netip"
	"sync"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/imds"
)

// surroundings are what a guest that shares the host's network has in the place of EC2's: its metadata service is at
// a port of the instance's own loopback address, and the scripts of its user data are told where that and AWS are by
// the variables that AWS's clients read.
type surroundings struct {
	environment []string
	listener    net.Listener // nil: there is no metadata service
	served      sync.WaitGroup
}

func newSurroundings(ctx context.Context, s Spec) (*surroundings, error) {
	around := &surroundings{}
	if s.Endpoint != "" {
		around.environment = append(around.environment, "AWS_ENDPOINT_URL="+s.Endpoint)
	}
	if s.Metadata == nil {
		return around, nil
	}
	if region := s.metadata().Region; region != "" {
		around.environment = append(around.environment, "AWS_DEFAULT_REGION="+region)
	}
	l, err := listenTCP(ctx, netip.AddrPortFrom(s.Addr, 0))
	if err != nil {
		return nil, err
	}
	around.listener = l
	around.environment = append(around.environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://"+l.Addr().String())
	around.served.Go(func() { _ = imds.New(s.metadata).Serve(l) }) // ends when close closes the listener
	return around, nil
}

func (a *surroundings) close() error {
	if a.listener == nil {
		return nil
	}
	err := a.listener.Close()
	a.served.Wait()
	return ignoreClosed(err)
}
