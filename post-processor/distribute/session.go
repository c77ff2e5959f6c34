package distribute

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
	"github.com/goldenami/packer-plugin-goldenami/internal/ledger"
	"github.com/goldenami/packer-plugin-goldenami/internal/lineage"
	"github.com/goldenami/packer-plugin-goldenami/internal/wait"
)

// sweepFor bounds the clean-up: Packer waits for it without a limit of its own.
const sweepFor = 10 * time.Minute

// deleter deletes what a run made; *cloud.Deleter is one.
type deleter interface {
	Delete(ctx context.Context, r cloud.Resource) error
}

// record is the part of the run's ledger that is used here.
type record interface {
	Live() []cloud.Resource
	Sweep(ctx context.Context, d ledger.Deleter) (left []cloud.Resource, err error)
	Close() error
}

// session is one connection to AWS with the record of what was made through it.
type session struct {
	engine  *distribution.Engine
	deleter deleter
	record  record
	lineage func(region string) lineage.API
	stop    func() // ends the poller
	// reclaim removes what killed runs of this machine left.
	reclaim func(ctx context.Context, say func(string))
}

// connectAWS opens the ledger first, so that nothing is made without a record.
func connectAWS(ctx context.Context, access cloud.Access, runID string) (*session, error) {
	book, err := ledger.Open(ledger.DefaultDir(), runID, "distribute-"+ami.NewVersion(time.Now()))
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	owner := &attributed{Ledger: book}
	clients, err := access.Clients(ctx, cloud.WithRecorder(owner))
	if err != nil {
		return nil, errors.Join(err, book.Close())
	}
	owner.clients = clients
	poller := wait.NewPoller(func(region string) wait.API { return clients.EC2(region) })
	return &session{
		engine:  &distribution.Engine{Clients: distribution.FromCloud(clients), Poller: poller, Keep: book.Keep},
		deleter: cloud.NewDeleter(clients),
		record:  book,
		lineage: func(region string) lineage.API { return clients.EC2(region) },
		stop:    poller.Close,
		reclaim: func(ctx context.Context, say func(string)) {
			ledger.NewReclaimer(ledger.DefaultDir(), clients, say).Run(ctx)
		},
	}, nil
}

// end sweeps what a failed or cancelled run left unfinished, and closes. It
// returns err with what could not be removed.
func (s *session) end(ctx context.Context, ui packersdk.Ui, err error) error {
	if err == nil {
		s.stop()
		return s.closeRecord()
	}
	// The run may be cancelled; its clean-up is not.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sweepFor)
	defer cancel()
	s.stop()
	if n := len(s.record.Live()); n > 0 {
		ui.Say(fmt.Sprintf("Removing what is not finished: %d images", n))
	}
	left, sweepErr := s.record.Sweep(ctx, s.deleter)
	for _, r := range left {
		err = errors.Join(err, fmt.Errorf("left behind: %s %s in %s: remove it by hand", r.Kind, r.ID, r.Region))
	}
	if sweepErr != nil {
		err = errors.Join(err, fmt.Errorf("clean-up: %w", sweepErr))
	}
	return errors.Join(err, s.closeRecord())
}

func (s *session) closeRecord() error {
	if err := s.record.Close(); err != nil {
		return fmt.Errorf("close the ledger: %w", err)
	}
	return nil
}

// close ends a session in which nothing was made.
func (s *session) close() {
	s.stop()
	_ = s.record.Close() // nothing was recorded, so nothing can be lost
}

// runID is that of the Packer run, from Packer itself or from the artifact, so
// that what is made can be traced to it.
func runID(in *input) string {
	if id := os.Getenv("PACKER_RUN_UUID"); id != "" {
		return id
	}
	if id := in.goldenami["run"]; id != "" {
		return id
	}
	return ami.NewVersion(time.Now())
}
