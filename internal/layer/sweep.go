package layer

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// sweep removes what earlier runs left. A plugin cannot do it when its run
// ends, because Packer kills it. Errors are left to the next run.
func sweep(base, own string) {
	entries, err := os.ReadDir(base)
	if err != nil {
		return
	}
	for _, entry := range entries {
		path := filepath.Join(base, entry.Name())
		info, err := entry.Info()
		if err != nil || path == own || time.Since(info.ModTime()) < staleAfter {
			continue
		}
		if !entry.IsDir() || nobodyLives(path) {
			_ = os.RemoveAll(path)
		}
	}
}

// nobodyLives tells whether all processes that joined a room have ended.
func nobodyLives(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), aliveEnd) && entry.Name() != lockName {
			continue
		}
		probe := flock.New(filepath.Join(dir, entry.Name()))
		held, err := probe.TryRLock()
		_ = probe.Close()
		if err != nil || !held {
			return false
		}
	}
	return true
}
