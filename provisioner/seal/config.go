//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type Config

package seal

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/packer-plugin-sdk/common"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/hashicorp/packer-plugin-sdk/template/interpolate"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
)

// defaultTimeout ends a seal that hangs. Packer takes the option timeout of every
// provisioner for itself and ends the provisioner by it, whatever the plugin's own
// limit is; so this one must be longer than what anybody may set.
const defaultTimeout = time.Hour

// defaultScanTimeout is a thousand times what a plain guest needs.
const defaultScanTimeout = time.Minute

// Config holds the options of goldenami-seal. None is required.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`

	// `seal` removes and then checks; `audit` changes nothing in the guest and
	// fails the build if a check finds something. Defaults to `seal`.
	Mode string `mapstructure:"mode"`
	// Names of operations, out of the table below, that neither run nor are
	// checked. Defaults to none.
	Skip []string `mapstructure:"skip"`
	// Names of operations that run although the table says that they are off by
	// default. Defaults to none.
	Enable []string `mapstructure:"enable"`
	// Absolute paths in the guest, files or directories, that no operation
	// touches and no check counts, but that of `forbidden_strings`. A path that is reached through a symbolic link
	// must be given by its physical name. Defaults to none.
	Keep []string `mapstructure:"keep"`
	// Users of the guest whose passwords and authorized keys stay. With `root`
	// among them sshd lets root in by key. The build's own key does not stay.
	// Defaults to none.
	KeepUsers []string `mapstructure:"keep_users"`
	// Absolute paths in the guest, files or directories with all that is in them,
	// that are removed too, files overwritten first. Directories that every system
	// has, like `/etc` or `/var/lib`, are refused. Of a link the link goes, not
	// what it leads to. Defaults to none.
	ScrubPaths []string `mapstructure:"scrub_paths"`
	// Remove the user as which the build logs in, with home, groups, sudo rules,
	// mailbox and crontab, while the guest shuts down. Refused before anything is
	// removed where it is root, owns files elsewhere, or nobody else could log in to
	// an instance. A user that cloud-init makes is made again at the first boot.
	// Provisioners and builders that log in anew after the seal still can. Defaults
	// to `false`.
	RemoveBuildUser bool `mapstructure:"remove_build_user"`
	// A text that sshd shows before anybody logs in; it becomes `/etc/issue.net`.
	// Defaults to none, which leaves banners as they are.
	SSHBanner string `mapstructure:"ssh_banner"`
	// What a file that looks like a secret is, after everything else was removed:
	// `fail` fails the build, `warn` shows it, `off` does not look. The report says
	// which file and which pattern, never what was in it. Defaults to `fail`.
	SecretScan string `mapstructure:"secret_scan"`
	// Absolute paths in the guest, files or directories, that the secret scan
	// passes over. Defaults to none.
	ScanAllow []string `mapstructure:"scan_allow"`
	// A file on the machine that runs Packer with more paths for `scan_allow`, one to
	// a line; empty lines and lines that begin with `#` do not count. It is read when
	// the template is validated, and must be readable then. Defaults to none.
	ScanAllowFile string `mapstructure:"scan_allow_file"`
	// Strings that must not stand in any file on the guest's disks, of up to 256 MiB,
	// kept ones included: tokens and passwords that the build has used, best given as
	// sensitive variables, as in `[var.token]`. Each has at least 6 characters; one of
	// several lines is found by its longest line, and one of more than 512 characters
	// by the first 512. A finding fails the build and names the file and the number of
	// the string, `forbidden_strings[0]` for the first, never the string: it is sent
	// to the guest's memory over the build's connection and stands in no argument,
	// log, report or file. To Windows guests it is not sent at all; see below. The password of the build's login and, in JSON templates,
	// the sensitive variables are looked for too, as `secret_scan` says, where they
	// have 8 characters or more; HCL2 does not tell plugins the values of those, so
	// name them here. Defaults to none.
	ForbiddenStrings []string `mapstructure:"forbidden_strings"`
	// A command that the guest's `/bin/sh` runs as root after everything was removed,
	// for example a secret scanner that the image brings or that a provisioner put
	// below `/run`. With an exit status other than 0 the guest is not sealed. The
	// directory that is the root of the image is in `GOLDENAMI_ROOT`. What the
	// command prints is dropped, because it may quote what it found. It is shown to
	// all users of the guest, so no secret may be in it. Runs in audits too. Defaults
	// to none.
	ScannerCommand string `mapstructure:"scanner_command"`
	// How long the secret scan, the look for forbidden strings and the
	// `scanner_command` may take, each. What the secret scan did not look at by then
	// is a warning; for the others it fails the build. Defaults to `60s`.
	ScanTimeout time.Duration `mapstructure:"scan_timeout"`
	// Fail the build on warnings too: things that the seal found and cannot settle,
	// like a key that could only be unlinked and not be overwritten. Defaults to
	// `false`, which shows them.
	Strict bool `mapstructure:"strict"`
	// Seal a guest even where nothing would make its SSH host keys again. Without
	// this, the seal looks for cloud-init with its ssh module, and for a unit or
	// script that runs ssh-keygen at every boot; where there is none it installs
	// the unit `goldenami-host-keys.service`, and a guest without systemd is
	// refused before anything is removed, because no instance of its image would
	// accept SSH. Defaults to `false`.
	AllowNoHostKeys bool `mapstructure:"allow_no_host_keys"`
	// Seal a guest even where nothing would let in the key with which an instance
	// is launched: no cloud-init that is enabled and has a datasource, no
	// AuthorizedKeysCommand or TrustedUserCAKeys of sshd, no agent of Systems
	// Manager. Without this, such a guest is refused before anything is removed,
	// because nobody could log in. Defaults to `false`.
	AllowNoLaunchKey bool `mapstructure:"allow_no_launch_key"`
	// Seal a guest even where nothing that is enabled would bring up its network at
	// the next boot: none of systemd-networkd, NetworkManager, networking, network,
	// wicked, dhcpcd and their like. Without this, such a guest is refused before
	// anything is removed, because no instance of its image could be reached.
	// Containers, images that are mounted and do not run, and init systems other than
	// systemd and OpenRC are not asked.
	// Defaults to `false`.
	AllowNoNetwork bool `mapstructure:"allow_no_network"`
	// The directory in which the image to seal is mounted, where it is not the
	// running system: for builders that prepare a second volume, like
	// amazon-ebssurrogate, for example `/mnt`. It must be named by its physical
	// path. No service is stopped then, and nothing waits for the shutdown. Commands
	// of chroot builders run below the image, so these keep the default. Defaults
	// to `/`.
	Root string `mapstructure:"root"`
	// How long the whole seal may take, as a duration like `90s` or `5m`; after it
	// the build fails. Packer itself watches over it, as for every provisioner. The
	// seal gives up by itself after `1h`.
	Timeout time.Duration `mapstructure:"timeout"`
	// A file on the machine that runs Packer, for the report as JSON. It is
	// written with mode 0600, also when the seal fails, and replaces the file of
	// the run before. Its directory must exist. It holds paths and counts, never a
	// file's content. Defaults to none.
	Report string `mapstructure:"report"`

	// The system of the guest: `unix` or `windows`. Over SSH, Windows guests need
	// it. The names of operations and the form of paths are that system's. Defaults to
	// `windows` with WinRM as the communicator, otherwise to `unix`.
	GuestOSType string `mapstructure:"guest_os_type"`

	ctx interpolate.Context
	// allowed are the lines of scan_allow_file.
	allowed []allowedLine
}

// prepare decodes the options, sets defaults, and gives every fault at once. It
// touches neither the network nor a file, but for reading scan_allow_file and
// looking at report's directory.
func (c *Config) prepare(raws ...any) error {
	err := config.Decode(c, &config.DecodeOpts{
		PluginType:         "goldenami-seal",
		Interpolate:        true,
		InterpolateContext: &c.ctx,
	}, raws...)
	if err != nil {
		return err
	}
	if c.Mode == "" {
		c.Mode = string(seal.ModeSeal)
	}
	if c.SecretScan == "" {
		c.SecretScan = string(seal.ScanFail)
	}
	if c.ScanTimeout == 0 {
		c.ScanTimeout = defaultScanTimeout
	}
	if c.Root == "" {
		c.Root = seal.LiveRoot
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	// Should anything of this process ever log one of them.
	packersdk.LogSecretFilter.Set(c.ForbiddenStrings...)
	var errs *packersdk.MultiError
	if err := c.readAllowed(); err != nil {
		errs = packersdk.MultiErrorAppend(errs, flatten(err)...)
	}
	errs = packersdk.MultiErrorAppend(errs, flatten(c.validFor())...)
	errs = packersdk.MultiErrorAppend(errs, slices.Concat(c.literal(), c.idle())...)
	if c.Timeout < time.Second {
		errs = packersdk.MultiErrorAppend(errs, fmt.Errorf("timeout: %s is too short for any guest; give at least 1s, as in \"5m\"", c.Timeout))
	}
	if err := rootPath(c.Root); err != nil {
		errs = packersdk.MultiErrorAppend(errs, err)
	}
	if err := reportPath(c.Report); err != nil {
		errs = packersdk.MultiErrorAppend(errs, err)
	}
	if errs != nil && len(errs.Errors) > 0 {
		return errs
	}
	return nil
}

// options are those that the guest's program depends on.
func (c *Config) options() seal.Options {
	return seal.Options{
		Banner: c.SSHBanner, SecretScan: seal.ScanMode(c.SecretScan), ScanAllow: slices.Concat(c.ScanAllow, c.allowedPaths()), ScanTimeout: c.ScanTimeout,
		Forbidden: c.forbidden(), Scanner: c.ScannerCommand,
		Mode: seal.Mode(c.Mode), Skip: c.Skip, Enable: c.Enable,
		RemoveBuildUser: c.RemoveBuildUser, Keep: c.Keep, KeepUsers: c.KeepUsers, ScrubPaths: c.ScrubPaths, Strict: c.Strict,
		AllowNoHostKeys: c.AllowNoHostKeys, AllowNoLaunchKey: c.AllowNoLaunchKey, AllowNoNetwork: c.AllowNoNetwork, Root: c.Root,
	}
}

// rootPath refuses what cannot be a mount point in the guest.
func rootPath(root string) error {
	if !strings.HasPrefix(root, "/") {
		return fmt.Errorf("root: %q is not an absolute path in the guest; name where the image is mounted, as in \"/mnt\"", root)
	}
	if clean := path.Clean(root); clean != root {
		return fmt.Errorf("root: %q is not in its shortest form; write %q", root, clean)
	}
	if strings.ContainsFunc(root, unicode.IsControl) {
		return fmt.Errorf("root: %q holds a control character", root)
	}
	return nil
}

// reportPath refuses what could only fail after minutes of building.
func reportPath(file string) error {
	if file == "" {
		return nil
	}
	if strings.ContainsRune(file, 0) {
		return fmt.Errorf("report: %q holds a NUL byte, which no file's name has", file)
	}
	info, err := os.Stat(filepath.Dir(file))
	if err != nil {
		return fmt.Errorf("report: its directory: %w; make it, or name one that is there", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("report: %s is not a directory", filepath.Dir(file))
	}
	if info, err = os.Stat(file); err == nil && info.IsDir() {
		return fmt.Errorf("report: %s is a directory; name a file", file)
	}
	return nil
}

// flatten gives the parts of a joined error, so that each is a finding.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}
