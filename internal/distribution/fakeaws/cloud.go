package fakeaws

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
)

// Account owns everything in a Cloud.
const Account = "123456789012"

// Failer fails a test; *testing.T is one.
type Failer interface {
	Errorf(format string, args ...any)
}

// Cloud is one account in all Regions.
type Cloud struct {
	t Failer

	// CopyTakes is how long a copy is pending, HiddenFor how long it is not shown.
	// A Region may differ by name.
	CopyTakes, HiddenFor time.Duration
	RegionTakes          map[string]time.Duration
	// AnswerTakes is how long CopyImage takes to answer. What a caller gives up on
	// before is done all the same.
	AnswerTakes time.Duration
	// FailCopy gives the reason that copies into a Region fail for, by Region.
	FailCopy map[string]string
	// DropCopyTags loses the tags of new copies, as EC2 may for a while.
	DropCopyTags bool

	mu      sync.Mutex
	regions map[string]*state
	calls   []Call
	errs    map[string][]error // "region op" -> what the next calls answer
	next    int
}

// Call is one API call.
type Call struct {
	Region, Op string
	Input      any
}

type state struct {
	optIn          string
	images         map[string]*image
	snapshots      map[string]*types.Snapshot
	volumeUsers    map[string][]types.CreateVolumePermission
	keys           map[string]*kmstypes.KeyMetadata // by id, ARN and alias
	tokens         map[string]token
	fastLaunch     map[string]bool
	defaultEncrypt bool
	defaultKey     string
	publicState    string
}

type image struct {
	types.Image
	users   []types.LaunchPermission
	visible time.Time
	ready   time.Time
	fail    string
	key     string // of a copy: what its snapshots turn out to be encrypted with
}

type token struct{ params, image string }

// New gives a cloud with these Regions, each with the key alias/aws/ebs.
func New(t Failer, regions ...string) *Cloud {
	c := &Cloud{
		t: t, regions: make(map[string]*state), errs: make(map[string][]error),
		RegionTakes: make(map[string]time.Duration), FailCopy: make(map[string]string),
	}
	for _, r := range regions {
		c.regions[r] = &state{
			optIn: "opt-in-not-required", images: make(map[string]*image), snapshots: make(map[string]*types.Snapshot),
			volumeUsers: make(map[string][]types.CreateVolumePermission), keys: make(map[string]*kmstypes.KeyMetadata),
			tokens: make(map[string]token), fastLaunch: make(map[string]bool),
			defaultKey: "alias/aws/ebs", publicState: "unblocked",
		}
		c.AddKey(r, "alias/aws/ebs", func(k *kmstypes.KeyMetadata) { k.KeyManager = kmstypes.KeyManagerTypeAws })
	}
	return c
}

// AddKey makes a key with an alias and gives its ARN.
func (c *Cloud) AddKey(region, alias string, change func(*kmstypes.KeyMetadata)) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", c.next)
	key := &kmstypes.KeyMetadata{
		KeyId: aws.String(id), Arn: aws.String("arn:aws:kms:" + region + ":" + Account + ":key/" + id),
		KeyState: kmstypes.KeyStateEnabled, KeyManager: kmstypes.KeyManagerTypeCustomer,
		KeySpec: kmstypes.KeySpecSymmetricDefault, KeyUsage: kmstypes.KeyUsageTypeEncryptDecrypt,
	}
	if change != nil {
		change(key)
	}
	s := c.regions[region]
	for _, name := range []string{id, *key.Arn, alias, "arn:aws:kms:" + region + ":" + Account + ":" + alias} {
		s.keys[name] = key
	}
	return *key.Arn
}

// AddImage makes an available image with two volumes, encrypted if key is given.
func (c *Cloud) AddImage(region, name, key string, change func(*types.Image)) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.regions[region]
	id := c.newID("ami")
	img := &image{Image: types.Image{
		ImageId: aws.String(id), Name: aws.String(name), OwnerId: aws.String(Account), State: types.ImageStateAvailable,
		Architecture: types.ArchitectureValuesX8664, VirtualizationType: types.VirtualizationTypeHvm,
		RootDeviceType: types.DeviceTypeEbs, RootDeviceName: aws.String("/dev/xvda"), EnaSupport: aws.Bool(true),
		PlatformDetails: aws.String("Linux/UNIX"), UsageOperation: aws.String("RunInstances"),
		CreationDate: aws.String(time.Now().UTC().Format(time.RFC3339)),
	}}
	for i, device := range []string{"/dev/xvda", "/dev/xvdb"} {
		snap := c.addSnapshot(s, key, int32(8+i))
		img.BlockDeviceMappings = append(img.BlockDeviceMappings, types.BlockDeviceMapping{
			DeviceName: aws.String(device),
			Ebs: &types.EbsBlockDevice{
				SnapshotId: aws.String(snap), VolumeSize: aws.Int32(int32(8 + i)), VolumeType: types.VolumeTypeGp3, Encrypted: aws.Bool(key != ""),
			},
		})
	}
	if change != nil {
		change(&img.Image)
	}
	s.images[id] = img
	return id
}

// addSnapshot makes a completed snapshot. The caller holds the lock.
func (c *Cloud) addSnapshot(s *state, key string, size int32) string {
	id := c.newID("snap")
	snap := &types.Snapshot{
		SnapshotId: aws.String(id), OwnerId: aws.String(Account), State: types.SnapshotStateCompleted,
		Progress: aws.String("100%"), VolumeSize: aws.Int32(size), Encrypted: aws.Bool(key != ""),
	}
	if key != "" {
		snap.KmsKeyId = aws.String(key)
	}
	s.snapshots[id] = snap
	return id
}

// EditImage changes an image as its owner or EC2 would.
func (c *Cloud) EditImage(region, id string, change func(*types.Image)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.regions[region].images[id].Image)
}

// EditKey changes a key.
func (c *Cloud) EditKey(region, name string, change func(*kmstypes.KeyMetadata)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c.regions[region].keys[name])
}

// EditRegion sets what is the account's choice in a Region.
func (c *Cloud) EditRegion(region, optIn string, encryptByDefault bool, publicState string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.regions[region]
	s.optIn, s.defaultEncrypt, s.publicState = optIn, encryptByDefault, publicState
}

// Fail lets the next calls of op in region answer errs, one each.
func (c *Cloud) Fail(region, op string, errs ...error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs[region+" "+op] = append(c.errs[region+" "+op], errs...)
}

// Calls gives the calls so far, in order.
func (c *Cloud) Calls() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Call(nil), c.calls...)
}

// ForgetCalls begins a new list of calls.
func (c *Cloud) ForgetCalls() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = nil
}

// Images gives the images of a Region that exist now, whatever their state.
func (c *Cloud) Images(region string) map[string]types.Image {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[string]types.Image)
	for id, img := range c.regions[region].images {
		c.settle(c.regions[region], img)
		out[id] = img.Image
	}
	return out
}

// Deregister deletes an image.
func (c *Cloud) Deregister(region, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.regions[region].images, id)
}

// Error is an answer of AWS.
func Error(code, message string) error {
	return &smithy.GenericAPIError{Code: code, Message: message}
}

func (c *Cloud) newID(kind string) string {
	c.next++
	return fmt.Sprintf("%s-%017x", kind, c.next)
}

// begin records a call and gives the Region, locked, or the error to answer.
func (c *Cloud) begin(region, op string, in any) (*state, error) {
	c.mu.Lock()
	c.calls = append(c.calls, Call{region, op, in})
	if queue := c.errs[region+" "+op]; len(queue) > 0 {
		c.errs[region+" "+op] = queue[1:]
		return nil, queue[0]
	}
	s, ok := c.regions[region]
	if !ok || s.optIn == "not-opted-in" {
		return nil, Error("AuthFailure", "AWS was not able to validate the provided access credentials")
	}
	return s, nil
}

// settle lets time pass for a copy. The caller holds the lock.
func (c *Cloud) settle(s *state, img *image) {
	if img.State != types.ImageStatePending || time.Now().Before(img.ready) {
		return
	}
	snaps := make([]*types.Snapshot, 0, len(img.BlockDeviceMappings))
	for _, m := range img.BlockDeviceMappings {
		snaps = append(snaps, s.snapshots[*m.Ebs.SnapshotId])
	}
	if img.fail != "" {
		img.State = types.ImageStateFailed
		img.StateReason = &types.StateReason{Code: aws.String("Client.InvalidKMSKey.InvalidState"), Message: aws.String(img.fail)}
		img.Name, img.Tags, img.BlockDeviceMappings = nil, nil, nil
		for _, snap := range snaps {
			snap.State, snap.StateMessage = types.SnapshotStateError, aws.String("Given key ID is not accessible")
		}
		return
	}
	img.State = types.ImageStateAvailable
	for i, snap := range snaps {
		snap.State, snap.Progress, snap.StateMessage = types.SnapshotStateCompleted, aws.String("100%"), nil
		snap.VolumeSize = img.BlockDeviceMappings[i].Ebs.VolumeSize
		snap.Encrypted = aws.Bool(img.key != "")
		img.BlockDeviceMappings[i].Ebs.Encrypted = snap.Encrypted
		if img.key != "" {
			snap.KmsKeyId = aws.String(img.key)
		}
	}
}

// only fails the test for a filter that this fake does not implement.
func (c *Cloud) only(filters []types.Filter, known ...string) map[string][]string {
	out := make(map[string][]string)
	for _, f := range filters {
		name := aws.ToString(f.Name)
		if !strings.HasPrefix(name, "tag:") && !contains(known, name) {
			c.t.Errorf("fakeaws: unknown filter %q", name)
		}
		if len(f.Values) == 0 {
			c.t.Errorf("fakeaws: filter %q without a value", name)
		}
		out[name] = f.Values
	}
	return out
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
