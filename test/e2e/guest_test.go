//go:build e2e

package e2e

import (
	"cmp"
	"encoding/base64"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/crypto/ssh"
)

// guest is a running instance that a test logs in to.
type guest struct {
	id      string
	keyName string
	hostKey string
	address string
	port    string // where it is not that of SSH
	signer  ssh.Signer
	client  *ssh.Client
}

// launch starts an instance of the image with a key pair of its own, as a user
// of the image would, and logs in.
func (e *endpoint) launch(t *testing.T, imageID, keyName string) guest {
	t.Helper()
	return e.launchWith(t, imageID, keyName, nil)
}

// launchWith is launch with user data.
func (e *endpoint) launchWith(t *testing.T, imageID, keyName string, userData []byte) guest {
	t.Helper()
	return e.start(t, keyName, &ec2.RunInstancesInput{
		ImageId: &imageID, InstanceType: types.InstanceTypeT3Small,
		UserData: aws.String(base64.StdEncoding.EncodeToString(userData)),
	})
}

// start launches one instance with a key pair of its own and logs in.
func (e *endpoint) start(t *testing.T, keyName string, in *ec2.RunInstancesInput) guest {
	t.Helper()
	g := e.boot(t, keyName, in)
	g.enter(t, "admin")
	return g
}

// boot launches one instance with a key pair of its own, and waits until it has an
// address.
func (e *endpoint) boot(t *testing.T, keyName string, in *ec2.RunInstancesInput) guest {
	t.Helper()
	api := e.ec2(home)
	pair, err := api.CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{KeyName: &keyName, KeyType: types.KeyTypeEd25519})
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey([]byte(aws.ToString(pair.KeyMaterial)))
	if err != nil {
		t.Fatal(err)
	}
	in.KeyName, in.MinCount, in.MaxCount = &keyName, aws.Int32(1), aws.Int32(1)
	run, err := api.RunInstances(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	g := guest{id: aws.ToString(run.Instances[0].InstanceId), keyName: keyName, signer: signer}
	until(t, "the boot of "+g.id, time.Minute, func() bool {
		found, err := api.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{g.id}})
		if err != nil {
			t.Fatal(err)
		}
		i := found.Reservations[0].Instances[0]
		g.address = aws.ToString(i.PublicIpAddress)
		return i.State.Name == types.InstanceStateNameRunning && g.address != ""
	})
	return g
}

// enter logs in as the user, with the guest's key, as soon as the guest lets it.
func (g *guest) enter(t *testing.T, user string) {
	t.Helper()
	until(t, "an SSH connection to "+g.id, 2*time.Minute, func() bool { return g.dial(user) == nil })
	client := g.client
	t.Cleanup(func() { _ = client.Close() }) // the instance may have gone first
}

// dial logs in to the guest's address with its key.
func (g *guest) dial(user string) error {
	config := &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(g.signer)}, Timeout: 10 * time.Second,
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			g.hostKey = ssh.FingerprintSHA256(key)
			return nil
		},
	}
	var err error
	g.client, err = ssh.Dial("tcp", g.target(), config)
	return err
}

func (g guest) target() string { return net.JoinHostPort(g.address, cmp.Or(g.port, "22")) }

// terminate ends the instance and waits until EC2 says so.
func (e *endpoint) terminate(t *testing.T, g guest) {
	t.Helper()
	api := e.ec2(home)
	if _, err := api.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{g.id}}); err != nil {
		t.Fatal(err)
	}
	until(t, "the end of "+g.id, time.Minute, func() bool {
		found, err := api.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{g.id}})
		return err == nil && found.Reservations[0].Instances[0].State.Name == types.InstanceStateNameTerminated
	})
	if _, err := api.DeleteKeyPair(t.Context(), &ec2.DeleteKeyPairInput{KeyName: &g.keyName}); err != nil {
		t.Fatal(err)
	}
}

// run gives what a command printed, which must succeed.
func (g guest) run(t *testing.T, command string) string {
	t.Helper()
	session, err := g.client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = session.Close() }() // it is closed already when the command has ended
	out, err := session.CombinedOutput(command)
	if err != nil {
		t.Fatalf("%s on %s: %v\n%s", command, g.id, err, out)
	}
	return strings.TrimSpace(string(out))
}

// profileOf makes an instance profile with a role that has a policy, all of one name.
func (e *endpoint) profileOf(t *testing.T, name, policy string) {
	t.Helper()
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	api := iam.NewFromConfig(e.config(home))
	_, profile := api.CreateInstanceProfile(t.Context(), &iam.CreateInstanceProfileInput{InstanceProfileName: &name})
	_, role := api.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trust)})
	_, put := api.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: &name, PolicyDocument: &policy})
	_, add := api.AddRoleToInstanceProfile(t.Context(), &iam.AddRoleToInstanceProfileInput{InstanceProfileName: &name, RoleName: &name})
	if err := errors.Join(profile, role, put, add); err != nil {
		t.Fatal(err)
	}
}
