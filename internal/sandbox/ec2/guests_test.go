package ec2_test

import (
	"context"
	"strings"
	"sync"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
)

// guests is a backend that keeps what was asked of it, in order, and can be told
// to fail a commit.
type guests struct {
	instance.Backend
	mu      sync.Mutex
	asked   []string
	layers  map[string]bool
	specs   map[string]instance.Spec
	refuses error
	// gate holds every commit until it is closed.
	gate chan struct{}
}

func newGuests() *guests {
	return &guests{Backend: instance.NewNone(), layers: map[string]bool{}, specs: map[string]instance.Spec{}}
}

func (g *guests) note(what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, what)
}

func (g *guests) log() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Join(g.asked, " ")
}

func (g *guests) held() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.layers)
}

func (g *guests) Start(ctx context.Context, s instance.Spec) error {
	g.note("start")
	g.mu.Lock()
	g.specs[s.ID] = s
	g.mu.Unlock()
	return g.Backend.Start(ctx, s)
}

// spec is what an instance was last started with.
func (g *guests) spec(id string) (instance.Spec, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, ok := g.specs[id]
	return s, ok
}

func (g *guests) Stop(ctx context.Context, id string) error {
	g.note("stop")
	return g.Backend.Stop(ctx, id)
}

func (g *guests) Commit(ctx context.Context, id, layer string) (int64, error) {
	if g.gate != nil {
		<-g.gate
	}
	g.note("commit")
	if g.refuses != nil {
		return 0, g.refuses
	}
	g.mu.Lock()
	g.layers[layer] = true
	g.mu.Unlock()
	_, err := g.Backend.Commit(ctx, id, layer)
	return 1000, err
}

func (g *guests) DeleteLayer(layer string) error {
	g.mu.Lock()
	delete(g.layers, layer)
	g.mu.Unlock()
	return g.Backend.DeleteLayer(layer)
}
