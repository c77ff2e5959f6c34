//go:build linux

package instance

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// store keeps layers and disks: unpacked in the tmpfs while an instance uses them, packed in the state
// directory. In the tmpfs names are short numbers, since all of them must fit into one page of mount options.
//
//	state: layers/ID.tar.gz, layers/ID.deleted (still used by a disk), disks/ID.tar.gz, disks/ID.json
//	tmpfs: b and t (mount points for the base and for the tmpfs itself), l/N (layers), v/N (vendor layers), i/N/{u,w,m} (disks)
type store struct {
	state, base, tmpfs string
	root               *os.Root // of the tmpfs; all deletion goes through it and cannot leave it
	buildVendor        func(s *store, dir, user string) error

	mu      sync.Mutex
	next    int
	layers  map[string]*layer // those that a disk uses
	vendors map[string]string // by default user
}

// layer is one that disks use.
type layer struct {
	mu      sync.Mutex
	dir     string // in the tmpfs; empty while packed
	uses    int    // disks, guarded by the store's mutex
	deleted bool   // goes with its last use, guarded by the store's mutex
}

// halfWritten starts the names of files that are not complete; ids never start with a dot.
const halfWritten = ".new-"

func openStore(state, base, tmpfs string, vendor func(s *store, dir, user string) error) (*store, error) {
	s := &store{state: state, base: base, tmpfs: tmpfs, buildVendor: vendor, layers: map[string]*layer{}, vendors: map[string]string{}}
	for _, d := range []string{"layers", "disks"} {
		if err := os.MkdirAll(filepath.Join(state, d), 0o700); err != nil {
			return nil, err
		}
		halves, err := filepath.Glob(filepath.Join(state, d, halfWritten+"*"))
		if err != nil {
			return nil, err
		}
		for _, f := range halves { // a process was killed while it wrote them
			if err := os.Remove(f); err != nil {
				return nil, err
			}
		}
	}
	var st unix.Statfs_t
	if err := unix.Statfs(tmpfs, &st); err != nil {
		return nil, err
	}
	if st.Type != unix.TMPFS_MAGIC {
		return nil, fmt.Errorf("%s is no tmpfs but file system type %#x", tmpfs, st.Type)
	}
	root, err := os.OpenRoot(tmpfs)
	if err != nil {
		return nil, err
	}
	s.root = root
	for _, d := range []string{"b", "t", "l", "v", "i"} {
		if err := root.Mkdir(d, 0o700); err != nil {
			return nil, errors.Join(err, root.Close())
		}
	}
	return s, nil
}

func (s *store) close() error { return s.root.Close() }

// newDir makes an empty directory of a kind (l, v, i) in the tmpfs and gives its name there.
func (s *store) newDir(kind string) (string, error) {
	s.mu.Lock()
	s.next++
	name := filepath.Join(kind, strconv.Itoa(s.next))
	s.mu.Unlock()
	return name, s.root.Mkdir(name, 0o755)
}

// vendor gives the vendor layer for a default user, building it once.
func (s *store) vendor(user string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if dir, ok := s.vendors[user]; ok {
		return dir, nil
	}
	s.next++
	dir := filepath.Join("v", strconv.Itoa(s.next))
	if err := s.root.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	if err := s.buildVendor(s, filepath.Join(s.tmpfs, dir), user); err != nil {
		return "", errors.Join(err, s.root.RemoveAll(dir))
	}
	s.vendors[user] = dir
	return dir, nil
}

func (s *store) layerFile(id string) string { return filepath.Join(s.state, "layers", id+".tar.gz") }

func (s *store) deletedMark(id string) string { return filepath.Join(s.state, "layers", id+".deleted") }

// use counts a disk as a user of its layers.
func (s *store) use(ids []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if _, err := os.Stat(s.layerFile(id)); err != nil {
			return fmt.Errorf("layer %s is not here: %w", id, err)
		}
	}
	for _, id := range ids {
		if s.layers[id] == nil {
			_, err := os.Stat(s.deletedMark(id))
			s.layers[id] = &layer{deleted: err == nil}
		}
		s.layers[id].uses++
	}
	return nil
}

// drop ends a use. The last one frees the memory, and the file of a deleted layer.
func (s *store) drop(ids []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, id := range ids {
		l := s.layers[id]
		if l == nil {
			continue
		}
		l.uses--
		if l.uses > 0 {
			continue
		}
		delete(s.layers, id)
		if l.dir != "" {
			errs = append(errs, s.root.RemoveAll(l.dir))
		}
		if l.deleted {
			errs = append(errs, s.removeLayerFiles(id))
		}
	}
	return errors.Join(errs...)
}

// deleteLayer forgets a layer now, or with the last disk that uses it.
func (s *store) deleteLayer(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.layers[id]; l != nil {
		l.deleted = true
		return os.WriteFile(s.deletedMark(id), nil, 0o600)
	}
	return s.removeLayerFiles(id)
}

func (s *store) removeLayerFiles(id string) error {
	for _, f := range []string{s.layerFile(id), s.deletedMark(id)} {
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("delete layer %s: %w", id, err)
		}
	}
	return nil
}
