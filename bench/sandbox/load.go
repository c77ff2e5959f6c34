package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"sync"
	"text/tabwriter"
	"time"
)

// result are the times of the calls by kind, in the order of kinds.
type result struct {
	mu    sync.Mutex
	times [][]time.Duration
	wrong int
	span  time.Duration
}

// load lets clients call for a span. At a rate each client makes its calls at even
// distances, from a moment of its own on; a call that is due while the one before
// is under way starts late and its wait counts. Rate 0 is without pause.
func load(ctx context.Context, s *server, targets []target, clients int, rate float64, span time.Duration) *result {
	res := &result{times: make([][]time.Duration, len(kinds))}
	transport := &http.Transport{MaxIdleConnsPerHost: clients, MaxConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	begin := time.Now()
	end := begin.Add(span)
	var group sync.WaitGroup
	for n := range clients {
		group.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(n))) //nolint:gosec // a choice of calls, the same in every run
			var pause time.Duration
			due := time.Now()
			if rate > 0 {
				pause = time.Duration(float64(clients) / rate * float64(time.Second))
				due = begin.Add(time.Duration(r.Int64N(int64(pause))))
			}
			for due.Before(end) && ctx.Err() == nil {
				time.Sleep(time.Until(due))
				from := due
				if pause == 0 {
					from = time.Now()
				}
				res.one(ctx, s, client, targets, r, from)
				due = due.Add(pause)
				if pause == 0 {
					due = time.Now()
				}
			}
		})
	}
	group.Wait()
	res.span = time.Since(begin)
	return res
}

func (res *result) one(ctx context.Context, s *server, client *http.Client, targets []target, r *rand.Rand, from time.Time) {
	k := choose(r)
	t := targets[r.IntN(len(targets))]
	_, err := s.call(ctx, client, t.region, kinds[k].form(t, r))
	took := time.Since(from)
	res.mu.Lock()
	defer res.mu.Unlock()
	if err != nil {
		res.wrong++
		if res.wrong == 1 {
			fmt.Fprintln(os.Stderr, err)
		}
		return
	}
	res.times[k] = append(res.times[k], took)
}

func choose(r *rand.Rand) int {
	n := r.IntN(100)
	for k := range kinds {
		if n -= kinds[k].weight; n < 0 {
			return k
		}
	}
	return 0
}

func (res *result) print(out io.Writer, name string) {
	fmt.Fprintf(out, "\n%s\n", name)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "call\tcalls\tp50 ms\tp99 ms\tmost ms\t")
	var all []time.Duration
	for k, times := range res.times {
		res.row(table, kinds[k].name, times)
		all = append(all, times...)
	}
	res.row(table, "all", all)
	_ = table.Flush() // a terminal that is gone cannot be told so
	fmt.Fprintf(out, "%.0f calls per second, %d refused or failed\n", float64(len(all))/res.span.Seconds(), res.wrong)
}

func (res *result) row(table io.Writer, name string, times []time.Duration) {
	if len(times) == 0 {
		fmt.Fprintf(table, "%s\t0\t\t\t\t\n", name)
		return
	}
	slices.Sort(times)
	at := func(share float64) float64 {
		return float64(times[int(share*float64(len(times)-1))].Microseconds()) / 1000
	}
	fmt.Fprintf(table, "%s\t%d\t%.1f\t%.1f\t%.1f\t\n", name, len(times), at(0.5), at(0.99), at(1))
}
