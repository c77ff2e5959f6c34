package layer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// fate is what happens to a build of a played run.
type fate string

const (
	endsWell  fate = "ends well"
	fails     fate = "fails"
	dropped   fate = "is dropped"    // its provisioner does not prepare, so Packer does not run it
	killed    fate = "is killed"     // kill -9 of its plugin
	takenAway fate = "is taken away" // a post-processor fails, and Packer destroys the artifact
	playGrace      = time.Second
	playLimit      = 2 * time.Minute // far above what the slowest run can need
	packerPID      = 1
)

// scene is one build of a played run.
type scene struct {
	Member
	inputs string        // what decides its content
	works  time.Duration // from the parent to the image
	fate   fate
	at     time.Duration // of the kill, since the run began
}

// play is one run of Packer.
type play struct {
	slots     int
	interrupt time.Duration // Ctrl-C; zero for none
	scenes    []scene       // as declared
}

// drawPlays gives runs of one account, one after the other: what the first one leaves is
// there for the next, which may select fewer builds.
func drawPlays(t *rapid.T) []play {
	tiers := []ami.Tier{ami.OSOnly, ami.Hybrid, ami.Full}
	plays := make([]play, rapid.IntRange(1, 2).Draw(t, "runs"))
	families := rapid.IntRange(1, 2).Draw(t, "families")
	for i := range plays {
		for _, family := range []string{"a", "b"}[:families] {
			for rank, tier := range tiers {
				if rapid.IntRange(0, 4).Draw(t, "selected") == 0 {
					continue
				}
				s := scene{
					Member: Member{Key: Key{Family: family, Tier: tier, Region: "eu-west-1"}, Name: family + "-" + string(tier)},
					inputs: rapid.SampledFrom([]string{"x", "x", "y"}).Draw(t, "inputs"),
					works:  time.Duration(rapid.IntRange(0, 3000).Draw(t, "works")) * time.Millisecond,
					fate:   rapid.SampledFrom([]fate{endsWell, endsWell, endsWell, endsWell, fails, dropped, killed, takenAway}).Draw(t, "fate"),
					at:     time.Duration(rapid.IntRange(0, 5000).Draw(t, "at")) * time.Millisecond,
				}
				if rank > 0 {
					s.Parent = s.WithTier(tiers[rapid.IntRange(0, rank-1).Draw(t, "parent")])
				}
				plays[i].scenes = append(plays[i].scenes, s)
			}
		}
		plays[i].scenes = rapid.Permutation(plays[i].scenes).Draw(t, "order")
		plays[i].slots = rapid.IntRange(1, 6).Draw(t, "parallel builds")
		plays[i].interrupt = time.Duration(max(0, rapid.IntRange(-12000, 5000).Draw(t, "interrupt"))) * time.Millisecond
	}
	return plays
}

// performance is one build of a run under way.
type performance struct {
	scene
	actor
	session *Session
	err     error
	base    Base
	image   string // the result
	reused  bool
}

// killedLater gives a context that ends with the process, at its time.
func (p *performance) killedLater(ctx context.Context) context.Context {
	own, stop := context.WithCancel(ctx)
	timer := time.AfterFunc(p.at, func() { p.kill(stop) })
	context.AfterFunc(own, func() { timer.Stop() })
	return own
}

// perform is Run, and what Packer does with the artifact.
func (p *performance) perform(ctx context.Context) {
	if p.stage.isDead(p.pid) {
		return
	}
	p.err = p.build(ctx)
	if p.stage.isDead(p.pid) {
		p.err = errors.Join(p.err, errors.New("the plugin is dead"))
		return
	}
	if p.err != nil {
		p.stage.must(p.session.Publish(Result{Status: Failed, Reason: p.err.Error()}) == nil, "publish a failure")
		return
	}
	if p.fate == takenAway && !p.reused {
		time.Sleep(p.at / 4) // the post-processor works
		p.destroy()
	}
}

func (p *performance) destroy() {
	if p.stage.isDead(p.pid) {
		return
	}
	used, err := p.session.Withdraw("a post-processor failed")
	if err == nil && used {
		err = p.session.Publish(Result{Status: Destroyed})
	}
	p.stage.must(err == nil, "withdraw: %v", err)
	p.stage.set(p.image, false, !used)
}

func (p *performance) build(ctx context.Context) error {
	if err := p.session.Start(); err != nil {
		return err
	}
	resolver := &Resolver{Run: p.session, Lookup: p.stage}
	base, err := resolver.Resolve(ctx, Request{Parent: p.Parent, Source: source("ami-vendor")})
	if err != nil {
		return err
	}
	p.base = base
	fingerprint := fmt.Sprint(p.Key, p.inputs, base.Identity())
	if image, found, err := p.stage.Newest(ctx, p.Key, false); err != nil || found && image.Fingerprint == fingerprint {
		p.image, p.reused = image.ID, true
		return errors.Join(err, p.session.Publish(Result{Status: Reused, ImageID: image.ID, Version: image.Version}))
	}
	image := p.stage.make(p.Key, fingerprint, base)
	select {
	case <-ctx.Done():
		p.stage.set(image.ID, false, true)
		return context.Cause(ctx)
	case <-time.After(p.works):
	}
	if p.fate == fails {
		p.stage.set(image.ID, false, true)
		return errors.New("a stage failed")
	}
	if base.InRun {
		parent, err := p.session.Peek(p.Parent)
		if err != nil || parent.Status == Destroyed {
			p.stage.set(image.ID, false, true)
			return errors.Join(err, errors.New("the parent was taken away"))
		}
		under, found := p.stage.get(base.ImageID)
		p.stage.must(found && !under.gone && under.key == p.Parent, "%s is built on %+v", p.Name, under)
	}
	p.image = image.ID
	p.stage.set(image.ID, true, false)
	return p.session.Publish(Result{Status: Done, ImageID: image.ID, Version: image.Version})
}

// perform plays a run as Packer does it: every Prepare in order, then slots in order.
func (s *stageOfPlays) perform(t *testing.T, temp string, run play) []*performance {
	s.run++
	ctx, interrupt := context.WithTimeout(t.Context(), playLimit)
	defer interrupt()
	cast := make([]*performance, 0, len(run.scenes))
	for i, scene := range run.scenes {
		p := &performance{scene: scene, actor: actor{stage: s, pid: 100*s.run + i}}
		session, _, err := Join(scene.Member, WithTempDir(temp), WithRunID(strconv.Itoa(s.run)), WithGrace(playGrace),
			func(o *options) { o.machine = p.actor })
		if err != nil {
			t.Fatalf("%s joins: %v", scene.Name, err)
		}
		p.session = session
		cast = append(cast, p)
	}
	if run.interrupt > 0 {
		defer time.AfterFunc(run.interrupt, interrupt).Stop()
	}
	var running sync.WaitGroup
	free := make(chan struct{}, run.slots)
	for _, p := range cast {
		own := ctx
		if p.fate == killed {
			own = p.killedLater(ctx)
		}
		if p.fate == dropped {
			continue
		}
		free <- struct{}{}
		if ctx.Err() != nil {
			break // Packer starts no more builds
		}
		running.Go(func() {
			defer func() { <-free }()
			p.perform(own)
		})
	}
	running.Wait()
	return cast
}

// judge looks for what must never be in a run that has ended.
func (s *stageOfPlays) judge(run play, cast []*performance) {
	inRun := map[Key]*performance{}
	for _, p := range cast {
		inRun[p.Key] = p
	}
	for i, p := range cast {
		parent, member := inRun[p.Parent]
		if p.err == nil && p.image != "" && !p.Parent.IsZero() {
			under, found := s.get(p.base.ImageID)
			s.must(found && under.key == p.Parent && (!under.gone || p.fate == killed), "%s is built on %+v", p.Name, under)
			s.must(!member || p.base.InRun && parent.image == p.base.ImageID, "%s is built on %s and not on its parent of this run", p.Name, p.base.ImageID)
		}
		var failure *ParentError
		if errors.As(p.err, &failure) && failure.Failure == ParentQueued {
			s.must(slices.Index(cast, parent) > i, "%s says that its parent is queued behind it", p.Name)
		}
		healthy := run.interrupt == 0 && p.fate == endsWell && p.Parent.IsZero()
		s.must(!healthy || p.err == nil && p.image != "", "%s ended with %v", p.Name, p.err)
		// Parents first, nothing can be queued, whatever -parallel-builds is.
		layered := run.interrupt == 0 && p.fate == endsWell && member && slices.Index(cast, parent) < i && parent.fate == endsWell && parent.err == nil && parent.image != ""
		s.must(!layered || p.err == nil && p.image != "", "%s ended with %v although its parent was there", p.Name, p.err)
	}
}

// TestRunsNeverGoWrong plays runs of random families, orders, parallelism, failures and
// kills: none hangs, none makes an image twice, and no child is built on anything but a
// good parent.
func TestRunsNeverGoWrong(t *testing.T) {
	t.Parallel()
	all, runs := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		plays := drawPlays(rt)
		runs++
		temp := filepath.Join(all, strconv.Itoa(runs))
		if err := os.Mkdir(temp, 0o700); err != nil {
			rt.Fatal(err)
		}
		s := &stageOfPlays{dead: map[int]bool{}}
		synctest.Test(t, func(t *testing.T) {
			for _, run := range plays {
				began := time.Now()
				cast := s.perform(t, temp, run)
				s.must(time.Since(began) < playLimit, "it took %s", time.Since(began))
				s.judge(run, cast)
			}
		})
		if err := os.RemoveAll(temp); err != nil {
			rt.Fatal(err)
		}
		if len(s.wrong) > 0 {
			rt.Fatalf("%q", s.wrong)
		}
	})
}
