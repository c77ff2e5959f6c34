package layer

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

const (
	// lookShare of the time that was waited is how late the end is noticed, when
	// that is more than the first pause: a long wait needs no more calls than a
	// short one.
	lookShare = 100
	// overdue is how many further leases a dead build's mark stands while an
	// instance of its run lives: its machine may only have been asleep.
	overdue = 3
)

// claimWait watches another's mark.
type claimWait struct {
	*Claimer
	began, nextReport time.Time
	unseen            time.Time // since when the mark cannot be seen; zero: it was
}

func newClaimWait(c *Claimer) *claimWait {
	now := time.Now()
	return &claimWait{Claimer: c, began: now, nextReport: now}
}

// untilGone returns when the mark is gone: taken away by its build, or by this one
// because that build is dead. A mark that cannot be seen counts as gone after a
// pause; making the own one shows whether it is.
func (w *claimWait) untilGone(ctx context.Context, other marked) error {
	for {
		if stale, why, err := w.stale(ctx, other); err != nil {
			return err
		} else if stale {
			return w.takeOver(ctx, other, why)
		}
		w.tell(other)
		if err := w.pause(ctx); err != nil {
			return err
		}
		if other.id == "" {
			return w.patience()
		}
		w.unseen = time.Time{}
		again, err := w.look(ctx)
		if err != nil || again.id == "" {
			return err
		}
		other = again
	}
}

// patience ends when a mark is refused as a duplicate and never seen.
func (w *claimWait) patience() error {
	if w.unseen.IsZero() {
		w.unseen = time.Now()
	}
	if time.Since(w.unseen) > overdue*w.lease() {
		return fmt.Errorf("EC2 refuses the key pair %s as a duplicate and does not show it: delete it if no build is under way", w.Name)
	}
	return nil
}

// stale tells that the build of a mark is dead, and how that is known.
func (w *claimWait) stale(ctx context.Context, other marked) (bool, string, error) {
	now := time.Now()
	switch {
	case other.id == "":
		return false, "", nil
	case !other.visible && now.Sub(other.made) > overdue*w.lease():
		return false, "", fmt.Errorf("the key pair %s (%s) has the name by which this plugin marks a build that is under way, but not its tags: "+
			"delete it, or set on_concurrent = %q", w.Name, other.id, ConcurrentBuild)
	case !other.visible || now.Before(other.claim.Deadline):
		return false, "", nil
	}
	late := now.Sub(other.claim.Deadline)
	ids, err := w.alive(ctx, other.claim.Run)
	switch {
	case err != nil:
		return false, "", err
	case len(ids) == 0:
		return true, "and has no instance any more", nil
	case late > overdue*w.lease():
		return true, "and leaves " + strings.Join(ids, ", ") + " behind, which should be terminated", nil
	}
	return false, "", nil
}

// takeOver removes a dead build's mark. It is named by its id, so that of several
// who see that it is dead none removes the new mark of another.
func (w *claimWait) takeOver(ctx context.Context, other marked, why string) error {
	w.Report(fmt.Sprintf("run %s has not renewed its mark since %s %s: taking its place", other.claim.Run,
		other.claim.Deadline.Add(-w.lease()).UTC().Format(time.RFC3339), why))
	if _, err := w.API.DeleteKeyPair(ctx, &ec2.DeleteKeyPairInput{KeyPairId: &other.id}); err != nil {
		return fmt.Errorf("remove the mark of the dead run %s (key pair %s): %w", other.claim.Run, w.Name, err)
	}
	return nil
}

func (w *claimWait) tell(other marked) {
	if time.Now().Before(w.nextReport) {
		return
	}
	w.nextReport = w.nextReport.Add(reportEvery)
	text := "waiting for its image: " + (&BusyError{Mark: w.Name, Run: other.claim.Run}).Error()
	if waited := time.Since(w.began); waited >= time.Second {
		text += fmt.Sprintf(", %s so far", waited.Round(time.Second))
	}
	w.Report(text)
}

func (w *claimWait) pause(ctx context.Context) error {
	first := w.Pause
	if first <= 0 {
		first = time.Second
	}
	timer := time.NewTimer(max(first, time.Since(w.began)/lookShare))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait for another build of the same content: %w", context.Cause(ctx))
	case <-timer.C:
		return nil
	}
}
