package shell_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/shell"
)

func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"", "a b", "'", `'\''`, "$(id)`id`", "-n", "\n\n", "\\", "é\xff*?[", "!#~"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsRune(s, 0) {
			return
		}
		out, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", "printf %s "+shell.Quote(s)).Output()
		if err != nil || string(out) != s {
			t.Errorf("%q became %q, %v", s, out, err)
		}
	})
}
