package ebs

import (
	"context"

	"github.com/goldenami/packer-plugin-goldenami/internal/ledger"
)

// terms are what a later run has to know if this one is killed. With "ask" the user
// decides about each failure, so that nobody else does.
func (b *build) terms(account string) ledger.Terms {
	on := b.cfg.PackerOnError
	return ledger.Terms{
		Account: account, Endpoint: b.clients.Endpoint(),
		Leave:      on == "abort" || on == "ask",
		KeepImages: b.cfg.OnFailure == onFailureKeepImages || b.cfg.Verify != nil && b.cfg.Verify.OnFailure == verifyKeep,
	}
}

// reclaim removes what runs left that were killed on this machine. It comes before
// anything is planned: a half-made image has a name, and a mark has others wait.
func (b *build) reclaim(ctx context.Context) {
	ledger.NewReclaimer(ledger.DefaultDir(), b.unrecorded, b.ui.Say).Run(ctx)
}
