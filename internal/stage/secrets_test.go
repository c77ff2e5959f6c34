package stage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeAWS is the AWS CLI as far as the program uses it, and as strict.
const fakeAWS = `#!/bin/sh
echo "$*" >>"$CALLS"
[ -n "$AWS_DEFAULT_REGION$AWS_REGION" ] || { echo 'You must specify a region.' >&2; exit 253; }
case $* in
"ssm get-parameter --with-decryption --name /prod/db --query Parameter.Value --output text") printf 's3cret $x\n second line\n' ;;
"secretsmanager get-secret-value --secret-id prod/api --query SecretString --output text") echo 't0ken' ;;
"secretsmanager get-secret-value --secret-id binary --query SecretString --output text") echo None ;;
*) echo 'An error occurred (AccessDeniedException) when calling the operation' >&2; exit 254 ;;
esac
`

// secretMachine runs a stage with secrets beside one without, in a shell that finds the
// given programs.
func secretMachine(t *testing.T, sh interpreter, secrets, programs map[string]string) (root string, code int, out string) {
	t.Helper()
	root = t.TempDir()
	bin := filepath.Join(root, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range programs {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	calls := filepath.Join(root, "calls")
	user := inline("user", Boot, `printf '%s|%s' "$DB" "$API" >"$ROOT/seen"`, `env >"$ROOT/env"`)
	user.Environment, user.Secrets = map[string]string{"ROOT": root, "CALLS": calls}, secrets
	other := inline("other", Boot, `env >"$ROOT/other"`)
	other.Environment = map[string]string{"ROOT": root}
	program := string(Renderer{MarkerDir: filepath.Join(root, "markers")}.boot(loaded(t, user, other)))
	tools := bin
	if sh.tools != "" {
		tools += ":" + sh.tools
		sh.tools = ""
	} else {
		tools += ":/usr/bin:/bin"
	}
	program = strings.ReplaceAll(program, systemPath, "\nexport PATH="+tools+"\n")
	code, out = run(t, sh, []byte(program))
	return root, code, out
}

func TestSecretsGoToTheirStageAlone(t *testing.T) {
	t.Parallel()
	for name, sh := range shells(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, code, out := secretMachine(t, sh, map[string]string{"DB": "ssm:/prod/db", "API": "secretsmanager:prod/api"},
				map[string]string{"aws": fakeAWS, "cloud-init": "#!/bin/sh\n[ \"$*\" = 'query region' ] && echo eu-west-1\n"})
			if code != 0 {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			if got := read(t, filepath.Join(root, "seen")); got != "s3cret $x\n second line|t0ken" {
				t.Errorf("the stage saw %q", got)
			}
			if strings.Contains(read(t, filepath.Join(root, "env")), "AWS_") {
				t.Error("what the fetching needs is left in the stage's environment")
			}
			for _, file := range []string{"other", "calls", "status.json", "markers/user"} {
				if got := read(t, filepath.Join(root, file)); got == "" || strings.Contains(got, "s3cret") || strings.Contains(got, "t0ken") {
					t.Errorf("%s holds %q", file, got)
				}
			}
			if strings.Contains(out, "s3cret") || strings.Contains(out, "t0ken") {
				t.Errorf("a secret is in the log:\n%s", out)
			}
		})
	}
}

func TestSecretThatCannotBeFetchedFailsTheStage(t *testing.T) {
	t.Parallel()
	region := map[string]string{"aws": fakeAWS, "cloud-init": "#!/bin/sh\necho eu-west-1\n"}
	for name, c := range map[string]struct {
		reference string
		programs  map[string]string
		want      []string
	}{
		"no CLI":    {"ssm:/prod/db", nil, []string{"secret /prod/db: the AWS CLI is not installed"}},
		"denied":    {"ssm:/other", region, []string{"AccessDenied", "secret /other:", "ssm:GetParameter"}},
		"no secret": {"secretsmanager:other", region, []string{"AccessDenied", "secretsmanager:GetSecretValue"}},
		"binary":    {"secretsmanager:binary", region, []string{"it holds bytes and no text"}},
		"no Region": {"ssm:/prod/db", map[string]string{"aws": fakeAWS}, []string{"You must specify a region"}},
	} {
		for shell, sh := range shells(t) {
			root, code, out := secretMachine(t, sh, map[string]string{"DB": c.reference}, c.programs)
			if code != 1 || read(t, filepath.Join(root, "seen")) != "" || read(t, filepath.Join(root, "markers/user")) != "" {
				t.Errorf("%s, %s: exit code %d, and the stage ran: %q", name, shell, code, read(t, filepath.Join(root, "seen")))
			}
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("%s, %s: said %s, want %s", name, shell, out, want)
				}
			}
			checkStatus(t, filepath.Join(root, "status.json"), StateFailed, 1, "user:failed:1")
		}
	}
}

func TestSecretsAreChecked(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Stage){
		`tier = "boot"`:                 func(s *Stage) { s.Tier = "full" },
		`secrets: DB is in environment`: func(s *Stage) { s.Environment = map[string]string{"DB": ""} },
		`secrets: "A-B" cannot name`:    func(s *Stage) { s.Secrets = map[string]string{"A-B": "ssm:/a"} },
		`secrets: PPID belongs`:         func(s *Stage) { s.Secrets = map[string]string{"PPID": "ssm:/a"} },
		`DB is "vault:/a"`:              func(s *Stage) { s.Secrets = map[string]string{"DB": "vault:/a"} },
		`DB is "ssm:"`:                  func(s *Stage) { s.Secrets = map[string]string{"DB": "ssm:"} },
		`DB is "ssm:--debug"`:           func(s *Stage) { s.Secrets = map[string]string{"DB": "ssm:--debug"} },
		`DB is "ssm:a b"`:               func(s *Stage) { s.Secrets = map[string]string{"DB": "ssm:a b"} },
		`DB is "/a"`:                    func(s *Stage) { s.Secrets = map[string]string{"DB": "/a"} },
	} {
		s := inline("s", Boot, "true")
		s.Secrets = map[string]string{"DB": "secretsmanager:arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!db-1_a/b+c=d.e@f"}
		if _, err := Load([]Stage{s}); err != nil {
			t.Fatal(err)
		}
		change(&s)
		if _, err := Load([]Stage{s}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
