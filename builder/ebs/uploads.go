package ebs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/layer"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/windows"
)

// keptText is how much of an upload is remembered: inline scripts are far below it,
// and larger files are judged by their hash alone.
const keptText = 64 << 10

// uploads is the communicator that provisioners get. It does what the one inside
// does, and notes what goes to the instance.
type uploads struct {
	packersdk.Communicator

	mu      sync.Mutex
	sent    []upload
	folders []string // local ones
}

type upload struct {
	name string // on the instance
	sum  string
	text []byte // nil: too long
}

// Upload hashes the content while it is sent. The seal of a Windows machine is this
// plugin's own, and another one in each build.
func (u *uploads) Upload(dst string, r io.Reader, info *os.FileInfo) error {
	if windows.IsFile(dst) {
		return u.Communicator.Upload(dst, r, info)
	}
	sum := &digest{hash: sha256.New()}
	if err := u.Communicator.Upload(dst, io.TeeReader(r, sum), info); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sent = append(u.sent, sum.upload(dst))
	return nil
}

// UploadDir notes the folder, whose files are read again at the end: the
// communicator reads them itself.
func (u *uploads) UploadDir(dst, src string, exclude []string) error {
	if err := u.Communicator.UploadDir(dst, src, exclude); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if !slices.Contains(u.folders, src) {
		u.folders = append(u.folders, src)
	}
	return nil
}

// uncovered names, sorted, what was uploaded and is not among the declared inputs.
func (u *uploads) uncovered(declared *layer.Coverage) ([]string, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	var names []string
	for _, s := range u.sent {
		if !declared.Sum(s.sum) && (s.text == nil || !declared.Text(s.text)) {
			names = append(names, plainName(s.name))
		}
	}
	for _, folder := range u.folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			sum, err := fileSum(path)
			if err == nil && sum != "" && !declared.Sum(sum) {
				names = append(names, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// fileSum hashes a file, through a link as the communicators follow it; empty for
// what is no file.
func fileSum(path string) (string, error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return "", err
	}
	file, err := os.Open(path) //nolint:gosec // the user has had it uploaded
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // only read
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// digest hashes what is written to it and keeps the beginning.
type digest struct {
	hash hash.Hash
	text bytes.Buffer
	long bool
}

func (d *digest) Write(p []byte) (int, error) {
	if d.long = d.long || d.text.Len()+len(p) > keptText; d.long {
		d.text = bytes.Buffer{}
	} else {
		d.text.Write(p)
	}
	return d.hash.Write(p)
}

func (d *digest) upload(name string) upload {
	out := upload{name: name, sum: hex.EncodeToString(d.hash.Sum(nil))}
	if !d.long {
		out.text = append([]byte{}, d.text.Bytes()...)
	}
	return out
}
