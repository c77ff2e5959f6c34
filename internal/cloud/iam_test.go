package cloud

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// fakeIAM holds roles, profiles and policies, with IAM's rules of dependence.
type fakeIAM struct {
	mu       sync.Mutex
	lose     map[string]bool // apply the next such call and reset the connection
	born     time.Time
	roles    map[string]bool
	policies map[string]bool   // role/policy
	profiles map[string]string // name -> role
}

func newFakeIAM(t *testing.T) (*fakeIAM, *Clients, *recorded) {
	t.Helper()
	f := &fakeIAM{lose: map[string]bool{}, born: time.Now(), roles: map[string]bool{}, policies: map[string]bool{}, profiles: map[string]string{}}
	server := httptest.NewServer(f)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	ec2 := newFakeEC2(t)
	r := &recorded{}
	c := ec2.clients(WithRecorder(r))
	c.base.BaseEndpoint = &server.URL
	return f, c, r
}

func (f *fakeIAM) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = r.ParseForm()
	action := r.Form.Get("Action")
	inner, code := f.apply(action, r.Form)
	if f.lose[action] {
		f.lose[action] = false
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
		return
	}
	if code != "" {
		w.WriteHeader(http.StatusConflict)
		_, _ = fmt.Fprintf(w, `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>%s</Code><Message>m</Message></Error><RequestId>r</RequestId></ErrorResponse>`, code)
		return
	}
	_, _ = fmt.Fprintf(w, `<%[1]sResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>`, action, inner)
}

func (f *fakeIAM) apply(action string, form url.Values) (inner, code string) {
	role, profile, policy := form.Get("RoleName"), form.Get("InstanceProfileName"), form.Get("PolicyName")
	member, isProfile := f.profiles[profile]
	born := f.born.UTC().Format(time.RFC3339)
	switch action {
	case "CreateRole":
		if f.roles[role] {
			return "", "EntityAlreadyExists"
		}
		f.roles[role] = true
	case "GetRole":
		return "<Role><RoleName>" + role + "</RoleName><Path>/</Path><Arn>arn:aws:iam::111122223333:role/" + role + "</Arn><CreateDate>" + born + "</CreateDate></Role>", ""
	case "CreateInstanceProfile":
		if isProfile {
			return "", "EntityAlreadyExists"
		}
		f.profiles[profile] = ""
	case "GetInstanceProfile":
		roles := ""
		if member != "" {
			roles = "<member><RoleName>" + member + "</RoleName></member>"
		}
		return "<InstanceProfile><InstanceProfileName>" + profile + "</InstanceProfileName><Path>/</Path><CreateDate>" + born + "</CreateDate><Roles>" + roles + "</Roles></InstanceProfile>", ""
	case "AddRoleToInstanceProfile":
		if member != "" {
			return "", "LimitExceeded"
		}
		f.profiles[profile] = role
	case "PutRolePolicy":
		f.policies[role+"/"+policy] = true
	case "RemoveRoleFromInstanceProfile":
		f.profiles[profile] = ""
	case "DeleteRolePolicy":
		delete(f.policies, role+"/"+policy)
	case "DeleteRole":
		return "", f.deleteRole(role)
	case "DeleteInstanceProfile":
		if member != "" {
			return "", "DeleteConflict"
		}
		delete(f.profiles, profile)
	default:
		return "", "InvalidAction"
	}
	return "", ""
}

func (f *fakeIAM) deleteRole(role string) string {
	for p := range f.policies {
		if strings.HasPrefix(p, role+"/") {
			return "DeleteConflict"
		}
	}
	for _, member := range f.profiles {
		if member == role {
			return "DeleteConflict"
		}
	}
	delete(f.roles, role)
	return ""
}

// buildProfile makes what a temporary instance profile needs.
func buildProfile(ctx context.Context, api *iam.Client) error {
	role, profile, doc := aws.String("r"), aws.String("p"), aws.String("{}")
	if _, err := api.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: profile}); err != nil {
		return err
	}
	if _, err := api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: role, AssumeRolePolicyDocument: doc}); err != nil {
		return err
	}
	if _, err := api.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: role, PolicyName: aws.String("x"), PolicyDocument: doc}); err != nil {
		return err
	}
	_, err := api.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{RoleName: role, InstanceProfileName: profile})
	return err
}

func TestInstanceProfileSurvivesLostAnswersAndIsDeleted(t *testing.T) {
	t.Parallel()
	for _, lose := range []string{"", "CreateInstanceProfile", "CreateRole", "PutRolePolicy", "AddRoleToInstanceProfile"} {
		t.Run("lost "+lose, func(t *testing.T) {
			t.Parallel()
			f, c, r := newFakeIAM(t)
			f.lose[lose] = true
			if err := buildProfile(t.Context(), c.IAM()); err != nil {
				t.Fatal(err)
			}
			want := []Resource{
				{Kind: KindInstanceProfile, ID: "p"},
				{Kind: KindRole, ID: "r"},
				{Kind: KindRolePolicy, ID: "r/x"},
				{Kind: KindInstanceProfileRole, ID: "p/r"},
			}
			if len(r.created) != len(want) {
				t.Fatalf("created %v", r.created)
			}
			d := testDeleter(c)
			for n := range want {
				if got := r.created[n]; got.Kind != want[n].Kind || got.ID != want[n].ID {
					t.Errorf("created %v, want %v", got, want[n])
				}
				if err := d.Delete(t.Context(), r.created[len(want)-1-n]); err != nil {
					t.Error(err)
				}
			}
			if len(f.roles)+len(f.policies)+len(f.profiles) != 0 || len(r.deleted) != 4 {
				t.Errorf("left %v %v %v, deleted %v", f.roles, f.policies, f.profiles, r.deleted)
			}
		})
	}
}

func TestForeignRoleIsNotAdopted(t *testing.T) {
	t.Parallel()
	f, c, r := newFakeIAM(t)
	f.roles["r"], f.born = true, time.Now().Add(-time.Hour)
	f.lose["CreateRole"] = true
	_, err := c.IAM().CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String("{}")})
	if !IsDuplicate(err) || len(r.created) != 0 {
		t.Errorf("err %v, created %v", err, r.created)
	}
}
