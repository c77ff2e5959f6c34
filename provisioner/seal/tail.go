package seal

import (
	"strconv"
	"strings"
	"sync"
)

// maxTail is what is worth showing of a guest's error output.
const maxTail = 2048

// tail keeps the end of what a command says on stderr. It is written by the
// communicator's goroutine, maybe after nobody waits any more.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b[max(0, len(b)-maxTail):]...)
	if extra := len(t.text) - maxTail; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(b), nil
}

// said gives the last line as an addition to an error, safe for a terminal, or
// nothing.
func (t *tail) said() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.text)), "\n")
	last := strings.TrimSpace(lines[len(lines)-1])
	if last == "" {
		return ""
	}
	return ", the guest said " + strconv.Quote(last)
}
