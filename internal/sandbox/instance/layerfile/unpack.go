//go:build linux

package layerfile

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"

	"golang.org/x/sys/unix"
)

type unpacker struct {
	root *os.File
	dirs []*tar.Header // their times are set last, as their entries change them
}

// Unpack makes the tree of an archive of [Pack] below dir, which must be empty. Names that would leave dir,
// by themselves or through a link, are an error.
func Unpack(r io.Reader, dir *os.File) error {
	zr, err := gzip.NewReader(r)
	if err != nil {
		return fmt.Errorf("layer file: %w", err)
	}
	u := &unpacker{root: dir}
	for tr := tar.NewReader(zr); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("layer file: %w", err)
		}
		if err := u.entry(h, tr); err != nil {
			return fmt.Errorf("unpack %s: %w", h.Name, err)
		}
	}
	if err := finish(zr); err != nil {
		return fmt.Errorf("layer file: %w", err)
	}
	sort.Slice(u.dirs, func(i, j int) bool { return len(u.dirs[i].Name) > len(u.dirs[j].Name) })
	for _, h := range u.dirs {
		if err := u.finishDir(h); err != nil {
			return fmt.Errorf("unpack %s: %w", h.Name, err)
		}
	}
	return nil
}

// maxPadding is far more than any tar program puts behind the last entry to fill its record (10 KiB).
const maxPadding = 64 << 10

// finish reads what follows the last entry: padding, and then the checksum, which the reader compares.
func finish(zr io.Reader) error {
	_, err := io.CopyN(io.Discard, zr, maxPadding)
	if err == nil {
		return errors.New("there is more after its last entry")
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// parent opens the directory that name is in, without leaving the tree or following a link.
func (u *unpacker) parent(name string) (*os.File, string, error) {
	clean := path.Clean(name)
	if !filepath.IsLocal(clean) {
		return nil, "", errors.New("name leaves the layer")
	}
	f, err := u.beneath(path.Dir(clean), unix.O_DIRECTORY|unix.O_PATH)
	return f, path.Base(clean), err
}

func (u *unpacker) beneath(name string, flags int) (*os.File, error) {
	how := unix.OpenHow{
		Flags:   uint64(flags | unix.O_CLOEXEC), //nolint:gosec // open flags are small and positive
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV,
	}
	fd, err := unix.Openat2(int(u.root.Fd()), name, &how)
	if err != nil {
		return nil, fmt.Errorf("open directory %s: %w", name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

func (u *unpacker) entry(h *tar.Header, content io.Reader) error {
	dir, base, err := u.parent(h.Name)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	at := int(dir.Fd())
	mode := uint32(h.Mode & 0o7777)
	dev, err := device(h)
	if err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeDir:
		u.dirs = append(u.dirs, h)
		if base != "." {
			err = unix.Mkdirat(at, base, 0o700)
		}
	case tar.TypeReg:
		err = writeFile(at, base, content)
	case tar.TypeLink:
		return u.link(h, at, base)
	case tar.TypeSymlink:
		err = unix.Symlinkat(h.Linkname, at, base)
	case tar.TypeChar:
		err = unix.Mknodat(at, base, unix.S_IFCHR|mode, dev)
	case tar.TypeBlock:
		err = unix.Mknodat(at, base, unix.S_IFBLK|mode, dev)
	case tar.TypeFifo:
		err = unix.Mknodat(at, base, unix.S_IFIFO|mode, 0)
	default:
		return fmt.Errorf("unknown entry type %q", h.Typeflag)
	}
	if err != nil {
		return err
	}
	return attributes(dir, base, h)
}

// device gives the number of a device as Linux has it, 12 bits and 20; it is 0 for what is none.
func device(h *tar.Header) (int, error) {
	major, minor := h.Devmajor, h.Devminor
	if major < 0 || major >= 1<<12 || minor < 0 || minor >= 1<<20 {
		return 0, fmt.Errorf("no device has the number %d:%d", major, minor)
	}
	return int(unix.Mkdev(uint32(major), uint32(minor))), nil //nolint:gosec // 32 bits, by the check above
}

func writeFile(at int, base string, content io.Reader) error {
	fd, err := unix.Openat(at, base, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), base)
	if _, err := io.Copy(f, content); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

func (u *unpacker) link(h *tar.Header, at int, base string) error {
	from, name, err := u.parent(h.Linkname)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	return unix.Linkat(int(from.Fd()), name, at, base, 0)
}

// attributes sets owner, mode, extended attributes and times, in this order: a change of owner clears the
// set-user-id bit and file capabilities.
func attributes(dir *os.File, base string, h *tar.Header) error {
	at := int(dir.Fd())
	if err := unix.Fchownat(at, base, h.Uid, h.Gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("owner: %w", err)
	}
	if h.Typeflag != tar.TypeSymlink {
		if err := unix.Fchmodat(at, base, uint32(h.Mode&0o7777), 0); err != nil {
			return fmt.Errorf("mode: %w", err)
		}
	}
	for record, value := range h.PAXRecords {
		name, ok := strings.CutPrefix(record, xattrRecord)
		if !ok {
			continue
		}
		if err := unix.Lsetxattr(fdPath(dir, base), name, []byte(value), 0); err != nil {
			return fmt.Errorf("attribute %s: %w", name, err)
		}
	}
	return setTimes(at, base, h)
}

func (u *unpacker) finishDir(h *tar.Header) error {
	dir, base, err := u.parent(h.Name)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return setTimes(int(dir.Fd()), base, h)
}

func setTimes(at int, base string, h *tar.Header) error {
	t := unix.NsecToTimespec(h.ModTime.UnixNano())
	if err := unix.UtimesNanoAt(at, base, []unix.Timespec{t, t}, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("times: %w", err)
	}
	return nil
}

// Size gives the bytes of file content in an archive, as [Pack] gave when it was made.
func Size(r io.Reader) (int64, error) {
	zr, err := gzip.NewReader(r)
	if err != nil {
		return 0, fmt.Errorf("layer file: %w", err)
	}
	var n int64
	for tr := tar.NewReader(zr); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return 0, fmt.Errorf("layer file: %w", err)
		}
		n += h.Size
	}
}
