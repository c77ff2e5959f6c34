package distribution_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution/fakeaws"
)

func TestCancelEndsAtOnceAndKeepsTheID(t *testing.T) {
	inBubble(t, func(r *rig) {
		source := r.plainSource()
		r.cloud.RegionTakes[tokyo] = time.Minute
		ctx, cancel := context.WithCancelCause(r.Context())
		stop := errors.New("Ctrl-C")
		time.AfterFunc(5*time.Minute, func() { cancel(stop) })
		begun := time.Now()
		results, err := r.engine.Execute(ctx, source, distribution.Spec{Targets: []distribution.Target{{Region: eu}, {Region: tokyo}}}, r.report)
		if took := time.Since(begun); took != 5*time.Minute {
			t.Errorf("ended after %s, want at once", took)
		}
		if !errors.Is(err, stop) && !errors.Is(err, context.Canceled) {
			t.Errorf("error: %v", err)
		}
		res := byRegion(results)
		if res[eu].ImageID == "" || res[eu].Err == nil || res[tokyo].Err != nil {
			t.Errorf("results: %+v", res)
		}
		if slices.Contains(r.kept, res[eu].ImageID) || !slices.Contains(r.kept, res[tokyo].ImageID) {
			t.Errorf("kept %v", r.kept)
		}
	})
}

func TestCancelWhileEC2StillAnswersKeepsTheID(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cloud.AnswerTakes = 3 * time.Second
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		results, err := r.engine.Execute(ctx, r.plainSource(), distribution.Spec{SkipSource: true, Targets: []distribution.Target{{Region: eu}}}, nil)
		if !errors.Is(err, context.DeadlineExceeded) || len(results) != 1 {
			t.Fatalf("%+v, %v", results, err)
		}
		if _, ok := r.cloud.Images(eu)[results[0].ImageID]; !ok {
			t.Errorf("the copy's id is lost: %+v", results[0])
		}
	})
}

func TestCancelDoesNotWaitForEC2Forever(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cloud.AnswerTakes = time.Hour
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		_, err := r.engine.Execute(ctx, r.plainSource(), distribution.Spec{SkipSource: true, Targets: []distribution.Target{{Region: eu}}}, nil)
		if took := time.Since(begun); err == nil || took > 15*time.Second {
			t.Errorf("%v after %s", err, took)
		}
	})
}

func TestCancelledBeforeItBegins(t *testing.T) {
	inBubble(t, func(r *rig) {
		ctx, cancel := context.WithCancel(r.Context())
		cancel()
		_, err := r.engine.Execute(ctx, r.plainSource(), distribution.Spec{Targets: []distribution.Target{{Region: eu}}}, nil)
		if !errors.Is(err, context.Canceled) || len(r.cloud.Calls()) != 0 {
			t.Errorf("error %v, calls %v", err, r.cloud.Calls())
		}
	})
}

func TestCancelDuringAPauseEndsAtOnce(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cloud.Fail(eu, "CopyImage", repeat(1000, fakeaws.Error("ResourceLimitExceeded", "Too many snapshot copies in progress."))...)
		ctx, cancel := context.WithTimeout(r.Context(), time.Hour)
		defer cancel()
		begun := time.Now()
		_, err := r.engine.Execute(ctx, r.plainSource(), distribution.Spec{SkipSource: true, Targets: []distribution.Target{{Region: eu}}}, r.report)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Hour {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
		if !r.sawEvent(eu, distribution.EventWaiting) {
			t.Error("nobody was told of the wait")
		}
	})
}
