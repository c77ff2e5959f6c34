//go:build linux

package hold_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/hold"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTmpfsIsSeenByItsThreadOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h, err := hold.New(dir)
	if os.Geteuid() != 0 {
		if err == nil {
			t.Error("mounted without root's rights")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.Path(), "f"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("the host sees %v, %v", entries, err)
	}
	err = h.Do(func() error {
		text, err := os.ReadFile(filepath.Join(dir, "f"))
		if err == nil && string(text) != "x" {
			err = errors.New("other content")
		}
		return err
	})
	if err != nil {
		t.Errorf("the thread: %v", err)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

func TestMountPointMustExist(t *testing.T) {
	t.Parallel()
	if _, err := hold.New(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("mounted on nothing")
	}
}
