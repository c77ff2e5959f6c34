package instance

import (
	"context"
	"fmt"
	"sync"
)

// none keeps the books of a backend and runs nothing.
type none struct {
	mu        sync.Mutex
	instances map[string]struct{}
	layers    map[string]struct{}
	closed    bool
}

// NewNone gives a backend without guests, for machines where [Supported] says no: Start and Stop succeed at
// once, nothing listens on port 22, Commit makes an empty layer.
func NewNone() Backend {
	return &none{instances: map[string]struct{}{}, layers: map[string]struct{}{}}
}

func (b *none) Start(_ context.Context, s Spec) error {
	if err := s.check(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errClosed
	}
	b.instances[s.ID] = struct{}{}
	return nil
}

func (b *none) Stop(context.Context, string) error { return nil }

func (b *none) Terminate(_ context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.instances, id)
	return nil
}

func (b *none) Commit(_ context.Context, id, layerID string) (int64, error) {
	if err := checkID("layer", layerID); err != nil {
		return 0, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.layers[layerID]; ok {
		return 0, fmt.Errorf("commit of %s: layer %s exists already", id, layerID)
	}
	b.layers[layerID] = struct{}{}
	return 0, nil
}

func (b *none) DeleteLayer(layerID string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.layers, layerID)
	return nil
}

func (b *none) Console(string) []byte { return nil }

func (b *none) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return nil
}
