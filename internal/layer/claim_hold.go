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

// Claim is the mark of this build, renewed until it is released.
type Claim struct {
	*Claimer
	id   string
	stop context.CancelFunc
	done chan struct{}
	once sync.Once
}

func (c *Claimer) hold(ctx context.Context, id string) *Claim {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	claim := &Claim{Claimer: c, id: id, stop: stop, done: make(chan struct{})}
	go claim.renew(ctx)
	return claim
}

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
		tags := ami.Claim{Run: c.Run, Deadline: time.Now().Add(c.lease())}.Tags()
		_, err := c.API.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{c.id}, Tags: ami.EC2Tags(tags)})
		if !cloud.IsNotFound(err) {
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
