package layer

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCoverage(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	long := strings.Repeat("x", 200<<10) // longer than a buffer
	for name, content := range map[string]string{
		"dos.sh": "echo one\r\necho two\r\n", "end.sh": "echo three", "long": long + "\r\nb", "binary": "\xff\x00\r",
		"t.pkr.hcl": "inline = [\n  \"echo \\\"hi\\\" > /etc/x\",\n  \"rm -f $${HOME}/y\",\n]\n", "out": "echo out\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := NewCoverage([]string{root + "/*"}, []string{root + "/out"}, map[string]string{"v": "apt-get install nginx=1.2"})
	if err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]bool{
		"echo one\r\necho two\r\n": true, "echo one\necho two\n": true, "echo one\necho two": false, "echo three": true, "echo three\n": true,
		long + "\r\nb": true, long + "\nb\n": true, "\xff\x00\r": true, "echo out\n": false, "": false,
	} {
		sum := sha256.Sum256([]byte(content))
		if got := c.Sum(hex.EncodeToString(sum[:])); got != want {
			t.Errorf("%.20q: %v", content, got)
		}
	}
	for text, want := range map[string]bool{
		"#!/bin/sh -e\necho \"hi\" > /etc/x\n\n  rm -f ${HOME}/y\n": true,
		"apt-get install nginx=1.2\n":                               true,
		"apt-get install nginx=1.3\n":                               false,
		"echo \"hi\" > /etc/x\ncurl evil\n":                         false,
		"\xff":                                                      false,
		"":                                                          true,
	} {
		if got := c.Text([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if _, err := NewCoverage([]string{root + "/gone/../../*/["}, nil, nil); err == nil {
		t.Error("a bad pattern was taken")
	}
}
