//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// mustBeEmpty are the places where only empty files may be.
var mustBeEmpty = regexp.MustCompile(`^(etc/machine-id|var/lib/dbus/machine-id|var/log/.*|var/lib/systemd/random-seed|var/lib/systemd/credential\.secret|` +
	`etc/ssh/ssh_host_.*|(root|home/[^/]+)/\.[a-z]*_?history|(root|home/[^/]+)/\.(lesshst|viminfo)|(root|home/[^/]+)/\.ssh/.*|` +
	`tmp/.*|var/tmp/.*|var/lib/cloud/(data|instances?|sem)/.*|var/lib/dhcp/.*|etc/(passwd|shadow|group|gshadow)-|.*goldenami-seal.*)$`)

// canary is in all that the build plants and the test types.
var canary = regexp.MustCompile(`canary-[a-z-]+`)

// wrongOnDisk reads the layers that images of the endpoint in this state folder
// consist of, as files and from outside, and gives what a seal may not leave.
func wrongOnDisk(t *testing.T, state string, built was) []string {
	t.Helper()
	var wrong []string
	for _, layer := range layersOf(t, state) {
		eachFile(t, layer, func(name string, text []byte) { wrong = append(wrong, built.wrongIn(name, text)...) })
	}
	return wrong
}

// wrongIn gives what a seal may not leave in a file, which is not empty and has its
// name without a slash before it.
func (built was) wrongIn(name string, text []byte) (wrong []string) {
	if bytes.Contains(text, []byte(built.key)) {
		wrong = append(wrong, name+" holds the build's public key")
	}
	if built.gone != "" && (strings.HasPrefix(name, "home/"+built.gone+"/") || accounts.MatchString(name) && namesUser(text, built.gone)) {
		wrong = append(wrong, name+" is or names the build's user")
	}
	if mustBeEmpty.MatchString(name) && (built.kept == "" || string(text) != built.kept) {
		wrong = append(wrong, fmt.Sprintf("%s has %d bytes", name, len(text)))
	}
	for _, found := range canary.FindAll(text, 3) {
		wrong = append(wrong, name+" holds "+string(found))
	}
	if built.machineID != "" && bytes.Contains(text, []byte(built.machineID)) {
		wrong = append(wrong, name+" holds the build's machine id")
	}
	return wrong
}

// accounts are the files whose lines begin with the name of a user.
var accounts = regexp.MustCompile(`^etc/(passwd|shadow|group|gshadow|subuid|subgid|sudoers|sudoers\.d/.*)$`)

func namesUser(text []byte, user string) bool {
	return regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(user) + `[:\s]`).Match(text)
}

// layersOf are the layers that images of the endpoint in this state folder consist of.
func layersOf(t *testing.T, state string) []string {
	t.Helper()
	layers, err := filepath.Glob(filepath.Join(state, "layers", "*.tar.gz"))
	if err != nil || len(layers) == 0 {
		t.Fatalf("no layers in %s: %v", state, err)
	}
	return layers
}

// eachFile gives each file of a layer that is not empty, by its name without a slash
// before it.
func eachFile(t *testing.T, layer string, look func(name string, text []byte)) {
	t.Helper()
	file, err := os.Open(layer)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for archive := tar.NewReader(unzipped); ; files++ {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			t.Logf("%s holds %d files", filepath.Base(layer), files)
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if entry.Typeflag != tar.TypeReg || entry.Size == 0 {
			continue
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		look(filepath.Clean(entry.Name), text)
	}
}
