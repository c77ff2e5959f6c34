//go:build linux

package instance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/layerfile"
)

// disk is what an instance has changed, above the layers of its image.
type disk struct {
	layers []string
	dir    string // in the tmpfs; empty while it is packed in the state directory
}

// record is what the state directory says about a disk.
type record struct{ Layers []string }

func (s *store) newDisk(layers []string) (*disk, error) {
	if err := s.use(layers); err != nil {
		return nil, err
	}
	d := &disk{layers: layers}
	if err := s.makeDirs(d); err != nil {
		return nil, errors.Join(err, s.drop(layers))
	}
	return d, nil
}

func (s *store) makeDirs(d *disk) error {
	dir, err := s.newDir("i")
	if err != nil {
		return err
	}
	for _, sub := range []string{"u", "w", "m"} {
		if err := s.root.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			return errors.Join(err, s.root.RemoveAll(dir))
		}
	}
	d.dir = dir
	return nil
}

// prepare unpacks what the disk needs and gives its layers' directories, bottom first.
func (s *store) prepare(id string, d *disk, user string) ([]string, error) {
	vendor, err := s.vendor(user)
	if err != nil {
		return nil, err
	}
	dirs := []string{vendor}
	for _, l := range d.layers {
		dir, err := s.unpackLayer(l)
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, dir)
	}
	if d.dir != "" {
		return dirs, nil
	}
	if err := s.makeDirs(d); err != nil {
		return nil, err
	}
	if err := s.unpack(s.diskFile(id, ".tar.gz"), filepath.Join(d.dir, "u")); err != nil {
		err = errors.Join(err, s.root.RemoveAll(d.dir))
		d.dir = ""
		return nil, fmt.Errorf("disk of %s: %w", id, err)
	}
	return dirs, nil
}

func (s *store) unpackLayer(id string) (string, error) {
	s.mu.Lock()
	l := s.layers[id]
	s.mu.Unlock()
	if l == nil {
		return "", fmt.Errorf("layer %s is not in use", id)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dir != "" {
		return l.dir, nil
	}
	dir, err := s.newDir("l")
	if err != nil {
		return "", err
	}
	if err := s.unpack(s.layerFile(id), dir); err != nil {
		return "", fmt.Errorf("layer %s: %w", id, errors.Join(err, s.root.RemoveAll(dir)))
	}
	l.dir = dir
	return dir, nil
}

func (s *store) unpack(file, dir string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	to, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = to.Close() }()
	return layerfile.Unpack(f, to)
}

// commit packs the disk's changes as a layer. The files of a running instance need no sync first: overlayfs
// writes through to the tmpfs, there is no cache between them.
func (s *store) commit(ctx context.Context, d *disk, id, layerID string) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	target := s.layerFile(layerID)
	if _, err := os.Stat(target); err == nil {
		return 0, errors.New("the layer exists already")
	}
	if d.dir == "" {
		return s.copyDisk(id, target)
	}
	return s.pack(filepath.Join(d.dir, "u"), target)
}

// copyDisk commits a disk that has not been unpacked since it was saved.
func (s *store) copyDisk(id, target string) (int64, error) {
	from, err := os.Open(s.diskFile(id, ".tar.gz"))
	if err != nil {
		return 0, err
	}
	defer func() { _ = from.Close() }()
	if err := writeWhole(target, func(w io.Writer) error {
		_, err := io.Copy(w, from)
		return err
	}); err != nil {
		return 0, err
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	return layerfile.Size(from)
}

func (s *store) pack(dir, target string) (n int64, err error) {
	from, err := s.root.Open(dir)
	if err != nil {
		return 0, err
	}
	defer func() { _ = from.Close() }()
	err = writeWhole(target, func(w io.Writer) error {
		n, err = layerfile.Pack(w, from)
		return err
	})
	return n, err
}

// writeWhole makes a file that is either complete and on disk, or not there.
func writeWhole(file string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(file), halfWritten+"*")
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func (s *store) diskFile(id, suffix string) string { return filepath.Join(s.state, "disks", id+suffix) }

// saveDisk writes a disk to the state directory.
func (s *store) saveDisk(id string, d *disk) error {
	if d.dir == "" {
		return nil // it was never unpacked
	}
	if _, err := s.pack(filepath.Join(d.dir, "u"), s.diskFile(id, ".tar.gz")); err != nil {
		return fmt.Errorf("save the disk of %s: %w", id, err)
	}
	return writeWhole(s.diskFile(id, ".json"), func(w io.Writer) error { return json.NewEncoder(w).Encode(record{d.layers}) })
}

func (s *store) dropDisk(id string, d *disk) error {
	if d == nil {
		return nil
	}
	var errs []error
	if d.dir != "" {
		errs = append(errs, s.root.RemoveAll(d.dir))
	}
	for _, suffix := range []string{".json", ".tar.gz"} {
		if err := os.Remove(s.diskFile(id, suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, s.drop(d.layers))...)
}

// disks reads what earlier backends saved.
func (s *store) disks() (map[string]*disk, error) {
	names, err := filepath.Glob(s.diskFile("*", ".json"))
	if err != nil {
		return nil, err
	}
	out := map[string]*disk{}
	for _, name := range names {
		id := strings.TrimSuffix(filepath.Base(name), ".json")
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var r record
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("disk of %s: %w", id, err)
		}
		if err := s.use(r.Layers); err != nil {
			return nil, fmt.Errorf("disk of %s: %w", id, err)
		}
		out[id] = &disk{layers: r.Layers}
	}
	return out, nil
}
