package distribution

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sort"
	"sync"
	"time"
)

// Engine distributes images. The zero value lacks Clients and Poller; one
// Engine serves any number of calls, one after another or at once.
type Engine struct {
	Clients Clients
	Poller  Poller

	// Keep, if set, is told the image and snapshot ids of every Region that is
	// complete, so that a roll-back of the run spares them. An error fails the
	// Region: what a roll-back would take away is not a result.
	Keep func(ctx context.Context, ids ...string) error

	// Warn, if set, is told of each preflight check that could not be made.
	Warn func(message string)

	// MaxParallel bounds the Regions worked on at once; 0 means 12.
	MaxParallel int

	mu   sync.Mutex
	dead map[string][]string // Region -> copies that failed while this Engine watched
}

const defaultParallel = 12

// Execute makes spec true of source in every Region and returns one result per
// Region, sorted by Region, the source Region included unless spec.SkipSource.
// The error joins the errors of the results; results are complete even then.
// report may be nil; it is never called twice at the same time.
//
// A cancelled ctx ends every wait at once. A copy that EC2 was just asked for
// is still recorded, so that it can be swept.
func (e *Engine) Execute(ctx context.Context, source Source, spec Spec, report func(Event)) ([]Result, error) {
	plan, err := NewPlan(source, spec)
	if err != nil {
		return nil, err
	}
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("distribute %s: %w", source.ImageID, err)
	}
	image, err := e.loadSource(ctx, plan)
	if err != nil {
		return nil, err
	}
	if err := plan.complete(image); err != nil {
		return nil, err
	}
	results := e.eachRegion(ctx, plan, image, serialized(report))
	errs := make([]error, 0, len(results))
	for _, r := range results {
		if r.Err != nil {
			errs = append(errs, r.Err)
		}
	}
	return results, errors.Join(errs...)
}

// eachRegion runs every Region of the plan, at most MaxParallel at once. A
// cancel stops Regions that have not begun.
func (e *Engine) eachRegion(ctx context.Context, plan *Plan, image *sourceImage, report func(Event)) []Result {
	limit := e.MaxParallel
	if limit <= 0 {
		limit = defaultParallel
	}
	slots := make(chan struct{}, limit)
	results := make([]Result, len(plan.Regions))
	var wg sync.WaitGroup
	for i, rp := range plan.Regions {
		wg.Go(func() {
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
			case <-ctx.Done():
			}
			results[i] = e.oneRegion(ctx, plan, rp, image, report)
		})
	}
	wg.Wait()
	sort.Slice(results, func(i, j int) bool { return results[i].Region < results[j].Region })
	return results
}

// oneRegion turns whatever happens in a Region, a panic included, into a result.
func (e *Engine) oneRegion(ctx context.Context, plan *Plan, rp RegionPlan, image *sourceImage, report func(Event)) (result Result) {
	w := &worker{
		engine: e, plan: plan, region: rp, source: image,
		ec2: e.Clients.EC2(rp.Region), kms: e.Clients.KMS(rp.Region),
		report: report, started: time.Now(),
		result: Result{Region: rp.Region},
	}
	defer func() {
		if p := recover(); p != nil {
			w.result.Err = fmt.Errorf("%s: internal error, please report it: %v\n%s", rp.Region, p, debug.Stack())
		}
		w.result.Elapsed = time.Since(w.started)
		result = w.result
		end := Event{Kind: EventDone, Result: &result}
		if result.Err != nil {
			end.Kind, end.Err = EventFailed, result.Err
		}
		w.event(end)
	}()
	if err := context.Cause(ctx); err != nil {
		w.result.Err = fmt.Errorf("%s: not begun: %w", rp.Region, err)
		return w.result
	}
	w.result.Err = w.run(ctx)
	return w.result
}

// markDead remembers a copy that failed: EC2 would answer the same token with the
// same dead image, and a failed image often has lost the name it is looked up by.
func (e *Engine) markDead(region, id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.dead == nil {
		e.dead = make(map[string][]string)
	}
	e.dead[region] = append(e.dead[region], id)
}

func (e *Engine) deadIn(region string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.dead[region])
}

// serialized makes report safe to call from every Region's goroutine.
func serialized(report func(Event)) func(Event) {
	if report == nil {
		return func(Event) {}
	}
	var mu sync.Mutex
	return func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		report(e)
	}
}
