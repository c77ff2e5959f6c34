package ledger

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// NewReclaimer gives one that works with the credentials of clients. They should have
// no recorder: what goes is not what this run made.
func NewReclaimer(dir string, clients *cloud.Clients, say func(string)) *Reclaimer {
	return &Reclaimer{
		Dir: dir, Endpoint: clients.Endpoint(), Account: clients.Account, Deleter: cloud.NewDeleter(clients), Say: say,
		Find: func(ctx context.Context, call cloud.Call, run string) ([]cloud.Resource, bool, error) {
			return clients.Intended(ctx, call, func(tags []types.Tag) bool { return ami.MadeBy(run, tags) })
		},
		Unfinished: func(ctx context.Context, image cloud.Resource) (bool, error) {
			return ami.Unfinished(ctx, clients.EC2(image.Region), image.ID)
		},
	}
}
