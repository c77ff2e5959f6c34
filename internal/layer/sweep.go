package layer

import (
	"os"
	"path/filepath"
	"time"
)

const (
	// staleAfter is the age at which a folder may be removed once nobody in it lives.
	staleAfter = time.Hour
	// forgottenAfter is the age at which one goes of which that cannot be told, such
	// as that of another machine.
	forgottenAfter = 7 * 24 * time.Hour
)

// sweep removes what earlier runs left. A plugin cannot do it when its run
// ends, because Packer kills it. Errors are left to the next run.
func sweep(base, own string, m machine) {
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
		old := &room{dir: path, machine: m}
		if !entry.IsDir() || old.abandoned(time.Since(info.ModTime())) {
			_ = os.RemoveAll(path)
		}
	}
}

// abandoned tells whether all processes that joined a room have ended, some time after
// the last of them wrote into it.
func (r *room) abandoned(age time.Duration) bool {
	all, err := r.records()
	if err != nil {
		return age > forgottenAfter
	}
	here := r.machine.self().Host
	for _, one := range all {
		if r.alive(one) && (one.Process.Host == here || age < forgottenAfter) {
			return false
		}
	}
	return true
}
