package stage

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"
)

// partName is the file name of the stages' program among the scripts of user
// data. cloud-init runs scripts in the order of their names, and calls those
// without a name part-001 and so on.
const partName = "000-goldenami-stages"

// maxOwn bounds what the customer's user data may unpack to, in bytes.
const maxOwn = 1 << 20

// kind is what a document of user data is, told by how it begins.
type kind struct{ prefix, mime string }

// kinds are those that cloud-init knows, longer beginnings first. Source:
// "User data formats" in cloud-init's documentation.
var kinds = []kind{
	{"#cloud-config-archive", "text/cloud-config-archive"},
	{"#cloud-config-jsonp", "text/cloud-config-jsonp"},
	{"## template: jinja", "text/jinja2"},
	{"#cloud-boothook", "text/cloud-boothook"},
	{"#include-once", "text/x-include-once-url"},
	{"#part-handler", "text/part-handler"},
	{"#cloud-config", "text/cloud-config"},
	{"#include", "text/x-include-url"},
	{"#!", "text/x-shellscript"},
}

// ownParts takes the customer's user data for cloud-init apart: none gives no
// part, an archive its parts as they are, all else one part.
func ownParts(own []byte) ([]part, error) {
	plain, err := unpack(own)
	if err != nil || len(plain) == 0 {
		return nil, err
	}
	if head := plain[:min(len(plain), 4096)]; bytes.Contains(bytes.ToLower(head), []byte("mime-version:")) && !bytes.HasPrefix(plain, []byte("#")) {
		return archiveParts(plain)
	}
	text := bytes.TrimLeft(plain, " \t\r\n")
	for _, k := range kinds {
		if len(text) < len(k.prefix) || !strings.EqualFold(string(text[:len(k.prefix)]), k.prefix) {
			continue
		}
		if k.prefix == "#!" && len(text) < len(plain) {
			return nil, errors.New("there is white space before #!, so the system would not run the script: begin with #!, in HCL right after the line of the here-document")
		}
		if k.prefix == "#cloud-config" {
			if err := checkCloudConfig(text); err != nil {
				return nil, err
			}
		}
		return []part{newPart(k.mime, "", plain)}, nil
	}
	return nil, errors.New("cloud-init would ignore it: begin with #! for a script, #cloud-config for a configuration, or give a MIME archive that has MIME-Version in its head")
}

// unpack opens gzip, as cloud-init does.
func unpack(own []byte) ([]byte, error) {
	if !bytes.HasPrefix(own, []byte{0x1f, 0x8b}) {
		return own, nil
	}
	reader, err := gzip.NewReader(bytes.NewReader(own))
	if err != nil {
		return nil, fmt.Errorf("it begins as gzip and is not: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(reader, maxOwn+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("it begins as gzip and is not: %w", err)
	case len(plain) > maxOwn:
		return nil, fmt.Errorf("unpacked it is more than %d bytes", maxOwn)
	}
	return plain, nil
}

// archiveParts gives the parts of a MIME archive with their headers. Packed into
// another archive they are the same to cloud-init, which flattens archives.
func archiveParts(document []byte) ([]part, error) {
	message, err := mail.ReadMessage(bytes.NewReader(document))
	if err != nil {
		return nil, fmt.Errorf("it is no MIME archive: %w", err)
	}
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		return nil, fmt.Errorf("it is no MIME archive: Content-Type: %w", err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		body, err := io.ReadAll(message.Body)
		header := textproto.MIMEHeader(message.Header)
		header.Del("Mime-Version")
		return []part{{header: header, body: body}}, err
	}
	var parts []part
	for reader := multipart.NewReader(message.Body, params["boundary"]); ; {
		p, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("it is a broken MIME archive: %w", err)
		}
		body, err := io.ReadAll(p)
		if err != nil {
			return nil, fmt.Errorf("it is a broken MIME archive: %w", err)
		}
		if p.FileName() == partName {
			return nil, fmt.Errorf("a part has the file name %s, which is the stages': give it another", partName)
		}
		parts = append(parts, part{header: p.Header, body: body})
	}
	if len(parts) == 0 {
		return nil, errors.New("it is a MIME archive without a part")
	}
	if !slices.ContainsFunc(parts, func(p part) bool { return len(bytes.TrimSpace(p.body)) > 0 }) {
		return nil, errors.New("it is a MIME archive of empty parts")
	}
	return parts, nil
}
