package world

import (
	crand "crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"sync"
)

// random is where all of the world's ids, secrets and chances come from. With a
// seed the same draws in the same order give the same values.
type random struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

// newRandom starts from a seed; 0 takes one of the machine's.
func newRandom(seed uint64) *random {
	var key [32]byte
	if seed == 0 {
		_, _ = crand.Read(key[:]) // never fails since Go 1.24
	} else {
		binary.LittleEndian.PutUint64(key[:], seed)
	}
	return &random{source: rand.NewChaCha8(key)}
}

// Read fills b; it never fails.
func (r *random) Read(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.Read(b)
}

// below is a number from 0 to below n, which is positive.
func (r *random) below(n int64) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return rand.New(r.source).Int64N(n) //nolint:gosec // it must repeat; nothing here is secret
}

func (r *random) hex(digits int) string {
	b := make([]byte, (digits+1)/2)
	_, _ = r.Read(b)
	return hex.EncodeToString(b)[:digits]
}

func (r *random) base32(n int) string {
	b := make([]byte, n)
	_, _ = r.Read(b)
	return base32.StdEncoding.EncodeToString(b)[:n]
}

func (r *random) secret() string {
	b := make([]byte, 30)
	_, _ = r.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

// Read fills b with the world's random bytes: key material, passwords. It never
// fails. The same seed gives the same bytes, so nothing of it is a real secret.
func (w *World) Read(b []byte) (int, error) { return w.random.Read(b) }

// NewID makes an id as EC2 does: prefix, dash, 17 hexadecimal digits. What is new
// may be unknown to other calls for a while, see [Delays.Visible].
func (w *World) NewID(prefix string) string {
	id := prefix + "-0" + w.random.hex(16) // EC2's long ids begin with 0
	w.lag(id)
	w.madeMu.Lock()
	defer w.madeMu.Unlock()
	w.made = append(w.made, id)
	return id
}

// Made gives the ids that were made since it was last asked.
func (w *World) Made() []string {
	w.madeMu.Lock()
	defer w.madeMu.Unlock()
	made := w.made
	w.made = nil
	return made
}

// NewRequestID makes an id of a call: a UUID.
func (w *World) NewRequestID() string { return w.NewUUID() }

// NewUUID makes a random UUID in its usual spelling.
func (w *World) NewUUID() string {
	h := w.random.hex(32)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
