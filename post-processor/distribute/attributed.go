package distribute

import (
	"context"
	"sync"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/ledger"
)

// attributed is a ledger that says whose the things in it are before the first of them
// is made. A run that makes nothing asks nobody.
type attributed struct {
	*ledger.Ledger
	clients *cloud.Clients
	once    sync.Once
}

// Intend is called before anything is made.
func (a *attributed) Intend(ctx context.Context, call cloud.Call) (err error) {
	a.once.Do(func() {
		// Without an answer the copies are made all the same; a killed run's are then left.
		account, _ := a.clients.Account(ctx)
		err = a.Terms(ledger.Terms{Account: account, Endpoint: a.clients.Endpoint()})
	})
	if err != nil {
		return err
	}
	return a.Ledger.Intend(ctx, call)
}
