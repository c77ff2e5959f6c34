//go:build linux

package guest

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"os/exec"
	"strings"
	"time"
)

// maxUserData bounds what a gzipped document may unpack to.
const maxUserData = 16 << 20

// part is one document of user data.
type part struct {
	name, kind string
	body       []byte
}

// parts takes user data apart as cloud-init does: gzip is opened at any level, a MIME archive is walked, and
// what a text is, its first line says.
func parts(data []byte, depth int) ([]part, error) {
	const deepest = 4
	if depth > deepest {
		return nil, errors.New("archives nested too deep")
	}
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		zr, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		if data, err = io.ReadAll(io.LimitReader(zr, maxUserData)); err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		return parts(data, depth+1)
	}
	head := strings.ToLower(string(data[:min(len(data), 128)]))
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, nil
	case strings.HasPrefix(head, "content-type:") || strings.HasPrefix(head, "mime-version:"):
		return archive(data, depth)
	case strings.HasPrefix(head, "#!"):
		return []part{{kind: "text/x-shellscript", body: data}}, nil
	case strings.HasPrefix(head, "#cloud-config"):
		return []part{{kind: "text/cloud-config", body: data}}, nil
	}
	return []part{{kind: "text/plain", body: data}}, nil
}

func archive(data []byte, depth int) ([]part, error) {
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("mime: %w", err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return nil, fmt.Errorf("mime: %w", err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		body, err := decoded(m.Body, m.Header.Get("Content-Transfer-Encoding"))
		return []part{{kind: kind, body: body}}, err
	}
	var out []part
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("mime: %w", err)
		}
		body, err := decoded(p, p.Header.Get("Content-Transfer-Encoding"))
		if err != nil {
			return nil, fmt.Errorf("mime part %s: %w", p.FileName(), err)
		}
		kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			kind = "text/plain"
		}
		if kind == "text/x-shellscript" {
			out = append(out, part{name: p.FileName(), kind: kind, body: body})
			continue
		}
		inner, err := parts(body, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, inner...)
	}
}

func decoded(r io.Reader, encoding string) ([]byte, error) {
	switch strings.ToLower(encoding) {
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	}
	return io.ReadAll(io.LimitReader(r, maxUserData))
}

// storeUserData keeps the raw document and its scripts under the instance's state, where cloud-init has them.
func (b *boot) storeUserData() error {
	if err := os.WriteFile(b.state("user-data.txt"), b.UserData, 0o600); err != nil {
		return err
	}
	if err := os.MkdirAll(b.state("scripts"), 0o755); err != nil { //nolint:gosec // as cloud-init
		return err
	}
	all, err := parts(b.UserData, 0)
	if err != nil {
		b.log("user data: %v", err)
		return nil
	}
	for i, p := range all {
		if p.kind != "text/x-shellscript" {
			b.log("user data: part %d is %s, which is not run here", i+1, p.kind)
			continue
		}
		name := fmt.Sprintf("part-%03d", i+1)
		if p.name != "" && !strings.ContainsAny(p.name, "/\x00") && p.name != "." && p.name != ".." {
			name = p.name
		}
		if err := os.WriteFile(b.state("scripts", name), p.body, 0o700); err != nil { //nolint:gosec // a script
			return err
		}
	}
	return nil
}

// final runs the scripts of user data once per instance, and says that the boot is finished.
func (b *boot) final() {
	sem := b.state("sem", "config_scripts_user")
	f, err := os.OpenFile(sem, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644) // as cloud-init
	switch {
	case err == nil:
		_ = f.Close()
		b.scripts()
	case !errors.Is(err, fs.ErrExist):
		b.log("user data: %v", err)
	}
	done := []byte(time.Now().UTC().Format(time.RFC1123Z) + "\n")
	for _, name := range []string{b.state("boot-finished"), b.path("run/cloud-init/result.json")} {
		if strings.HasSuffix(name, ".json") {
			done = []byte(`{"v1":{"datasource":"DataSourceEc2Local","errors":[]}}` + "\n")
		}
		if err := os.WriteFile(name, done, 0o644); err != nil { //nolint:gosec // public, as cloud-init
			b.log("finish boot: %v", err)
		}
	}
	b.log("boot finished")
}

func (b *boot) scripts() {
	entries, err := os.ReadDir(b.state("scripts"))
	if err != nil {
		b.log("user data: %v", err)
		return
	}
	out, err := os.OpenFile(b.path("var/log/cloud-init-output.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		b.log("user data: %v", err)
		return
	}
	defer func() { _ = out.Close() }()
	for _, e := range entries {
		cmd := &exec.Cmd{
			Path: b.state("scripts", e.Name()), Dir: "/", Stdout: out, Stderr: out,
			Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "INSTANCE_ID=" + b.ID, "LANG=C.UTF-8"},
		}
		cmd.Args = []string{cmd.Path}
		if err := cmd.Run(); err != nil {
			b.log("user data: %s failed: %v", e.Name(), err)
			continue
		}
		b.log("user data: %s done", e.Name())
	}
}
