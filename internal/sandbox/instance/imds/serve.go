//go:build linux

package imds

import (
	"context"
	"net"
	"net/http"
	"time"

	"golang.org/x/sys/unix"
)

// Serve answers on a TCP listener until it is closed, which it says with [net.ErrClosed].
func (s *Service) Serve(l net.Listener) error {
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, ConnContext: withLimit}
	defer func() { _ = server.Close() }() // connections end with the listener
	return server.Serve(l)
}

func withLimit(ctx context.Context, c net.Conn) context.Context {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return ctx
	}
	return context.WithValue(ctx, limitKey{}, func(hops int) error {
		raw, err := tcp.SyscallConn()
		if err != nil {
			return err
		}
		var refused error
		if err := raw.Control(func(fd uintptr) { refused = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TTL, hops) }); err != nil {
			return err
		}
		return refused
	})
}
