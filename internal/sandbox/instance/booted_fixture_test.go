//go:build linux

package instance_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/imds"
)

// guestRoot is the root that guests boot from, made when it is not there yet.
var guestRoot = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("../../../scripts/guest-root.sh").Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
})

// booted gives a backend of guests that boot. Where guests cannot run it checks that the backend says so in the
// words of Supported, and then there is nothing more to test.
func booted(t *testing.T, state string) (instance.Backend, bool) {
	t.Helper()
	if want := instance.Supported(); want != nil {
		if _, err := instance.NewBooted(state, "/"); err == nil || err.Error() != want.Error() {
			t.Fatalf("NewBooted says %v, Supported %v", err, want)
		}
		return nil, false
	}
	root, err := guestRoot()
	if err != nil {
		t.Fatal(err)
	}
	b, err := instance.NewBooted(state, root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b, true
}

// bootMachine starts an instance that boots, and fails the test if it does not come up.
func bootMachine(t *testing.T, b instance.Backend, id string, layers ...string) *machine {
	t.Helper()
	key := newKey(t)
	m := &machine{t: t, backend: b, key: key, spec: bootSpec(id), poweredOff: make(chan struct{}, 1)}
	m.spec.PoweredOff = func() { m.poweredOff <- struct{}{} }
	m.spec.Layers, m.spec.AuthorizedKey = layers, key.line
	begin := time.Now()
	m.start()
	t.Logf("%s was up after %.1f s", id, time.Since(begin).Seconds())
	return m
}

// bootSpec is an instance whose metadata service wants tokens, and whose user data counts its runs.
func bootSpec(id string) instance.Spec {
	a := addr()
	hostname := "ip-" + strings.ReplaceAll(a.String(), ".", "-")
	s := instance.Spec{ID: id, Hostname: hostname, Addr: a, User: "admin", UserData: []byte("#!/bin/sh\ncat /var/lib/cloud/data/instance-id >> /var/lib/runs\n")}
	launched := time.Now()
	s.Metadata = func() imds.Metadata {
		return imds.Metadata{
			Hostname: hostname + ".ec2.internal", ImageID: "ami-0a", Type: "t3.micro", Architecture: "x86_64", AccountID: "123456789012",
			Region: "us-east-1", Zone: "us-east-1a", ReservationID: "r-0a", LifeCycle: "on-demand", Launched: launched, PrivateIP: a.String(), KeyName: "launch",
			Devices: map[string]string{"ami": "/dev/xvda", "root": "/dev/xvda"},
			Interface: imds.Interface{
				ID: "eni-0a", MAC: "02:00:00:00:00:0a", SubnetID: "subnet-0a", SubnetCIDR: "172.31.16.0/20", VPCID: "vpc-0a", VPCCIDR: "172.31.0.0/16",
				Groups: []imds.Group{{ID: "sg-0a", Name: "default"}},
			},
			Options: imds.Options{Tokens: "required", HopLimit: 1},
		}
	}
	return s
}

// bootID tells one boot from another; it is empty while there is none.
func (m *machine) bootID() string {
	c, err := m.dial("admin", m.key)
	if err != nil {
		return ""
	}
	defer func() { _ = c.Close() }()
	s, err := c.NewSession()
	if err != nil {
		return ""
	}
	id, err := s.Output("cat /proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return string(id)
}

// controlGroups are those of the instance that are still there.
func controlGroups(t *testing.T, s instance.Spec) []string {
	t.Helper()
	var found []string
	name := regexp.MustCompile("/goldenami-ip-" + strings.ReplaceAll(s.Addr.String(), ".", "-") + "$")
	err := filepath.WalkDir("/sys/fs/cgroup", func(p string, _ os.DirEntry, _ error) error {
		if name.MatchString(p) {
			found = append(found, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
