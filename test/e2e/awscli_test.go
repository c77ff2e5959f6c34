//go:build e2e

package e2e

import (
	"archive/tar"
	"compress/gzip"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// cliProgram starts the AWS CLI of packCLI on a guest.
const cliProgram = `#!/bin/sh
PYTHONPATH=/usr/local/lib/aws-cli exec python3 -m awscli "$@"
`

// cliPackages are the AWS CLI and what it needs to run.
var cliPackages = []string{"awscli", "colorama", "dateutil", "docutils", "jmespath", "pyasn1", "rsa", "six.py", "urllib3", "yaml"}

// cliModels are the services that the CLI on a guest knows; it loads sdb's at each
// start. Of the other ones it has the names.
var cliModels = []string{"sdb", "secretsmanager", "ssm"}

// packCLI makes an archive to be unpacked in /usr/local of the AWS CLI that make has
// installed, as far as a guest needs it.
func packCLI(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(filepath.Dir(built.aws), "..", "lib", "python3*", "site-packages"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the AWS CLI is in %q, %v", found, err)
	}
	path := filepath.Join(t.TempDir(), "aws-cli.tar.gz")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	zipped := gzip.NewWriter(file)
	archive := tar.NewWriter(zipped)
	add(t, archive, "bin/aws", 0o755, []byte(cliProgram))
	for _, name := range cliPackages {
		err := filepath.WalkDir(filepath.Join(found[0], name), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			inside, err := filepath.Rel(found[0], path)
			if err != nil {
				return err
			}
			content, wanted, err := cliFile(path, inside)
			if err == nil && wanted {
				add(t, archive, filepath.Join("lib/aws-cli", inside), 0o644, content)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, end := range []func() error{archive.Close, zipped.Close, file.Close} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// cliFile gives a file of the CLI, if it is one that a guest needs.
func cliFile(path, inside string) (content []byte, wanted bool, err error) {
	if strings.HasPrefix(inside, "awscli/examples/") || strings.Contains(inside, "__pycache__") {
		return nil, false, nil
	}
	data, isData := strings.CutPrefix(inside, "awscli/botocore/data/")
	if service, _, isModel := strings.Cut(data, "/"); isData && isModel && !slices.Contains(cliModels, service) {
		return nil, strings.HasPrefix(filepath.Base(inside), "service-2.json"), nil
	}
	content, err = os.ReadFile(path)
	return content, true, err
}

func add(t *testing.T, archive *tar.Writer, name string, mode int64, content []byte) {
	t.Helper()
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Write(content); err != nil {
		t.Fatal(err)
	}
}
