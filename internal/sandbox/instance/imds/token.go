package imds

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// maxTTL is how many seconds a token may hold: six hours (EC2 User Guide).
const maxTTL = 21600

// tokens makes and checks session tokens. A token is its end and a signature of it, so none is kept.
type tokens struct{ key [32]byte }

func newTokens() *tokens {
	t := &tokens{}
	_, _ = rand.Read(t.key[:]) // never fails since Go 1.24
	return t
}

// issue gives a token that holds until end.
func (t *tokens) issue(end time.Time) string {
	text := binary.BigEndian.AppendUint64(nil, uint64(end.UnixNano())) //nolint:gosec // any year of this machine's clock
	return base64.URLEncoding.EncodeToString(append(text, t.sign(text)...))
}

// end is when a token of ours ends.
func (t *tokens) end(token string) (time.Time, bool) {
	raw, err := base64.URLEncoding.DecodeString(token)
	const size = 8
	if err != nil || len(raw) != size+sha256.Size || !hmac.Equal(raw[size:], t.sign(raw[:size])) {
		return time.Time{}, false
	}
	return time.Unix(0, int64(binary.BigEndian.Uint64(raw))), true //nolint:gosec // issue wrote it
}

func (t *tokens) sign(text []byte) []byte {
	h := hmac.New(sha256.New, t.key[:])
	h.Write(text)
	return h.Sum(nil)
}
