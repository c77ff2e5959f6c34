package stage

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// needed are files that are hard to hand on as text.
var needed = []File{
	{Path: "empty"},
	{Path: "text", Content: []byte("é 'quoted' \"twice\" $HOME `x` \\\nEOF\n")},
	{Path: "no end", Content: []byte("a\r\nb")},
	{Path: "deep/er/binary", Content: append([]byte{0, 0xff, '\r', '\n', 0x80}, bytes.Repeat([]byte("long"), 500)...)},
	{Path: "deep/it's", Exec: true, Content: []byte("#!/bin/sh\necho ran\n")},
	{Path: "-n", Content: []byte("dash\n")},
}

func TestFilesAreThereWhileTheStageRuns(t *testing.T) {
	t.Parallel()
	for name, sh := range shells(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			r := Renderer{MarkerDir: filepath.Join(root, "markers")}
			with := inline("with", ami.Full, `cp -R "$GOLDENAMI_FILES" "$ROOT/files"`, `echo "$GOLDENAMI_FILES" >"$ROOT/where"`, `ls -ld "$GOLDENAMI_FILES/.." >"$ROOT/mode"`)
			with.Environment, with.Files = map[string]string{"ROOT": root}, needed
			without := inline("without", ami.Full, `[ -z "${GOLDENAMI_FILES+set}" ]`, `[ ! -e "$(cat "$ROOT/where")" ]`)
			without.Environment = map[string]string{"ROOT": root}
			if code, out := run(t, sh, r.boot(loaded(t, with, without))); code != 0 {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			for _, f := range needed {
				path := filepath.Join(root, "files", f.Path)
				info, err := os.Stat(path)
				if err != nil || read(t, path) != string(f.Content) || (info.Mode()&0o111 != 0) != f.Exec {
					t.Errorf("%s: %v, holds %q", f.Path, err, read(t, path))
				}
			}
			if mode := read(t, filepath.Join(root, "mode")); !strings.HasPrefix(mode, "drwx------") {
				t.Errorf("others can read the files: %s", mode)
			}
			if _, err := os.Stat(strings.TrimSpace(read(t, filepath.Join(root, "where")))); err == nil {
				t.Error("the files are left behind")
			}
		})
	}
}

// TestFileThatCannotBeWrittenFailsTheStage: the script must not run without it.
func TestFileThatCannotBeWrittenFailsTheStage(t *testing.T) {
	t.Parallel()
	s := inline("s", ami.Full, `echo ran >"$ROOT/ran"`)
	for name, sh := range shells(t) {
		root := t.TempDir()
		s.Environment = map[string]string{"ROOT": root}
		s.Files = []File{{Path: "a", Content: []byte("file\n")}, {Path: "a/b", Content: []byte("in it\n")}}
		code, out := run(t, sh, Renderer{MarkerDir: filepath.Join(root, "m")}.boot(loaded(t, s)))
		if code == 0 || read(t, filepath.Join(root, "ran")) != "" || read(t, filepath.Join(root, "m", "s")) != "" {
			t.Errorf("%s: exit code %d\n%s", name, code, out)
		}
	}
}

func TestFilesAreChecked(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"../x": "cannot be the name", "/x": "cannot be the name", "a\nb": "cannot be the name", "\xff": "cannot be the name", "": "cannot be the name"} {
		s := inline("s", ami.Full, "true")
		s.Files = []File{{Path: path}}
		if _, err := Load([]Stage{s}); err == nil || !strings.Contains(err.Error(), `stage "s": files:`) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", path, err)
		}
	}
	s := inline("s", ami.Full, "true")
	s.Files = []File{{Path: "a", Content: make([]byte, maxFiles)}, {Path: "b", Content: []byte("x")}}
	if _, err := Load([]Stage{s}); err == nil || !strings.Contains(err.Error(), "S3") {
		t.Errorf("too many bytes: %v", err)
	}
	s.Environment, s.Files = map[string]string{FilesVariable: "x"}, nil
	if _, err := Load([]Stage{s}); err == nil || !strings.Contains(err.Error(), FilesVariable+" belongs") {
		t.Errorf("variable: %v", err)
	}
}
