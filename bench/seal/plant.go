package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

type canary = sealtest.Canary

// rootUUID is that of the file system which virt-sysprep gets; it looks for it in
// the guest's fstab.
const rootUUID = "5ea15ea1-0000-4000-8000-000000000001"

// planted are the canaries as they stand in a real root.
func planted() []canary {
	all := sealtest.Canaries()
	for i, c := range all {
		if c.Path == "etc/fstab" {
			all[i].Content = strings.Replace(c.Content, "UUID=1 ", "UUID="+rootUUID+" ", 1)
		}
	}
	return all
}

// content is what of the image no clean-up may take: those files of the tests that
// are not a system's own, which the root has already.
func content() map[string]string {
	kept := sealtest.Kept()
	for p := range kept {
		if strings.HasPrefix(p, "usr/") || p == "var/lib/dpkg/status" || p == "etc/cloud/cloud.cfg" || p == "etc/passwd" || p == "etc/crontab" {
			delete(kept, p)
		}
	}
	return kept
}

// plant makes a copy of the base and puts everything into it. Its users get the
// homes that things are planted in.
func plant(ctx context.Context, base, root string) error {
	if out, err := exec.CommandContext(ctx, "cp", "-a", "--reflink=auto", base, root).CombinedOutput(); err != nil {
		return fmt.Errorf("copy %s: %w: %s", base, err, out)
	}
	users := "build:x:1000:1000::/home/build:/bin/bash\napp:x:998:998::/srv/app:/bin/false\nlast:x:1007:1007::/home/la st:/bin/sh\n"
	file, err := os.OpenFile(filepath.Join(root, "etc/passwd"), os.O_APPEND|os.O_WRONLY, 0) //nolint:gosec // below the copy
	if err != nil {
		return err
	}
	_, err = file.WriteString(users)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	for p, text := range content() {
		if err := write(filepath.Join(root, p), text); err != nil {
			return err
		}
	}
	for _, c := range planted() {
		full := filepath.Join(root, c.Path)
		if c.Link {
			err = errors.Join(os.RemoveAll(full), os.Symlink(c.Content, full))
		} else {
			err = write(full, c.Content)
		}
		if err != nil {
			return fmt.Errorf("plant %s: %w", c.Path, err)
		}
	}
	return nil
}

// write puts a file in the place of what is there.
func write(path, text string) error {
	if info, err := os.Lstat(path); err == nil && !info.IsDir() {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // as in a system
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644) //nolint:gosec // as in a system
}

// look gives what was planted and is there as it was, or with its mark in it, and
// which content is not as it was.
func look(root string) (left []canary, destroyed []string, err error) {
	for _, c := range planted() {
		full := filepath.Join(root, c.Path)
		info, err := os.Lstat(full)
		switch {
		case errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid):
			continue
		case err != nil && strings.Contains(err.Error(), "not a directory"):
			continue
		case err != nil:
			return nil, nil, err
		case c.Link:
			left = append(left, c)
			continue
		case !info.Mode().IsRegular():
			continue
		}
		text, err := os.ReadFile(full) //nolint:gosec // below the copy
		if err != nil {
			return nil, nil, err
		}
		if string(text) == c.Content || strings.Contains(string(text), sealtest.Marker) {
			left = append(left, c)
		}
	}
	for p, want := range content() {
		if text, err := os.ReadFile(filepath.Join(root, p)); err != nil || string(text) != want { //nolint:gosec // below the copy
			destroyed = append(destroyed, p)
		}
	}
	return left, destroyed, nil
}
