package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

// flushes keeps what had been written at the first flush.
type flushes struct {
	*httptest.ResponseRecorder
	first string
}

func (f *flushes) Flush() {
	if f.first == "" {
		f.first = "flushed: " + f.Body.String()
	}
	f.ResponseRecorder.Flush()
}

// Headers that come before their body let the SDK for Go lose the body on a busy
// machine, so that a call is made twice.
func TestHeadersComeWithTheirBody(t *testing.T) {
	t.Parallel()
	e, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("Action=GetEbsEncryptionByDefault&Version=2016-11-15"))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+e.World().Credentials(sandboxtest.Home).ID+"/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0")
	w := &flushes{ResponseRecorder: httptest.NewRecorder()}
	e.ServeHTTP(w, r)
	if !strings.HasSuffix(w.first, "</GetEbsEncryptionByDefaultResponse>") {
		t.Errorf("at the first flush: %q", w.first)
	}
}
