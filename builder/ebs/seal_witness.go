package ebs

import (
	"context"
	"io"
	"os"
	"sync"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/windows"
)

// sealWitness is the communicator that provisioners get: it does what the one inside
// does, and reads along when goldenami-seal seals the instance. A provisioner cannot
// tag the image, and what it found out passes through here anyway.
type sealWitness struct {
	packersdk.Communicator

	mu    sync.Mutex
	last  *seal.Witness // nil: nothing was sealed
	after int           // commands and uploads since
}

// Start reads along with a seal, and counts what runs after one.
func (w *sealWitness) Start(ctx context.Context, cmd *packersdk.RemoteCmd) error {
	nonce, windowsSeal := windows.Launched(cmd.Command)
	if !windowsSeal && cmd.Command != seal.Launcher {
		w.count()
		return w.Communicator.Start(ctx, cmd)
	}
	witness := &seal.Witness{}
	if nonce != "" { // the program was uploaded
		witness.Nonce(nonce)
	}
	if cmd.Stdin != nil {
		cmd.Stdin = io.TeeReader(cmd.Stdin, witness.Program())
	}
	if cmd.Stdout != nil {
		cmd.Stdout = io.MultiWriter(cmd.Stdout, witness.Report())
	}
	w.mu.Lock()
	w.last, w.after = witness, 0
	w.mu.Unlock()
	return w.Communicator.Start(ctx, cmd)
}

// Upload counts it.
func (w *sealWitness) Upload(dst string, r io.Reader, info *os.FileInfo) error {
	w.count()
	return w.Communicator.Upload(dst, r, info)
}

// UploadDir counts it.
func (w *sealWitness) UploadDir(dst, src string, exclude []string) error {
	w.count()
	return w.Communicator.UploadDir(dst, src, exclude)
}

func (w *sealWitness) count() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last != nil {
		w.after++
	}
}

// noteSeal keeps the summary for the tags, and tells of what ran after the seal. A
// seal that changed nothing, or that went wrong, is no seal.
func (b *build) noteSeal(w *sealWitness) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last == nil {
		return
	}
	b.sealed = w.last.Summary().String()
	if w.after > 0 {
		b.sealed = ""
		b.say("Warning: provisioners ran %d commands and uploads after goldenami-seal, which it did not look at, so the image's tags do not call it sealed; make goldenami-seal the last provisioner", w.after)
	}
	if b.meta != nil {
		b.meta.Seal = b.sealed
	}
}
