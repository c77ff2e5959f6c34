//go:build linux

package link

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// dialLimit bounds the wait for a guest that does not answer at all.
const dialLimit = 10 * time.Second

// Forward passes connections on to a TCP port of the guest until the listener is closed, and then ends those
// that are left. Where nothing listens in the guest the connection is closed without a word.
func (n *Network) Forward(l net.Listener, port uint16) {
	var open sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	for {
		conn, err := l.Accept()
		if err != nil {
			break // the listener is closed: for a listener of ours there is no other end
		}
		open.Go(func() { n.pass(ctx, conn, port) })
	}
	cancel()
	open.Wait()
}

func (n *Network) pass(ctx context.Context, from net.Conn, port uint16) {
	defer func() { _ = from.Close() }()
	dialing, cancel := context.WithTimeout(ctx, dialLimit)
	to, err := n.Dial(dialing, port)
	cancel()
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	defer context.AfterFunc(ctx, func() { _, _ = from.Close(), to.Close() })()
	var both sync.WaitGroup
	both.Go(func() { oneWay(to, from) })
	oneWay(from, to)
	both.Wait()
}

// oneWay copies until the source ends, and tells the other side so, which may still have something to say.
func oneWay(to, from net.Conn) {
	_, err := io.Copy(to, from)
	half, ok := to.(interface{ CloseWrite() error })
	if err != nil || !ok || half.CloseWrite() != nil {
		_, _ = to.Close(), from.Close()
	}
}
