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
	"sort"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const xattrRecord = "SCHILY.xattr." // the PAX record that GNU tar, star and containers use

type inode struct{ dev, ino uint64 }

type packer struct {
	tw    *tar.Writer
	links map[inode]string
	bytes int64
}

// Pack writes the tree below dir to w and gives the bytes of file content in it. What vanishes while it
// reads is left out.
func Pack(w io.Writer, dir *os.File) (int64, error) {
	zw, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return 0, err
	}
	p := &packer{tw: tar.NewWriter(zw), links: map[inode]string{}}
	if err := p.root(dir); err != nil {
		return 0, err
	}
	if err := p.tw.Close(); err != nil {
		return 0, err
	}
	return p.bytes, zw.Close()
}

// root packs the top directory itself too: its mode is the mode of / in the guest.
func (p *packer) root(dir *os.File) error {
	fd, err := unix.Openat(int(dir.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open layer: %w", err)
	}
	f := os.NewFile(uintptr(fd), "layer")
	defer func() { _ = f.Close() }()
	return p.dir(f, ".")
}

func (p *packer) dir(f *os.File, name string) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return fmt.Errorf("stat %s: %w", name, err)
	}
	h := header(name+"/", &st)
	h.Typeflag = tar.TypeDir
	if err := p.write(h, fdPath(f, ""), nil); err != nil {
		return err
	}
	entries, err := f.Readdirnames(-1)
	if err != nil {
		return fmt.Errorf("list %s: %w", name, err)
	}
	sort.Strings(entries)
	for _, e := range entries {
		if err := p.entry(f, e, path.Join(name, e)); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
	return nil
}

func (p *packer) entry(parent *os.File, base, name string) error {
	at := int(parent.Fd())
	var st unix.Stat_t
	if err := unix.Fstatat(at, base, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("stat %s: %w", name, err)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		f, err := open(at, base, unix.O_DIRECTORY)
		if err != nil {
			return fmt.Errorf("open %s: %w", name, err)
		}
		defer func() { _ = f.Close() }()
		return p.dir(f, name)
	case unix.S_IFREG:
		return p.file(at, base, name)
	}
	h := header(name, &st)
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFLNK:
		target, err := readlink(at, base)
		if err != nil {
			return fmt.Errorf("read link %s: %w", name, err)
		}
		h.Typeflag, h.Linkname = tar.TypeSymlink, target
	case unix.S_IFCHR:
		h.Typeflag = tar.TypeChar
	case unix.S_IFBLK:
		h.Typeflag = tar.TypeBlock
	case unix.S_IFIFO:
		h.Typeflag = tar.TypeFifo
	default:
		return nil
	}
	return p.write(h, fdPath(parent, base), nil)
}

func (p *packer) file(at int, base, name string) error {
	f, err := open(at, base, unix.O_NONBLOCK) // a file swapped for a FIFO must not block us
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	defer func() { _ = f.Close() }()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return fmt.Errorf("stat %s: %w", name, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil
	}
	h := header(name, &st)
	h.Typeflag = tar.TypeReg
	if st.Nlink > 1 {
		id := inode{st.Dev, st.Ino}
		if first, ok := p.links[id]; ok {
			h.Typeflag, h.Linkname = tar.TypeLink, first
			return p.write(h, "", nil)
		}
		p.links[id] = name
	}
	h.Size = st.Size
	return p.write(h, fdPath(f, ""), f)
}

// write adds one entry. A file that grew since it was measured is cut, one that shrank is padded with zeros,
// as a snapshot of a disk in use may show it.
func (p *packer) write(h *tar.Header, xattrPath string, content io.Reader) error {
	if xattrPath != "" {
		attrs, err := xattrs(xattrPath)
		if err != nil {
			return fmt.Errorf("attributes of %s: %w", h.Name, err)
		}
		h.PAXRecords = attrs
	}
	if err := p.tw.WriteHeader(h); err != nil {
		return fmt.Errorf("pack %s: %w", h.Name, err)
	}
	if content == nil || h.Size == 0 {
		return nil
	}
	n, err := io.CopyN(p.tw, content, h.Size)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("pack %s: %w", h.Name, err)
	}
	p.bytes += h.Size
	if n < h.Size {
		_, err = io.CopyN(p.tw, zeros{}, h.Size-n)
		return err
	}
	return nil
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func header(name string, st *unix.Stat_t) *tar.Header {
	return &tar.Header{
		Name: name, Mode: int64(st.Mode & 0o7777), Uid: int(st.Uid), Gid: int(st.Gid),
		ModTime: time.Unix(st.Mtim.Unix()), Format: tar.FormatPAX,
		Devmajor: int64(unix.Major(st.Rdev)), Devminor: int64(unix.Minor(st.Rdev)),
	}
}

func open(at int, base string, flags int) (*os.File, error) {
	fd, err := unix.Openat(at, base, flags|unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NOATIME, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), base), nil
}

func readlink(at int, base string) (string, error) {
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(at, base, buf)
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}

// fdPath names an open file, or an entry of an open directory, for calls that know paths only.
func fdPath(f *os.File, entry string) string {
	name := "/proc/self/fd/" + strconv.Itoa(int(f.Fd()))
	if entry != "" {
		name += "/" + entry
	}
	return name
}

// keptMarks are the overlay attributes that mean the same in every mount.
var keptMarks = map[string]bool{"trusted.overlay.opaque": true, "trusted.overlay.redirect": true}

// xattrs reads the attributes worth keeping. A path that is one open file is followed (it is a link in
// /proc), an entry in a directory is not.
func xattrs(file string) (map[string]string, error) {
	list, get := unix.Llistxattr, unix.Lgetxattr
	if path.Dir(file) == "/proc/self/fd" {
		list, get = unix.Listxattr, unix.Getxattr
	}
	buf := make([]byte, 64<<10) // XATTR_LIST_MAX and XATTR_SIZE_MAX
	n, err := list(file, buf)
	if errors.Is(err, unix.ENOTSUP) || (err == nil && n == 0) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(buf[:n]), "\x00"), "\x00") {
		if strings.HasPrefix(name, "trusted.overlay.") && !keptMarks[name] {
			continue
		}
		size, err := get(file, name, buf)
		if errors.Is(err, unix.ENODATA) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[xattrRecord+name] = string(buf[:size])
	}
	return out, nil
}
