//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

// bootSecret is what instances fetch; canary finds it.
const bootSecret = "canary-of-first-boot"

// ownUserData is the customer's.
const ownUserData = `#!/bin/sh
echo own >>/opt/golden/order
echo "$(cat /opt/golden/release)" >/opt/golden/own
`

// firstBootFamily is what the template of TestFirstBoot is built with.
type firstBootFamily struct{ dir, files, own, cli string }

func newFirstBootFamily(t *testing.T) firstBootFamily {
	t.Helper()
	dir := t.TempDir()
	f := firstBootFamily{dir: dir, files: filepath.Join(dir, "files"), own: filepath.Join(dir, "own.sh"), cli: packCLI(t)}
	if err := os.MkdirAll(filepath.Join(f.files, "deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"own.sh":             ownUserData,
		"files/text":         "é 'quoted' $HOME `x` \\\n",
		"files/deep/bytes":   "\x00\xff\r\n\x80",
		"files/deep/program": "#!/bin/sh\necho a program\n",
		"files/empty":        "",
		// Only compressed does this fit into user data.
		"files/long": strings.Repeat("one of many lines that are alike\n", 1000),
	} {
		mode := os.FileMode(0o644)
		if strings.HasSuffix(name, "program") {
			mode = 0o755
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func (f firstBootFamily) args(more ...string) []string {
	args := []string{"-var", "files=" + f.files, "-var", "own=" + f.own, "-var", "out=" + f.dir, "-var", "cli=" + f.cli}
	return append(append(args, more...), "test/e2e/testdata/first-boot.pkr.hcl")
}

// TestFirstBoot starts machines of every tier with the one user data of the family, as a
// file and from a launch template: all end as the same machine. The user data has to be
// compressed to fit; the secret comes by the AWS CLI, with the role of the instance.
func TestFirstBoot(t *testing.T) {
	e := startEndpoint(t, "instant")
	f := newFirstBootFamily(t)
	if _, err := ssm.NewFromConfig(e.config(home)).PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: aws.String("/web/password"), Value: aws.String(bootSecret), Type: ssmtypes.ParameterTypeSecureString,
	}); err != nil {
		t.Fatal(err)
	}
	e.profileOf(t, "web", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:GetParameter","Resource":"arn:aws:ssm:us-east-1:123456789012:parameter/web/password"}]}`)
	output := e.mustBuild(t, f.args()...)
	data, err := os.ReadFile(filepath.Join(f.dir, "first-boot"))
	if err != nil || !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) || len(data) > stage.MaxUserData {
		t.Fatalf("the user data is not compressed: %d bytes, %v", len(data), err)
	}

	var first machineState
	tiers := []ami.Tier{ami.OSOnly, ami.Hybrid, ami.Full}
	for n, tier := range tiers {
		image := e.image(t, home, tier)
		results := []stage.Result{stage.ResultKept, stage.ResultRan, stage.ResultRan, stage.ResultRan}
		for of := range n + 1 {
			results[of] = stage.ResultKept
		}
		t.Run(string(tier), func(t *testing.T) {
			e.mustStartWith(t, image, data)
			got := e.firstBoot(t, "file-"+string(tier), results, &ec2.RunInstancesInput{
				ImageId: &image.ID, InstanceType: types.InstanceTypeT3Small, UserData: aws.String(base64.StdEncoding.EncodeToString(data)),
			})
			if first == (machineState{}) {
				first = got
			}
			got.mustBe(t, first)
		})
		if tier == ami.OSOnly {
			t.Run("by the launch template", func(t *testing.T) {
				e.firstBoot(t, "template", results, &ec2.RunInstancesInput{
					InstanceType:   types.InstanceTypeT3Small,
					LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateName: aws.String("web-" + string(tier)), Version: aws.String("$Default")},
				}).mustBe(t, first)
			})
		}
	}
	t.Run("the secret is on instances alone", func(t *testing.T) {
		if !strings.Contains(first.files, "/opt/golden/password") {
			t.Fatalf("no instance has it:\n%s", first.files)
		}
		e.mustNotTell(t, output, data)
	})
}

// machineState is what two machines are compared by.
type machineState struct{ files, order, own, markers string }

func (m machineState) mustBe(t *testing.T, want machineState) {
	t.Helper()
	if m != want {
		t.Errorf("it ends as another machine:\n%+v\nnot\n%+v", m, want)
	}
}

// firstBoot starts a machine with the profile that may read the secret, and gives what it
// is after its first boot.
func (e *endpoint) firstBoot(t *testing.T, name string, results []stage.Result, in *ec2.RunInstancesInput) machineState {
	t.Helper()
	in.IamInstanceProfile = &types.IamInstanceProfileSpecification{Name: aws.String("web")}
	g := e.start(t, name, in)
	until(t, "the end of the first boot of "+g.id, 2*time.Minute, func() bool {
		return g.run(t, "test -e /run/cloud-init/result.json && echo over || :") == "over"
	})
	status, err := stage.ParseStatus([]byte(g.run(t, "cat "+stage.StatusFile)))
	if err != nil || status.State != stage.StateDone || len(status.Stages) != len(results) {
		t.Fatalf("status %+v, %v\n%s", status, err, g.run(t, "sudo cat /var/log/cloud-init-output.log"))
	}
	for n, of := range status.Stages {
		if of.Result != results[n] {
			t.Errorf("stage %s: %s, not %s", of.Name, of.Result, results[n])
		}
	}
	if holds := g.run(t, "sudo grep -rlsI canary- /etc /home /opt /root /run /tmp /var || :"); holds != "/opt/golden/password" {
		t.Errorf("the secret is in\n%s", holds)
	}
	console, err := e.ec2(home).GetConsoleOutput(t.Context(), &ec2.GetConsoleOutputInput{InstanceId: &g.id})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := base64.StdEncoding.DecodeString(aws.ToString(console.Output)); err != nil || len(text) == 0 || canary.Match(text) {
		t.Errorf("the console tells %q, %v", text, err)
	}
	got := machineState{
		files:   g.run(t, `cd / && sudo find opt/golden -exec stat -c '/%n %F %a %u %g' {} + | sort; sudo find opt/golden -type f | sort | sudo xargs sha256sum`),
		order:   g.run(t, "cat /opt/golden/order"),
		own:     g.run(t, "cat /opt/golden/own"),
		markers: g.run(t, "cd /var/lib/goldenami/stages && grep . *"),
	}
	if got.order != "base\nruntime\napp\njoin\nown" || got.own != "release-1.4.2 with 'quotes', $HOME and é" {
		t.Errorf("it ran %q, and the customer's script found %q", got.order, got.own)
	}
	if secret := g.run(t, "sudo cat /opt/golden/password"); secret != bootSecret {
		t.Errorf("the stage saw the secret %q", secret)
	}
	e.terminate(t, g)
	return got
}

// mustStartWith fails unless the launch template of the image's tier starts it with the
// user data.
func (e *endpoint) mustStartWith(t *testing.T, image ami.Image, data []byte) {
	t.Helper()
	out, err := e.ec2(home).DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateName: aws.String("web-" + string(image.Tier)), Versions: []string{"$Default"},
	})
	if err != nil {
		t.Fatal(err)
	}
	version := out.LaunchTemplateVersions[0].LaunchTemplateData
	if aws.ToString(version.ImageId) != image.ID || aws.ToString(version.UserData) != base64.StdEncoding.EncodeToString(data) {
		t.Errorf("the launch template starts %s, with user data of its own", aws.ToString(version.ImageId))
	}
}

// mustNotTell looks for the secret wherever a build may leave it: in its output, in the
// user data, in what the endpoint was asked, and in the images, as files and from outside.
func (e *endpoint) mustNotTell(t *testing.T, output string, data []byte) {
	t.Helper()
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	document, err := io.ReadAll(unzipped)
	if err != nil || !bytes.Contains(document, []byte("/web/password")) {
		t.Fatalf("the user data does not tell where the secret is: %v", err)
	}
	calls, err := os.ReadFile(e.log)
	if err != nil {
		t.Fatal(err)
	}
	for where, text := range map[string]string{"output": output, "user data": string(document), "log of calls": string(calls)} {
		if canary.MatchString(text) {
			t.Errorf("the secret is in the %s", where)
		}
	}
	baked := false
	for _, layer := range layersOf(t, filepath.Join(filepath.Dir(e.log), "state")) {
		eachFile(t, layer, func(name string, text []byte) {
			baked = baked || name == "opt/golden/release" && strings.HasPrefix(string(text), "release-1.4.2")
			if found := canary.Find(text); found != nil {
				t.Errorf("%s of an image holds %s", name, found)
			}
		})
	}
	if !baked {
		t.Error("no image holds the stage that was baked")
	}
}

// TestUserDataThatDoesNotFit: what is too long even when compressed is told before
// anything is launched.
func TestUserDataThatDoesNotFit(t *testing.T) {
	e := startEndpoint(t, "instant", "-instances", "none")
	f := newFirstBootFamily(t)
	if err := os.Truncate(f.cli, 0); err != nil {
		t.Fatal(err)
	}
	noise := randomText(t, 20_000)
	if err := os.WriteFile(filepath.Join(f.files, "noise"), noise, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"validate", "build"} {
		output, err := startPacker(t, e.environ(), append([]string{command}, f.args()...)...).wait(t, time.Minute)
		if err == nil {
			t.Errorf("packer %s succeeds:\n%s", command, output)
		}
		told := strings.Join(strings.Fields(output), " ")
		for _, want := range []string{"the user data of all 4 stages is ", "EC2 takes 16384", `the largest is stage "runtime" with 53`, "S3 or an SSM parameter"} {
			if !strings.Contains(told, want) {
				t.Errorf("packer %s does not say %q:\n%s", command, want, output)
			}
		}
	}
	if calls := e.calls(t); len(calls) > 0 {
		t.Errorf("%d calls were made, the first %s", len(calls), calls[0].Action)
	}
}

// randomText gives n bytes that do not get shorter.
func randomText(t *testing.T, n int) []byte {
	t.Helper()
	text := make([]byte, n)
	if _, err := rand.Read(text); err != nil {
		t.Fatal(err)
	}
	return text
}
