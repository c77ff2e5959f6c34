package layer

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// releaseTimeout bounds how long a build that has ended tries to take its mark away.
const releaseTimeout = 30 * time.Second

// missedLooks in a row are needed to believe that the mark is gone.
const missedLooks = 3

// settleTime is how long whoever saw that a mark is overdue may take to remove it.
const settleTime = 5 * time.Second

// Claim is the mark of this build, renewed until it is released.
type Claim struct {
	*Claimer
	id   string
	stop context.CancelFunc
	done chan struct{}
	once sync.Once

	mu    sync.Mutex
	until time.Time // the deadline that the mark was given last
	doubt bool      // it had passed when it was renewed: somebody may have taken the mark for dead
}

// LostError says that another run may build the same content, or has built it.
type LostError struct {
	Mark string
	Run  string // that has the mark now; empty if nobody has
}

func (e *LostError) Error() string {
	text := fmt.Sprintf("the mark of this build (key pair %s) was not renewed in time, as when a machine is asleep, and is gone", e.Mark)
	if e.Run != "" {
		text += ": run " + e.Run + " has taken its place"
	}
	return text
}

func (c *Claimer) hold(ctx context.Context, id string, until time.Time) *Claim {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	claim := &Claim{Claimer: c, id: id, stop: stop, done: make(chan struct{}), until: until}
	go claim.renew(ctx)
	return claim
}

// wallClock goes on while the machine is asleep, which Go's monotonic time does not.
func wallClock() time.Time { return time.Now().Round(0) }

// renew moves the deadline on. A call that fails is made up for by the next one;
// a mark that is gone was taken for dead, as when this machine was asleep.
func (c *Claim) renew(ctx context.Context) {
	defer close(c.done)
	tick := time.NewTicker(c.lease() / 5)
	defer tick.Stop()
	missing := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := c.touch(ctx); !cloud.IsNotFound(err) {
			missing = 0
			continue
		}
		missing++
		if missing == missedLooks { // once may be EC2 showing it late
			c.Report(fmt.Sprintf("Warning: the mark of this build (key pair %s) is gone; another run may build the same content", c.Name))
			return
		}
	}
}

// touch gives the mark a new deadline.
func (c *Claim) touch(ctx context.Context) error {
	until := wallClock().Add(c.lease())
	tags := ami.Claim{Run: c.Run, Deadline: until}.Tags()
	_, err := c.API.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{c.id}, Tags: ami.EC2Tags(tags)})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doubt = c.doubt || wallClock().After(c.until)
	c.until = until
	return nil
}

// certain tells that nobody can have taken the mark for dead, without asking.
func (c *Claim) certain() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.doubt && c.until.Sub(wallClock()) > c.lease()/2
}

// Check makes sure that this build still holds its mark: a *LostError says that it does
// not. To be called before what only one build may do. It makes no call where the mark
// was renewed in time. A nil claim is held by nobody, and needs not be.
func (c *Claim) Check(ctx context.Context) error {
	if c == nil || c.certain() {
		return nil
	}
	for seen, missed := 0, 0; seen < 2; {
		if err := c.touch(ctx); err != nil && !cloud.IsNotFound(err) {
			return fmt.Errorf("renew the mark of this build (key pair %s): %w", c.Name, err)
		}
		found, err := c.look(ctx)
		pause := settleTime
		switch {
		case err != nil:
			return err
		case found.id == c.id: // whoever saw it overdue may be about to remove it
			seen++
		case found.id != "":
			return &LostError{Mark: c.Name, Run: found.claim.Run}
		default: // or EC2 shows it late
			missed++
			if missed == missedLooks {
				return &LostError{Mark: c.Name}
			}
			pause = time.Second
		}
		if seen == 2 {
			break
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doubt = false
	return nil
}

// Release takes the mark away, even when ctx has ended. It can be repeated, and
// does nothing for a nil claim.
func (c *Claim) Release(ctx context.Context) (err error) {
	if c == nil {
		return nil
	}
	c.once.Do(func() {
		c.stop()
		<-c.done
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
		defer cancel()
		_, err = c.API.DeleteKeyPair(ctx, &ec2.DeleteKeyPairInput{KeyPairId: &c.id})
		if cloud.IsNotFound(err) {
			err = nil
		}
		if err != nil {
			err = fmt.Errorf("take the mark of this build away (key pair %s): %w", c.Name, err)
		}
	})
	return err
}
