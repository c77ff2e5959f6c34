package stage

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"net/textproto"
	"slices"
	"strings"
)

// part is one document of an archive, as it is written.
type part struct {
	header textproto.MIMEHeader
	body   []byte // encoded as the header says
}

// newPart encodes a document so that cloud-init has it back byte for byte.
// cloud-init reads archives as text and loses what is not ASCII.
func newPart(kind, name string, body []byte) part {
	p := part{header: textproto.MIMEHeader{"Content-Type": {kind + `; charset="utf-8"`}}}
	if name != "" {
		p.header.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	}
	encoding, escaped := "7bit", bytes.Count(body, []byte("="))
	for _, b := range body {
		if b > '~' || b < ' ' && b != '\n' && b != '\t' {
			encoding = "quoted-printable"
			escaped++
		}
	}
	switch {
	case encoding == "7bit":
		p.body = body
	case escaped > len(body)/6: // base64 is shorter
		encoding, p.body = "base64", []byte(strings.TrimSuffix(lines(base64.StdEncoding.EncodeToString(body)), "\n"))
	default:
		p.body = quotedPrintable(body)
	}
	p.header.Set("Content-Transfer-Encoding", encoding)
	return p
}

// quotedPrintable keeps line ends as they are, which the encoder of the standard
// library does not: it writes for mail, whose lines end in CR LF.
func quotedPrintable(body []byte) []byte {
	const width = 76
	var out bytes.Buffer
	column := 0
	write := func(word string) {
		if column+len(word) >= width {
			out.WriteString("=\n")
			column = 0
		}
		out.WriteString(word)
		column += len(word)
	}
	for i, b := range body {
		switch {
		case b == '\n':
			out.WriteByte(b)
			column = 0
		case b == '\t' || b == ' ':
			if i+1 == len(body) || body[i+1] == '\n' {
				write(fmt.Sprintf("=%02X", b)) // white space at the end of a line gets lost
			} else {
				write(string(rune(b)))
			}
		case b < ' ' || b > '~' || b == '=':
			write(fmt.Sprintf("=%02X", b))
		default:
			write(string(rune(b)))
		}
	}
	return out.Bytes()
}

// archive puts parts together. The boundary comes from what it separates.
func archive(parts []part) []byte {
	written := make([][]byte, 0, len(parts))
	for _, p := range parts {
		var out bytes.Buffer
		for _, name := range slices.Sorted(maps.Keys(p.header)) {
			for _, value := range p.header[name] {
				fmt.Fprintf(&out, "%s: %s\n", name, value)
			}
		}
		out.WriteByte('\n')
		out.Write(p.body)
		written = append(written, out.Bytes())
	}
	all := bytes.Join(written, nil)
	boundary := "goldenami-" + digest(all)[:32]
	for bytes.Contains(all, []byte(boundary)) {
		boundary += "-"
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "Content-Type: multipart/mixed; boundary=\"%s\"\nMIME-Version: 1.0\n\n", boundary)
	for _, w := range written {
		fmt.Fprintf(&out, "--%s\n%s\n", boundary, w)
	}
	fmt.Fprintf(&out, "--%s--\n", boundary)
	return out.Bytes()
}
