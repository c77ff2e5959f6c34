package sandbox_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

// pieces is a listener that keeps what its connections write, write by write.
type pieces struct {
	net.Listener

	mu  sync.Mutex
	all []string
}

func (p *pieces) Accept() (net.Conn, error) {
	c, err := p.Listener.Accept()
	return pieceConn{c, p}, err
}

type pieceConn struct {
	net.Conn

	to *pieces
}

func (c pieceConn) Write(b []byte) (int, error) {
	c.to.mu.Lock()
	c.to.all = append(c.to.all, string(b))
	c.to.mu.Unlock()
	return c.Conn.Write(b)
}

// What comes after the first piece of an answer can be lost by the SDK for Go on a
// busy machine, so that a call is made twice.
func TestSmallAnswersGoOutInOnePiece(t *testing.T) {
	t.Parallel()
	e, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(e)
	written := &pieces{Listener: server.Listener}
	server.Listener = written
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("Action=GetEbsEncryptionByDefault&Version=2016-11-15"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+e.World().Credentials(sandboxtest.Home).ID+"/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	written.mu.Lock()
	defer written.mu.Unlock()
	if len(written.all) != 1 || !strings.HasSuffix(written.all[0], "</GetEbsEncryptionByDefaultResponse>\r\n0\r\n\r\n") {
		t.Errorf("pieces: %q", written.all)
	}
}
