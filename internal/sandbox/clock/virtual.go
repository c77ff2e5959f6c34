package clock

import (
	"container/heap"
	"context"
	"errors"
	"sync"
	"time"
)

// Epoch is when a virtual clock begins: a moment after the newest vendor image.
var Epoch = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)

// Virtual is a clock that stands still but for [Virtual.Tick] and [Virtual.Advance].
type Virtual struct {
	step time.Duration

	// moving is held while time passes, so that two callers do not move it at once.
	moving sync.Mutex

	mu sync.Mutex
	// idle is told when nothing in the background works any more.
	idle     *sync.Cond
	now      time.Time
	working  int
	sleepers sleepers
	serial   int
}

// NewVirtual starts a clock at a moment; step passes with each call.
func NewVirtual(at time.Time, step time.Duration) *Virtual {
	v := &Virtual{now: at.UTC(), step: step}
	v.idle = sync.NewCond(&v.mu)
	return v
}

// Now is the time, in UTC.
func (v *Virtual) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

// Begin counts what works in the background.
func (v *Virtual) Begin() (end func()) {
	v.work(1)
	return sync.OnceFunc(func() { v.work(-1) })
}

func (v *Virtual) work(n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.working += n
	if v.working == 0 {
		v.idle.Broadcast()
	}
}

// Sleep is called between Begin and its end. Those who wake at the same moment
// wake one after the other, in the order in which they fell asleep.
func (v *Virtual) Sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 || ctx.Err() != nil {
		return ctx.Err() == nil
	}
	v.mu.Lock()
	s := &sleeper{at: v.now.Add(d), serial: v.serial, wake: make(chan struct{})}
	v.serial++
	heap.Push(&v.sleepers, s)
	v.working--
	if v.working == 0 {
		v.idle.Broadcast()
	}
	v.mu.Unlock()
	select {
	case <-s.wake: // whoever wakes counts the sleeper as working
		return true
	case <-ctx.Done():
		v.rouse(s)
		return false
	}
}

// rouse takes a sleeper whose context ended out of the queue.
func (v *Virtual) rouse(s *sleeper) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s.place >= 0 {
		heap.Remove(&v.sleepers, s.place)
		v.working++
	}
}

// Tick waits until all in the background sleeps and lets a step pass.
func (v *Virtual) Tick() { _ = v.Advance(v.step) } // the step is not negative

// Advance lets d pass: who sleeps until a moment in it wakes at that moment, and
// time goes on when it sleeps again or has ended.
func (v *Virtual) Advance(d time.Duration) error {
	if d < 0 {
		return errors.New("time does not run backwards: advance by a positive duration")
	}
	v.moving.Lock()
	defer v.moving.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.settle()
	target := v.now.Add(d)
	for len(v.sleepers) > 0 && !v.sleepers[0].at.After(target) {
		s, _ := heap.Pop(&v.sleepers).(*sleeper)
		v.now = s.at
		v.working++
		close(s.wake)
		v.settle()
	}
	v.now = target
	return nil
}

// settle waits until nothing works; the caller holds mu.
func (v *Virtual) settle() {
	for v.working > 0 {
		v.idle.Wait()
	}
}

// sleeper waits for a moment; place is where it is in the heap, or -1.
type sleeper struct {
	at            time.Time
	serial, place int
	wake          chan struct{}
}

// sleepers are a heap by moment, then by who came first.
type sleepers []*sleeper

func (s sleepers) Len() int { return len(s) }

func (s sleepers) Less(i, j int) bool {
	if s[i].at.Equal(s[j].at) {
		return s[i].serial < s[j].serial
	}
	return s[i].at.Before(s[j].at)
}

func (s sleepers) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].place, s[j].place = i, j
}

func (s *sleepers) Push(x any) {
	one, _ := x.(*sleeper)
	one.place = len(*s)
	*s = append(*s, one)
}

func (s *sleepers) Pop() any {
	last := len(*s) - 1
	one := (*s)[last]
	(*s)[last] = nil
	*s = (*s)[:last]
	one.place = -1
	return one
}
