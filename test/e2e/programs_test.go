//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The Regions and accounts of the tests: images are made at home and copied to
// the others, and shared with partner.
const (
	home    = "us-east-1"
	ireland = "eu-west-1"
	tokyo   = "ap-northeast-1"
	partner = "111122223333"
	family  = "web" // of the example
)

var regions = []string{home, ireland, tokyo}

// programs are the paths of what the tests run.
type programs struct {
	root, packer, sandbox, plugin, peer string
	// aws is the AWS CLI, python the interpreter that has boto3.
	aws, python string
	// plugins is the folder in which Packer finds both plugins.
	plugins string
}

var built programs

func TestMain(m *testing.M) {
	code, err := runAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func runAll(m *testing.M) (code int, err error) {
	if built, err = findPrograms(); err != nil {
		return 1, err
	}
	if built.plugins, err = os.MkdirTemp("", "goldenami-e2e-plugins-"); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(built.plugins)) }()
	for source, binary := range map[string]string{
		"github.com/goldenami/goldenami": built.plugin,
		"github.com/hashicorp/amazon":    built.peer,
	} {
		if err := built.install(source, binary); err != nil {
			return 1, err
		}
	}
	return m.Run(), nil
}

func findPrograms() (programs, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return programs{}, err
	}
	bin := filepath.Join(root, ".bin")
	p := programs{
		root: root, packer: os.Getenv("GOLDENAMI_PACKER"), sandbox: filepath.Join(bin, "sandbox"),
		plugin: filepath.Join(bin, "packer-plugin-goldenami"), peer: filepath.Join(bin, "packer-plugin-amazon"),
		aws: filepath.Join(bin, "clients", "bin", "aws"), python: filepath.Join(bin, "clients", "bin", "python"),
	}
	if p.packer == "" {
		p.packer = filepath.Join(bin, "packer")
	}
	var missing []error
	for _, path := range []string{p.packer, p.sandbox, p.plugin, p.peer, p.aws, p.python} {
		if _, err := os.Stat(path); err != nil {
			missing = append(missing, err)
		}
	}
	if err := errors.Join(missing...); err != nil {
		return programs{}, fmt.Errorf("%w\nthese tests need programs that make builds: run make e2e", err)
	}
	return p, nil
}

func (p programs) install(source, binary string) error {
	cmd := exec.Command(p.packer, "plugins", "install", "--path", binary, source)
	cmd.Env = append(os.Environ(), "PACKER_PLUGIN_PATH="+p.plugins, "CHECKPOINT_DISABLE=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("install %s: %w\n%s", source, err, out)
	}
	return nil
}
