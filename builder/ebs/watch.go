package ebs

import (
	"context"
	"errors"
	"time"
)

// errParentGone says why a build ends by itself.
var errParentGone = errors.New("packer ended without telling the plugin")

// parentCheck is how often the parent is looked for.
const parentCheck = time.Second

// whileParentLives gives a context that ends when Packer's process does. A plugin
// whose Packer was killed goes on otherwise, with an instance that nobody will stop.
// It would die of its next line of output, so that signal is ignored from here on.
func whileParentLives(ctx context.Context) (context.Context, context.CancelFunc) {
	ignorePipe()
	ctx, end := context.WithCancelCause(ctx)
	done := make(chan struct{})
	parent := openParent()
	go func() {
		defer close(done)
		defer parent.close()
		tick := time.NewTicker(parentCheck)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if parent.gone() {
					end(errParentGone)
					return
				}
			}
		}
	}()
	return ctx, func() {
		end(context.Canceled)
		<-done
	}
}
