package windows

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
)

func TestFaultyOptions(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Options){
		`mode: "x" is neither "seal" nor "audit"`:                               func(o *Options) { o.Mode = "x" },
		`skip: no operation for Windows is called "log"; did you mean "logs"?`:  func(o *Options) { o.Skip = []string{"log"} },
		`skip: "cloud-init" is an operation of Linux guests and this is for`:    func(o *Options) { o.Skip = []string{"cloud-init"} },
		`enable: no operation for Windows is called "x"`:                        func(o *Options) { o.Enable = []string{"x"} },
		`enable: "logs" is named in skip too`:                                   func(o *Options) { o.Enable, o.Skip = []string{"logs"}, []string{"logs"} },
		`enable: "scrub-paths" does nothing without scrub_paths`:                func(o *Options) { o.Enable, o.ScrubPaths = []string{"scrub-paths"}, nil },
		`enable: "secret-scan" does nothing without secret_scan`:                func(o *Options) { o.Enable, o.SecretScan = []string{"secret-scan"}, "" },
		`secret_scan: "x" is none of "fail", "warn" and "off"`:                  func(o *Options) { o.SecretScan = "x" },
		`scan_timeout: 1ms is too short`:                                        func(o *Options) { o.ScanTimeout = time.Millisecond },
		`forbidden_strings[0] is shorter than 6`:                                func(o *Options) { o.Forbidden[0].Value = "short" },
		`scan_allow: "/etc" is not an absolute path of Windows`:                 func(o *Options) { o.ScanAllow = []string{"/etc"} },
		`leave the provisioner out`:                                             func(o *Options) { o.Skip = order },
		`keep: "/etc" is not an absolute path of Windows; write it as in`:       func(o *Options) { o.Keep = []string{"/etc"} },
		`keep: "C:build" is not an absolute path`:                               func(o *Options) { o.Keep = []string{"C:build"} },
		`keep: "\\\\server\\share" is not an absolute path`:                     func(o *Options) { o.Keep = []string{`\\server\share`} },
		`keep: "C:/" is a whole drive`:                                          func(o *Options) { o.Keep = []string{"C:/"} },
		`keep: "C:/a/../b" is not in its shortest form`:                         func(o *Options) { o.Keep = []string{"C:/a/../b"} },
		`keep: "C:\\a\\\\b" is not in its shortest form`:                        func(o *Options) { o.Keep = []string{`C:\a\\b`} },
		`keep: "C:/a*" holds "a*", which is no name`:                            func(o *Options) { o.Keep = []string{"C:/a*"} },
		`keep: "C:/a./b" holds "a."`:                                            func(o *Options) { o.Keep = []string{"C:/a./b"} },
		`keep: "C:/a\nb" holds a control character`:                             func(o *Options) { o.Keep = []string{"C:/a\nb"} },
		`keep: "C:/a\xff" is not UTF-8`:                                         func(o *Options) { o.Keep = []string{"C:/a\xff"} },
		`keep_users: "HOST\\admin" is no name of a user`:                        func(o *Options) { o.KeepUsers = []string{`HOST\admin`} },
		`keep_users: "" is no name of a user`:                                   func(o *Options) { o.KeepUsers = []string{""} },
		`scrub_paths: "c:/windows/" is a part of every system`:                  func(o *Options) { o.ScrubPaths = []string{"c:/windows/"} },
		`scrub_paths: "C:/Program Files" is a part of every system`:             func(o *Options) { o.ScrubPaths = []string{"C:/Program Files"} },
		`scrub_paths: "C:/ProgramData/goldenami/stages" holds what instances`:   func(o *Options) { o.ScrubPaths = []string{"C:/ProgramData/goldenami/stages"} },
		`scrub_paths: "C:/programdata/amazon/ec2launch" holds what instances`:   func(o *Options) { o.ScrubPaths = []string{"C:/programdata/amazon/ec2launch"} },
		`scrub_paths: "C:/a/b" is to go and is kept by "c:\\A" in keep`:         func(o *Options) { o.ScrubPaths, o.Keep = []string{"C:/a/b"}, []string{`c:\A`} },
		`scrub_paths: "C:/System Volume Information" is a part of every system`: func(o *Options) { o.ScrubPaths = []string{"C:/System Volume Information"} },
	} {
		o := full()
		change(&o)
		if err := o.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	bad := Options{Mode: "x", Skip: []string{"y"}, Keep: []string{"z"}, KeepUsers: []string{"a/b"}, ScrubPaths: []string{"C:/"}}
	for _, option := range []string{"mode:", "skip:", "keep:", "keep_users:", "scrub_paths:"} {
		if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), option) {
			t.Errorf("%s is missing in %v", option, err)
		}
	}
}

func TestSelection(t *testing.T) {
	t.Parallel()
	o := Options{Mode: seal.ModeSeal}
	got := o.selected()
	off := []string{"home-caches", "update-cache", "scrub-paths", "secret-scan", "forbidden-strings", "build-key"}
	for _, off := range off {
		if slices.Contains(got, off) {
			t.Errorf("%s runs by itself", off)
		}
	}
	if len(got) != len(order)-len(off) || o.Count() != len(got) {
		t.Errorf("%d of %d run", len(got), len(order))
	}
	o = full()
	o.Skip = []string{"logs"}
	if got = o.selected(); len(got) != len(order)-1 || slices.Contains(got, "logs") || !slices.IsSortedFunc(got, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) }) {
		t.Errorf("%q", got)
	}
}

// TestOptionsReachTheProgram: each one that decides in the guest changes the program.
func TestOptionsReachTheProgram(t *testing.T) {
	t.Parallel()
	plain := program(t, full())
	for want, change := range map[string]func(*Options){
		"$GaMode = 'audit'":                             func(o *Options) { o.Mode = seal.ModeAudit },
		"$GaAllowNoLaunchKey = $true":                   func(o *Options) { o.AllowNoLaunchKey = true },
		`$GaKeep = @('C:\x', 'C:\ProgramData\goldenami`: func(o *Options) { o.Keep = []string{"C:/x/"} },
		"$GaKeepUsers = @('ops')":                       func(o *Options) { o.KeepUsers = []string{"ops"} },
		`$GaScanAllow = @('C:\z')`:                      func(o *Options) { o.ScanAllow = []string{"C:/z/"} },
		"$GaScanTimeout = 90":                           func(o *Options) { o.ScanTimeout = 90 * time.Second },
		"$GaSecretScan = 'warn'":                        func(o *Options) { o.SecretScan = seal.ScanWarn },
		"'forbidden_strings[0]', 'warn', '":             func(o *Options) { o.Forbidden[0].Warn = true },
		`$GaScrub = @('D:\y')`:                          func(o *Options) { o.ScrubPaths = []string{"D:/y"} },
		"$GaOperations = @('event-logs')":               func(o *Options) { *o = only("event-logs") },
		"$GaBuildKey = ''":                              func(o *Options) { o.BuildKey = "ssh-rsa x" },
	} {
		o := full()
		change(&o)
		if got := program(t, o); strings.Contains(plain, want) || !strings.Contains(got, want) {
			t.Errorf("%s is not in the program", want)
		}
	}
}
