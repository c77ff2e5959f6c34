//go:build linux

package guest

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
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
		plain, err := gunzip(data)
		if err != nil {
			return nil, err
		}
		return parts(plain, depth+1)
	}
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, nil
	case bytes.Contains(bytes.ToLower(data[:min(len(data), mimeHead)]), []byte("mime-version:")):
		return archive(data, depth)
	}
	return []part{{kind: kindOf(data, "text/plain"), body: data}}, nil
}

// mimeHead is how much of a document cloud-init searches for the sign of a MIME archive, in bytes.
const mimeHead = 4096

// kindOf tells by its beginning what a document is. Longer beginnings are first.
func kindOf(data []byte, unknown string) string {
	head := strings.ToLower(strings.TrimLeft(string(data[:min(len(data), 128)]), " \t\r\n"))
	for _, k := range [][2]string{
		{"#cloud-config-archive", "text/cloud-config-archive"},
		{"#cloud-config-jsonp", "text/cloud-config-jsonp"},
		{"## template: jinja", "text/jinja2"},
		{"#cloud-boothook", "text/cloud-boothook"},
		{"#include-once", "text/x-include-once-url"},
		{"#part-handler", "text/part-handler"},
		{"#cloud-config", "text/cloud-config"},
		{"#include", "text/x-include-url"},
		{"#!", "text/x-shellscript"},
	} {
		if strings.HasPrefix(head, k[0]) {
			return k[1]
		}
	}
	return unknown
}

func archive(data []byte, depth int) ([]part, error) {
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("mime: %w", err)
	}
	return message(textproto.MIMEHeader(m.Header), m.Body, depth)
}

// message takes one message apart: an archive is walked, whatever is in it.
func message(header textproto.MIMEHeader, body io.Reader, depth int) ([]part, error) {
	const deepest = 4
	if depth > deepest {
		return nil, errors.New("archives nested too deep")
	}
	kind, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	switch {
	case err != nil && depth == 0:
		return nil, fmt.Errorf("mime: %w", err)
	case err != nil:
		kind = "text/plain"
	case strings.HasPrefix(kind, "multipart/"):
		return walk(multipart.NewReader(body, params["boundary"]), depth)
	}
	_, disposition, _ := mime.ParseMediaType(header.Get("Content-Disposition"))
	text, err := decoded(body, header.Get("Content-Transfer-Encoding"))
	if err != nil {
		return nil, fmt.Errorf("mime part %s: %w", disposition["filename"], err)
	}
	switch kind {
	case "application/gzip", "application/gzip-compressed", "application/gzipped", "application/x-compress",
		"application/x-compressed", "application/x-gunzip", "application/x-gzip", "application/x-gzip-compressed":
		if text, err = gunzip(text); err != nil {
			return nil, err
		}
		kind = kindOf(text, "text/plain")
	case "text/plain", "text/x-not-multipart", "text/x-shellscript":
		kind = kindOf(text, kind)
	}
	return []part{{name: disposition["filename"], kind: kind, body: text}}, nil
}

func walk(r *multipart.Reader, depth int) ([]part, error) {
	var out []part
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("mime: %w", err)
		}
		inner, err := message(p.Header, p, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, inner...)
	}
}

func gunzip(data []byte) ([]byte, error) {
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	if data, err = io.ReadAll(io.LimitReader(zr, maxUserData)); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return data, nil
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
	failed := "[]"
	switch {
	case err == nil:
		_ = f.Close()
		failed = failures(b.scripts())
	case !errors.Is(err, fs.ErrExist):
		b.log("user data: %v", err)
	}
	done := []byte(time.Now().UTC().Format(time.RFC1123Z) + "\n")
	for _, name := range []string{b.state("boot-finished"), b.path("run/cloud-init/result.json")} {
		if strings.HasSuffix(name, ".json") {
			done = []byte(`{"v1":{"datasource":"DataSourceEc2Local","errors":` + failed + "}}\n")
		}
		if err := os.WriteFile(name, done, 0o644); err != nil { //nolint:gosec // public, as cloud-init
			b.log("finish boot: %v", err)
		}
	}
	b.log("boot finished")
}

// failures is what cloud-init reports of scripts that failed.
func failures(failed []string, attempted int) string {
	if len(failed) == 0 {
		return "[]"
	}
	text := fmt.Sprintf("('scripts-user', RuntimeError('Runparts: %d failures (%s) in %d attempted commands'))", len(failed), strings.Join(failed, ","), attempted)
	list, _ := json.Marshal([]string{text}) //nolint:errchkjson // strings always marshal
	return string(list)
}

// scripts runs them in the order of their names, all of them whatever becomes of one.
func (b *boot) scripts() (failed []string, attempted int) {
	entries, err := os.ReadDir(b.state("scripts"))
	if err != nil {
		b.log("user data: %v", err)
		return nil, 0
	}
	out, err := os.OpenFile(b.path("var/log/cloud-init-output.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		b.log("user data: %v", err)
		return nil, 0
	}
	defer func() { _ = out.Close() }()
	for _, e := range entries {
		cmd := &exec.Cmd{
			Path: b.state("scripts", e.Name()), Dir: "/", Stdout: out, Stderr: out,
			Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "INSTANCE_ID=" + b.ID, "LANG=C.UTF-8"},
		}
		cmd.Args, cmd.Env = []string{cmd.Path}, append(cmd.Env, b.Environment...)
		attempted++
		if err := cmd.Run(); err != nil {
			b.log("user data: %s failed: %v", e.Name(), err)
			failed = append(failed, e.Name())
			continue
		}
		b.log("user data: %s done", e.Name())
	}
	return failed, attempted
}
