package stage

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// document is what cloud-init has of a part.
type document struct{ kind, name, body string }

// failer is what a test and a check of rapid have in common.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// documents takes user data apart by the standard library alone.
func documents(tb failer, data []byte) []document {
	tb.Helper()
	data, err := unpack(data)
	if err != nil {
		tb.Fatal(err)
	}
	message, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		tb.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/mixed" || message.Header.Get("MIME-Version") != "1.0" {
		tb.Fatalf("%s, %v: cloud-init would not take it for an archive", kind, err)
	}
	var all []document
	for reader := multipart.NewReader(message.Body, params["boundary"]); ; {
		p, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			tb.Fatal(err)
		}
		kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			tb.Fatal(err)
		}
		var body io.Reader = p
		switch p.Header.Get("Content-Transfer-Encoding") {
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, p)
		case "quoted-printable":
			body = quotedprintable.NewReader(p)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, document{kind, p.FileName(), string(text)})
	}
}

const ownArchive = `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="BB"
X-Preamble: none

--BB
Content-Type: text/cloud-config
X-Merge-Type: list(append)

#cloud-config
packages: [git]
--BB
Content-Type: text/x-shellscript
Content-Disposition: attachment; filename="zz.sh"
Content-Transfer-Encoding: base64

IyEvYmluL3NoCmVjaG8gw6kK
--BB--
`

func TestOwnUserDataIsKeptBeside(t *testing.T) {
	t.Parallel()
	packed := must(t)(compress([]byte("#!/bin/sh\necho packed\n")))
	for name, c := range map[string]struct {
		own  string
		want []document
	}{
		"none":         {"", nil},
		"script":       {"#!/bin/bash\necho é\n", []document{{"text/x-shellscript", "", "#!/bin/bash\necho é\n"}}},
		"CR LF":        {"#!/bin/sh\r\ntrue\r\n", []document{{"text/x-shellscript", "", "#!/bin/sh\r\ntrue\r\n"}}},
		"like MIME":    {"#!/bin/sh\n# MIME-Version: 1.0\n", []document{{"text/x-shellscript", "", "#!/bin/sh\n# MIME-Version: 1.0\n"}}},
		"cloud-config": {"\n#cloud-config\nruncmd: [ls]\n", []document{{"text/cloud-config", "", "\n#cloud-config\nruncmd: [ls]\n"}}},
		"empty":        {"#cloud-config\n", []document{{"text/cloud-config", "", "#cloud-config\n"}}},
		"jinja":        {"## template: jinja\n#cloud-config\na: {{ b }}\n", []document{{"text/jinja2", "", "## template: jinja\n#cloud-config\na: {{ b }}\n"}}},
		"include once": {"#include-once\nhttps://x\n", []document{{"text/x-include-once-url", "", "#include-once\nhttps://x\n"}}},
		"boothook":     {"#cloud-boothook\nls", []document{{"text/cloud-boothook", "", "#cloud-boothook\nls"}}},
		"gzip":         {string(packed), []document{{"text/x-shellscript", "", "#!/bin/sh\necho packed\n"}}},
		"archive":      {ownArchive, []document{{"text/cloud-config", "", "#cloud-config\npackages: [git]"}, {"text/x-shellscript", "zz.sh", "#!/bin/sh\necho é\n"}}},
		"one message":  {"Content-Type: text/x-shellscript\nMIME-Version: 1.0\n\n#!/bin/sh\n", []document{{"text/x-shellscript", "", "#!/bin/sh\n"}}},
	} {
		all := loaded(t, inline("a", ami.Full, "echo ü"))
		data := must(t)(UserData(CloudInit, all, []byte(c.own)))
		if !bytes.Equal(data, must(t)(UserData(CloudInit, all, []byte(c.own)))) {
			t.Errorf("%s: not the same twice", name)
		}
		want := slices.Concat(c.want, []document{{"text/x-shellscript", partName, string(Renderer{}.boot(all))}})
		if got := documents(t, data); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got\n%q\nwant\n%q", name, got, want)
		}
	}
	alone := must(t)(UserData(CloudInit, nil, []byte(ownArchive)))
	if got := documents(t, alone); len(got) != 2 || !strings.Contains(string(alone), "X-Merge-Type: list(append)") {
		t.Errorf("without stages: %q", got)
	}
}

func TestOwnUserDataThatDoesNothingIsRefused(t *testing.T) {
	t.Parallel()
	for own, want := range map[string]string{
		"echo hello":                 "cloud-init would ignore it",
		"\n#!/bin/sh\n":              "white space before #!",
		"#cloud-config\na: [":        "#cloud-config: yaml",
		"#cloud-config\n- a":         "must be a mapping",
		"\x1f\x8b\x08broken":         "begins as gzip",
		"<powershell>x</powershell>": "cloud-init would ignore it",
		"Content-Type: multipart/mixed; boundary=x\n\n--x--\n":                               "MIME-Version",
		"MIME-Version: 1.0\n\nx":                                                             "Content-Type",
		"MIME-Version: 1.0\nno header\n":                                                     "no MIME archive",
		"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x--\n":            "without a part",
		"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\n#!/bin/sh\n": "broken MIME archive",
		"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\n \n--x--\n":  "empty parts",
		strings.Replace(ownArchive, "zz.sh", partName, 1):                                    partName,
	} {
		if _, err := UserData(CloudInit, nil, []byte(own)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", own, err, want)
		}
	}
	if _, err := UserData(CloudInit, nil, must(t)(compress(make([]byte, maxOwn+1)))); err == nil || !strings.Contains(err.Error(), "unpacked it is more") {
		t.Errorf("error %v", err)
	}
}

// TestPartsAreExact: any document comes out of an archive as it went in.
func TestPartsAreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOf(rapid.OneOf(
			rapid.SampledFrom([]string{"", " ", "=", "=3D", "x\t", "--goldenami-", "\r", "é", "--", ".", "From me"}),
			rapid.StringN(0, 200, -1),
		)).Draw(t, "lines")
		body := strings.Join(lines, "\n")
		got := documents(t, archive([]part{newPart("text/plain", "", []byte(body)), newPart("text/x-shellscript", "n", []byte("x"))}))
		want := []document{{"text/plain", "", body}, {"text/x-shellscript", "n", "x"}}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}
