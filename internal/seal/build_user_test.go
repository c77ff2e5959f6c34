package seal_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// accounts are the files that name users, with "pa.ck" as the build's: its name read
// as an expression would match "pabck" too.
var accounts = map[string]string{
	"etc/passwd":                       "root:x:0:0::/root:/bin/sh\npa.ck:x:1200:1200::/home/pa.ck:/bin/bash\npabck:x:1201:1201::/home/pabck:/bin/sh\n",
	"etc/shadow":                       "root:!*:1::::::\npa.ck:!:1::::::\npabck:*:1::::::\n",
	"etc/group":                        "root:x:0:\nadm:x:4:pa.ck,pabck\nsudo:x:27:pabck,pa.ck\nwheel:x:10:pa.ck\npa.ck:x:1200:\npabck:x:1201:\n",
	"etc/gshadow":                      "root:*::\nadm:*:pa.ck:pabck,pa.ck,root\npa.ck:!::\npabck:!::\n",
	"etc/subuid":                       "pa.ck:100000:65536\n1200:300000:65536\npabck:200000:65536\n",
	"etc/subgid":                       "pabck:200000:65536\npa.ck:100000:65536\n",
	"etc/sudoers":                      "root ALL=(ALL) ALL\npa.ck\tALL=(ALL) ALL\nDefaults:pa.ck !requiretty\n%pa.ck ALL=(ALL) ALL\n#includedir /etc/sudoers.d\n",
	"etc/sudoers.d/90-cloud-init":      "# made by cloud-init\npa.ck ALL=(ALL) NOPASSWD:ALL\npabck ALL=(ALL) NOPASSWD:ALL\n",
	"etc/doas.conf":                    "permit nopass pa.ck\npermit nopass keepenv pabck as pa.ck\n",
	"home/pa.ck/.ssh/authorized_keys":  sealtest.Public,
	"home/pa.ck/deep/er/it's a file":   "x",
	"home/pabck/.profile":              "x",
	"var/spool/cron/crontabs/pa.ck":    "* * * * * id\n",
	"var/lib/systemd/linger/pa.ck":     "",
	"var/mail/pa.ck":                   "hello\n",
	"var/lib/AccountsService/users/pa": "x",
}

// goneUser are the same files when the user is gone; empty: there is none.
var goneUser = map[string]string{
	"etc/passwd":                       "root:x:0:0::/root:/bin/sh\npabck:x:1201:1201::/home/pabck:/bin/sh\n",
	"etc/shadow":                       "root:!*:1::::::\npabck:*:1::::::\n",
	"etc/group":                        "root:x:0:\nadm:x:4:pabck\nsudo:x:27:pabck\nwheel:x:10:\npabck:x:1201:\n",
	"etc/gshadow":                      "root:*::\nadm:*::pabck,root\npabck:!::\n",
	"etc/subuid":                       "pabck:200000:65536\n",
	"etc/subgid":                       "pabck:200000:65536\n",
	"etc/sudoers":                      "root ALL=(ALL) ALL\n%pa.ck ALL=(ALL) ALL\n#includedir /etc/sudoers.d\n",
	"etc/sudoers.d/90-cloud-init":      "# made by cloud-init\npabck ALL=(ALL) NOPASSWD:ALL\n",
	"etc/doas.conf":                    "permit nopass keepenv pabck as pa.ck\n",
	"home/pa.ck":                       "",
	"home/pabck/.profile":              "x",
	"var/spool/cron/crontabs/pa.ck":    "",
	"var/lib/systemd/linger/pa.ck":     "",
	"var/mail/pa.ck":                   "",
	"var/lib/AccountsService/users/pa": "x",
}

// withUser plants a root in which the build's user owns its home.
func withUser(t *testing.T) (root string, o seal.Options) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can make files of another user")
	}
	root = sealtest.Plant(t)
	for p, text := range accounts {
		sealtest.Write(t, root, p, text)
	}
	home := filepath.Join(root, "home/pa.ck")
	if err := filepath.WalkDir(home, func(p string, _ fs.DirEntry, _ error) error { return os.Lchown(p, 1200, 1200) }); err != nil {
		t.Fatal(err)
	}
	o = alone(options(t, root, seal.ModeSeal), "build-user")
	o.RemoveBuildUser, o.BuildUser = true, "pa.ck"
	return root, o
}

func TestBuildUserIsRemovedWhole(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root, o := withUser(t)
		o.Mode = seal.ModeAudit
		report, status := run(t, sh, o)
		found := operationsOf(report, func(op seal.OperationReport) bool { return slices.Contains(op.LeftAt, "/etc/passwd") })
		if status != seal.ExitLeft || len(found) != 1 {
			t.Errorf("audit before: status %d, %v", status, report.Err())
		}
		o.Mode = seal.ModeSeal
		for range 2 { // the second finds nobody
			if report, status := run(t, sh, o); status != seal.ExitSealed {
				t.Fatalf("status %d: %v", status, report.Err())
			}
		}
		for p, want := range goneUser {
			text, err := os.ReadFile(filepath.Join(root, p))
			if want == "" && os.IsNotExist(err) {
				continue
			}
			if err != nil || string(text) != want {
				t.Errorf("%s: %v\n%s", p, err, text)
			}
		}
	})
}

// Where an init system runs, the session is the user's, and so the hook does it.
func TestBuildUserGoesAtTheShutdown(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root, o := withUser(t)
		report, status := runChanged(t, o, "hook_stands() { true; }")
		if status != seal.ExitSealed || report.Facts["build-user"] != "pa.ck is removed at the shutdown" {
			t.Fatalf("status %d, %q: %v", status, report.Facts["build-user"], report.Err())
		}
		if text, err := os.ReadFile(filepath.Join(root, "etc/passwd")); err != nil || string(text) != accounts["etc/passwd"] {
			t.Errorf("removed at once: %v\n%s", err, text)
		}
		var out strings.Builder
		if status, stderr := sh.Run(t.Context(), t, seal.HookProgram(o, root), &out); status != 0 || stderr != "" {
			t.Errorf("status %d, said %q", status, stderr)
		}
		if text, err := os.ReadFile(filepath.Join(root, "etc/passwd")); err != nil || string(text) != goneUser["etc/passwd"] {
			t.Errorf("%v\n%s", err, text)
		}
		if _, err := os.Lstat(filepath.Join(root, "home/pa.ck")); err == nil {
			t.Error("the home is there")
		}
	})
}

func TestBuildUserThatMustStay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(t *testing.T, root string, o *seal.Options)
		want   string
	}{
		"root": {func(_ *testing.T, _ string, o *seal.Options) { o.BuildUser = "root" }, "root has the number of root"},
		"kept": {func(_ *testing.T, _ string, o *seal.Options) { o.KeepUsers = []string{"pa.ck"} }, "named in keep_users"},
		"a second name": {func(t *testing.T, root string, _ *seal.Options) {
			sealtest.Write(t, root, "etc/passwd", accounts["etc/passwd"]+"alias:x:1200:1200::/srv:/bin/sh\n")
		}, "alias has the same number as pa.ck"},
		"somebody in its home": {func(t *testing.T, root string, _ *seal.Options) {
			sealtest.Write(t, root, "etc/passwd", accounts["etc/passwd"]+"app:x:1300:1300::/home/pa.ck/app:/bin/sh\n")
		}, "the home of app lies in that of pa.ck, /home/pa.ck"},
		"a rule of two lines": {func(t *testing.T, root string, _ *seal.Options) {
			sealtest.Write(t, root, "etc/sudoers.d/x", "pa.ck ALL=(ALL) \\\n  NOPASSWD: ALL\n")
		}, "/etc/sudoers.d/x goes on in the next line"},
		"files elsewhere": {func(t *testing.T, root string, _ *seal.Options) {
			sealtest.Write(t, root, "opt/app/bin", "x")
			if err := os.Chown(filepath.Join(root, "opt/app/bin"), 1200, 0); err != nil {
				t.Fatal(err)
			}
		}, "pa.ck owns /opt/app/bin, which stays"},
		"the only way in": {func(t *testing.T, root string, _ *seal.Options) {
			sealtest.Write(t, root, "etc/passwd", "root:x:0:0::/root:/bin/sh\npa.ck:x:1200:1200::/home/pa.ck:/bin/bash\nwww:x:1300:1300::/srv:/sbin/nologin\n")
			sealtest.Write(t, root, "etc/cloud/cloud.cfg", "users:\n - name: pa.ck\n   shell: /bin/bash\ncloud_init_modules:\n - ssh\n")
		}, "without pa.ck nobody could log in"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, o := withUser(t)
			c.change(t, root, &o)
			report, status := run(t, sealtest.BusyBox(t), o)
			if status != seal.ExitRefused || !strings.Contains(report.Err().Error(), c.want) {
				t.Errorf("status %d: %v", status, report.Err())
			}
			if _, err := os.Lstat(filepath.Join(root, "home/pa.ck/deep/er/it's a file")); err != nil {
				t.Errorf("refused, and yet: %v", err)
			}
		})
	}
}

func TestAnotherUserComes(t *testing.T) {
	t.Parallel()
	const only = "root:x:0:0::/root:/bin/sh\npa.ck:x:1200:1200::/home/pa.ck:/bin/bash\n"
	for name, c := range map[string]struct {
		files map[string]string
		allow bool
		want  string
	}{
		"the default user of cloud-init": {files: map[string]string{"etc/passwd": only}, want: "made by cloud-init"},
		"one of its list":                {files: map[string]string{"etc/passwd": only, "etc/cloud/cloud.cfg.d/1.cfg": "users:\n  - default\n  - name: x\n"}, want: "made by cloud-init"},
		"another":                        {files: map[string]string{"etc/cloud/cloud-init.disabled": ""}, want: "pabck"},
		"Systems Manager":                {files: map[string]string{"etc/passwd": only, "etc/cloud/cloud-init.disabled": "", "usr/bin/amazon-ssm-agent": "x"}, want: "made by amazon-ssm-agent"},
		"allowed":                        {files: map[string]string{"etc/passwd": only, "etc/cloud/cloud-init.disabled": ""}, allow: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, o := withUser(t)
			for p, text := range c.files {
				sealtest.Write(t, root, p, text)
				if err := os.Chmod(filepath.Join(root, p), 0o755); err != nil { //nolint:gosec // one is a program
					t.Fatal(err)
				}
			}
			o.AllowNoLaunchKey = c.allow
			if report, status := run(t, sealtest.Dash(t), o); status != seal.ExitSealed || report.Facts["login-user"] != c.want {
				t.Errorf("status %d, %q: %v", status, report.Facts["login-user"], report.Err())
			}
		})
	}
}

func TestWhoIsToGoMustBeKnown(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "a b", "$(id)", "x[y]", "12", "-rf", "a:b", "a|b", "domain\\user"} {
		o := alone(options(t, "/nowhere/root", seal.ModeSeal), "build-user")
		o.RemoveBuildUser, o.BuildUser = true, name
		if _, err := seal.Program(o); err == nil || !strings.Contains(err.Error(), "remove_build_user") {
			t.Errorf("%q: %v", name, err)
		}
	}
}
