//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mustBeAllowed fails for a call that the policy in the README does not allow.
func mustBeAllowed(t *testing.T, calls []call) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(built.root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, policy, found := strings.Cut(string(text), "```json\n")
	policy, _, ended := strings.Cut(policy, "```")
	if !found || !ended {
		t.Fatal("the README has no policy")
	}
	var document struct{ Statement []struct{ Action []string } }
	if err := json.Unmarshal([]byte(policy), &document); err != nil {
		t.Fatalf("the policy in the README: %v", err)
	}
	var allowed []string
	for _, s := range document.Statement {
		allowed = append(allowed, s.Action...)
	}
	if len(calls) == 0 {
		t.Fatal("no calls were made")
	}
	for _, c := range calls {
		if action := c.Service + ":" + c.Action; !slices.Contains(allowed, action) {
			t.Errorf("the build calls %s, which the policy in the README does not allow", action)
		}
	}
}
