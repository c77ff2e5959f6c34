package seal

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Summary is what somebody who only carries the program and its report knows of a
// seal: numbers, and nothing that stood in the guest.
type Summary struct {
	Mode       Mode
	Operations int   // that were checked
	Removed    int   // files, links and emptied files
	Bytes      int64 // of them
	Warnings   int
	faults     int
	complete   bool
}

// Clean tells whether the program came to its end, and nothing failed or was left.
func (s Summary) Clean() bool { return s.complete && s.faults == 0 && s.Mode != "" }

// String gives the summary on one line of less than 150 characters, or nothing
// where it is not clean.
func (s Summary) String() string {
	if !s.Clean() {
		return ""
	}
	return fmt.Sprintf("%s operations=%d removed=%d bytes=%d warnings=%d", s.Mode, s.Operations, s.Removed, s.Bytes, s.Warnings)
}

// Witness reads along with a seal that another process runs: the communicator of a
// builder passes on both the program and its report. It never changes either.
type Witness struct {
	mu      sync.Mutex
	program []byte // its beginning, until the nonce is known
	prefix  string
	line    []byte
	tooLong bool
	summary Summary
}

// maxHead is how far into the program its nonce may stand.
const maxHead = 16 << 10

// programNonce is the line of the nonce in a program for Linux or Windows.
var programNonce = regexp.MustCompile(`(?m)^(?:GA_NONCE=|\$GaNonce = )'([0-9a-f]{32})'$`)

// Summary gives what was seen so far.
func (w *Witness) Summary() Summary {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.summary
}

// Program takes what is sent to the guest. It never fails.
func (w *Witness) Program() WriterFunc {
	return func(b []byte) (int, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.prefix != "" || len(w.program) > maxHead {
			return len(b), nil
		}
		w.program = append(w.program, b[:min(len(b), maxHead)]...)
		if found := programNonce.FindSubmatch(w.program); found != nil {
			w.prefix, w.program = "@goldenami "+string(found[1])+" ", nil
		}
		return len(b), nil
	}
}

// Nonce tells the nonce of a program that does not come by.
func (w *Witness) Nonce(nonce string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.prefix = "@goldenami " + nonce + " "
}

// Report takes what comes back from it. It never fails.
func (w *Witness) Report() WriterFunc {
	return func(b []byte) (int, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, c := range b {
			switch {
			case c != '\n' && len(w.line) < maxLine:
				w.line = append(w.line, c)
			case c != '\n':
				w.tooLong = true
			default:
				if !w.tooLong && w.prefix != "" {
					w.summary.take(w.prefix, strings.TrimSuffix(string(w.line), "\r"))
				}
				w.line, w.tooLong = w.line[:0], false
			}
		}
		return len(b), nil
	}
}

// WriterFunc is a function that is an io.Writer.
type WriterFunc func([]byte) (int, error)

// Write calls the function.
func (f WriterFunc) Write(b []byte) (int, error) { return f(b) }

// take reads one line of the report. After the end line nothing counts any more.
func (s *Summary) take(prefix, line string) {
	text, ok := strings.CutPrefix(line, prefix)
	if !ok || s.complete {
		return
	}
	words := strings.Split(text, " ")
	fields := words[1:]
	for i, word := range fields {
		fields[i], ok = decode(word)
		if !ok {
			return
		}
	}
	if kind, known := kinds[words[0]]; !known || kind.fields != len(fields) {
		return
	}
	switch words[0] {
	case "start":
		s.Mode = Mode(fields[0])
	case "preflight":
		s.faults++
	case "warning":
		s.Warnings++
	case "op":
		removed, err := strconv.Atoi(fields[2])
		size, err2 := strconv.ParseInt(fields[3], 10, 64)
		if err != nil || err2 != nil || fields[1] != string(ResultSealed) {
			s.faults++
			return
		}
		s.Removed, s.Bytes = s.Removed+removed, s.Bytes+size
	case "check":
		s.Operations++
		if fields[1] != "0" {
			s.faults++
		}
	case "end":
		s.complete = true
		if fields[0] != strconv.Itoa(ExitSealed) {
			s.faults++
		}
	}
}
