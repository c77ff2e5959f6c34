package repotest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"testing"
)

const module = "github.com/goldenami/packer-plugin-goldenami"

// pkg is what the tests need of "go list -json".
type pkg struct {
	ImportPath, Name, Doc     string
	Imports, Deps             []string
	TestImports, XTestImports []string
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// goCommand runs the go command in the root of the repository.
func goCommand(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = root(t)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %q: %v\n%s", args, err, &problems)
	}
	return out
}

// packages lists packages of the repository; patterns are those of go list.
func packages(t *testing.T, patterns ...string) []pkg {
	t.Helper()
	out := goCommand(t, append([]string{"list", "-json=ImportPath,Name,Doc,Imports,Deps,TestImports,XTestImports"}, patterns...)...)
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatalf("go list %q found no package", patterns)
	}
	return all
}
