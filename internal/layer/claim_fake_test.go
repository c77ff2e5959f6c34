package layer

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// said collects what a claimer reports.
type said struct {
	mu   sync.Mutex
	text string
}

func (s *said) add(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text += text + "\n"
}

func (s *said) has(t *testing.T, want string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.Contains(s.text, want) {
		t.Errorf("nothing was said of %q:\n%s", want, s.text)
	}
}

func ref[T any](v T) *T { return &v }

// keyPairs is EC2 as far as marks need it.
type keyPairs struct {
	mu        sync.Mutex
	pairs     map[string]*types.KeyPairInfo
	visible   map[string]time.Time // by id
	late      time.Duration        // how late new pairs can be seen, and their tags twice that
	instances map[string]string    // by run
	n         int
	calls     int
	asleep    map[string]chan struct{} // by run, whose calls go out when it is closed
}

// sleep holds what a run renews until wake is called, as the sleep of its machine does.
func (k *keyPairs) sleep(run string) (wake func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	gate := make(chan struct{})
	k.asleep = map[string]chan struct{}{run: gate}
	return func() { close(gate) }
}

func (k *keyPairs) called() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.calls
}

func newKeyPairs() *keyPairs {
	return &keyPairs{pairs: map[string]*types.KeyPairInfo{}, visible: map[string]time.Time{}, instances: map[string]string{}}
}

func (k *keyPairs) mustBeEmpty(t *testing.T) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.pairs) > 0 {
		t.Errorf("left: %v", k.pairs)
	}
}

func (k *keyPairs) CreateKeyPair(ctx context.Context, in *ec2.CreateKeyPairInput, _ ...func(*ec2.Options)) (*ec2.CreateKeyPairOutput, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if k.pairs[*in.KeyName] != nil {
		return nil, apiError("InvalidKeyPair.Duplicate")
	}
	k.n++
	id := fmt.Sprintf("key-%d", k.n)
	k.pairs[*in.KeyName] = &types.KeyPairInfo{KeyPairId: &id, KeyName: in.KeyName, CreateTime: ref(time.Now()), Tags: in.TagSpecifications[0].Tags}
	k.visible[id] = time.Now().Add(k.late)
	return &ec2.CreateKeyPairOutput{KeyPairId: &id}, nil
}

func (k *keyPairs) DescribeKeyPairs(_ context.Context, in *ec2.DescribeKeyPairsInput, _ ...func(*ec2.Options)) (*ec2.DescribeKeyPairsOutput, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calls++
	out := &ec2.DescribeKeyPairsOutput{}
	pair := k.pairs[in.Filters[0].Values[0]]
	if pair == nil || time.Now().Before(k.visible[*pair.KeyPairId]) {
		return out, nil
	}
	shown := *pair
	if late := time.Until(k.visible[*pair.KeyPairId].Add(time.Minute)); late > 0 && k.visible[*pair.KeyPairId].After(*pair.CreateTime) {
		shown.Tags = nil
	}
	out.KeyPairs = []types.KeyPairInfo{shown}
	return out, nil
}

func (k *keyPairs) DeleteKeyPair(_ context.Context, in *ec2.DeleteKeyPairInput, _ ...func(*ec2.Options)) (*ec2.DeleteKeyPairOutput, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for name, pair := range k.pairs {
		if *pair.KeyPairId == *in.KeyPairId {
			delete(k.pairs, name)
		}
	}
	return &ec2.DeleteKeyPairOutput{}, nil
}

func (k *keyPairs) CreateTags(_ context.Context, in *ec2.CreateTagsInput, _ ...func(*ec2.Options)) (*ec2.CreateTagsOutput, error) {
	k.mu.Lock()
	claim, _ := ami.ParseClaim(in.Tags)
	gate := k.asleep[claim.Run]
	k.mu.Unlock()
	if gate != nil {
		<-gate
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calls++
	for _, pair := range k.pairs {
		if *pair.KeyPairId == in.Resources[0] {
			pair.Tags = in.Tags
			return &ec2.CreateTagsOutput{}, nil
		}
	}
	return nil, apiError("InvalidKeyPair.NotFound")
}

func (k *keyPairs) DescribeInstances(_ context.Context, in *ec2.DescribeInstancesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := &ec2.DescribeInstancesOutput{}
	if id := k.instances[in.Filters[0].Values[0]]; id != "" {
		out.Reservations = []types.Reservation{{Instances: []types.Instance{{InstanceId: &id}}}}
	}
	return out, nil
}

var _ ClaimAPI = (*keyPairs)(nil)

func apiError(code string) error { return &smithy.GenericAPIError{Code: code, Message: "no"} }
