//go:build linux

package layerfile_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/layerfile"
)

func openDir(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// tree describes a directory tree in all that a layer keeps.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	inodes := map[uint64]string{}
	err := filepath.WalkDir(dir, func(p string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var st unix.Stat_t
		if err := unix.Lstat(p, &st); err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		fmt.Fprintf(&out, "%s %o %d:%d %d %d.%09d rdev %x", rel, st.Mode, st.Uid, st.Gid, st.Nlink, st.Mtim.Sec, st.Mtim.Nsec, st.Rdev)
		if first, ok := inodes[st.Ino]; ok {
			fmt.Fprintf(&out, " = %s", first)
		}
		inodes[st.Ino] = rel
		if target, err := os.Readlink(p); err == nil {
			fmt.Fprintf(&out, " -> %s", target)
		}
		if st.Mode&unix.S_IFMT == unix.S_IFREG {
			text, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			fmt.Fprintf(&out, " %q", text)
		}
		for _, name := range []string{"trusted.overlay.opaque", "trusted.overlay.redirect", "trusted.overlay.origin", "security.capability"} {
			var b [64]byte
			if n, err := unix.Lgetxattr(p, name, b[:]); err == nil {
				fmt.Fprintf(&out, " %s=%x", name, b[:n])
			}
		}
		out.WriteString("\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func ok(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestLayerComesBackAsItWas(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	in := func(name string) string { return filepath.Join(from, name) }
	ok(t,
		os.WriteFile(in("file"), []byte("content"), 0o600), os.Chmod(in("file"), 0o640), os.Link(in("file"), in("link")),
		os.WriteFile(in("empty"), nil, 0o600), os.Symlink("/etc/shadow", in("sym")), os.Symlink("nowhere", in("dangling")),
		os.Mkdir(in("dir"), 0o700), os.WriteFile(in("dir/x y\tü"), []byte("odd name"), 0o400),
		os.WriteFile(in(strings.Repeat("n", 200)), []byte("long"), 0o400),
		unix.Mkfifo(in("fifo"), 0o644), os.Chmod(from, 0o711))
	privileged := os.Geteuid() == 0
	if privileged {
		capability := []byte{1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
		ok(t,
			os.Lchown(in("file"), 1234, 4321), os.Chmod(in("file"), 0o4755), os.Lchown(in("sym"), 7, 8),
			unix.Mknod(in("whiteout"), unix.S_IFCHR, 0),
			unix.Lsetxattr(in("dir"), "trusted.overlay.opaque", []byte("y"), 0),
			unix.Lsetxattr(in("dir"), "trusted.overlay.redirect", []byte("/old"), 0),
			unix.Lsetxattr(in("file"), "security.capability", capability, 0))
	}
	ts := []unix.Timespec{{Sec: 1, Nsec: 2}, {Sec: 981173106, Nsec: 789}}
	for _, n := range []string{"file", "dir", "sym", "."} {
		ok(t, unix.UtimesNanoAt(unix.AT_FDCWD, in(n), ts, unix.AT_SYMLINK_NOFOLLOW))
	}
	want := tree(t, from)
	if privileged {
		ok(t, unix.Lsetxattr(in("dir"), "trusted.overlay.origin", []byte("handle"), 0)) // is not to be kept
	}
	var file bytes.Buffer
	n, err := layerfile.Pack(&file, openDir(t, from))
	ok(t, err)
	if n != int64(len("content")+len("odd name")+len("long")) {
		t.Errorf("packed %d bytes", n)
	}
	if size, err := layerfile.Size(bytes.NewReader(file.Bytes())); err != nil || size != n {
		t.Errorf("size %d, %v", size, err)
	}
	if out, err := listed(t, file.Bytes()); err != nil {
		t.Errorf("tar cannot read it: %v\n%s", err, out)
	}
	ok(t, layerfile.Unpack(&file, openDir(t, to)))
	if got := tree(t, to); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// listed lets tar itself read the file.
func listed(t *testing.T, file []byte) ([]byte, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "tar", "-tzf", "-")
	cmd.Stdin = bytes.NewReader(file)
	return cmd.CombinedOutput()
}

func TestNamesCannotLeaveTheLayer(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(outside, "victim"), []byte("alive"), 0o600))
	for name, entries := range map[string][]tar.Header{
		"parent":       {{Name: "../made", Typeflag: tar.TypeReg}},
		"deep parent":  {{Name: "a", Typeflag: tar.TypeDir}, {Name: "a/../../made", Typeflag: tar.TypeReg}},
		"absolute":     {{Name: filepath.Join(outside, "made"), Typeflag: tar.TypeReg}},
		"through link": {{Name: "l", Typeflag: tar.TypeSymlink, Linkname: outside}, {Name: "l/made", Typeflag: tar.TypeReg}},
		"over link":    {{Name: "l", Typeflag: tar.TypeSymlink, Linkname: filepath.Join(outside, "made")}, {Name: "l", Typeflag: tar.TypeReg}},
		"hard link":    {{Name: "h", Typeflag: tar.TypeLink, Linkname: "../victim"}},
		"link to link": {{Name: "l", Typeflag: tar.TypeSymlink, Linkname: outside}, {Name: "h", Typeflag: tar.TypeLink, Linkname: "l/victim"}},
		"unknown type": {{Name: "x", Typeflag: 'Z'}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			zw := gzip.NewWriter(&b)
			tw := tar.NewWriter(zw)
			for _, h := range entries {
				h.Uid, h.Gid, h.Mode = os.Getuid(), os.Getgid(), 0o755
				ok(t, tw.WriteHeader(&h))
			}
			ok(t, tw.Close(), zw.Close())
			if err := layerfile.Unpack(&b, openDir(t, t.TempDir())); err == nil {
				t.Error("unpacked")
			}
		})
	}
	t.Cleanup(func() {
		if entries, err := os.ReadDir(outside); err != nil || len(entries) != 1 {
			t.Errorf("outside: %v, %v", entries, err)
		}
	})
}

func TestDamagedFilesAreErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(dir, "f"), bytes.Repeat([]byte("content"), 1000), 0o600))
	var b bytes.Buffer
	_, err := layerfile.Pack(&b, openDir(t, dir))
	ok(t, err)
	for _, n := range []int{0, 5, b.Len() / 2, b.Len() - 9} {
		if err := layerfile.Unpack(io.LimitReader(bytes.NewReader(b.Bytes()), int64(n)), openDir(t, t.TempDir())); err == nil {
			t.Errorf("the first %d of %d bytes unpack", n, b.Len())
		}
	}
}

// pressed gives an archive of the entries with tail behind its end.
func pressed(t *testing.T, tail int, entries ...tar.Header) io.Reader {
	t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	for _, h := range entries {
		ok(t, tw.WriteHeader(&h))
	}
	ok(t, tw.Close())
	_, err := zw.Write(make([]byte, tail))
	ok(t, err, zw.Close())
	return &b
}

func TestOnlyPaddingFollowsTheLastEntry(t *testing.T) {
	t.Parallel()
	ok(t, layerfile.Unpack(pressed(t, 9<<10), openDir(t, t.TempDir())))
	if err := layerfile.Unpack(pressed(t, 1<<20), openDir(t, t.TempDir())); err == nil {
		t.Error("a file that goes on after its end unpacks")
	}
}

func TestDeviceNumbersAreThoseOfLinux(t *testing.T) {
	t.Parallel()
	for _, h := range []tar.Header{{Devmajor: 1 << 12}, {Devmajor: -1}, {Devminor: 1 << 20}, {Devminor: -1}} {
		h.Name, h.Typeflag, h.Format = "device", tar.TypeChar, tar.FormatGNU
		err := layerfile.Unpack(pressed(t, 0, h), openDir(t, t.TempDir()))
		if err == nil || !strings.Contains(err.Error(), "no device has the number") {
			t.Errorf("%d:%d: %v", h.Devmajor, h.Devminor, err)
		}
	}
}
