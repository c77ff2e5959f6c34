package repotest

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	packerSDK = "github.com/hashicorp/packer-plugin-sdk"
	peer      = "github.com/hashicorp/packer-plugin-amazon"
	sandbox   = module + "/internal/sandbox"
)

// under tells whether a package is the other one or below it.
func under(path, other string) bool {
	return path == other || strings.HasPrefix(path, other+"/")
}

// component tells whether a package is one of the plugin's faces to Packer.
func component(path string) bool {
	for _, kind := range []string{"builder", "provisioner", "post-processor", "datasource"} {
		if under(path, module+"/"+kind) {
			return true
		}
	}
	return false
}

// TestEnginesAreFreeOfPacker looks at everything that an engine pulls in, which a
// linter that reads import lines does not see.
func TestEnginesAreFreeOfPacker(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t, "./internal/...") {
		for _, d := range p.Deps {
			if under(d, packerSDK) || under(d, peer) || component(d) {
				t.Errorf("%s depends on %s: internal/ is free of Packer and of components", p.ImportPath, d)
			}
		}
	}
}

func TestComponentsDoNotImportEachOther(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t, "./...") {
		if !component(p.ImportPath) {
			continue
		}
		for _, d := range p.Deps {
			if component(d) && !under(d, p.ImportPath) {
				t.Errorf("%s depends on %s: what both need goes down to internal/", p.ImportPath, d)
			}
		}
	}
}

func TestOnlyTheBuilderKnowsThePeer(t *testing.T) {
	t.Parallel()
	const common = peer + "/common"
	for _, p := range packages(t, "./...") {
		for _, i := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if !under(i, peer) {
				continue
			}
			if p.ImportPath != module+"/builder/ebs" {
				t.Errorf("%s imports %s: only builder/ebs imports the peer", p.ImportPath, i)
			}
			if !under(i, common) && !slices.Contains(slices.Concat(p.TestImports, p.XTestImports), i) {
				t.Errorf("%s imports %s: of the peer only %s is on AWS SDK v2", p.ImportPath, i, common)
			}
		}
	}
}

// TestThePluginHoldsNoSandbox keeps the local endpoint out of users' binaries.
func TestThePluginHoldsNoSandbox(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t, "./...") {
		allowed := under(p.ImportPath, sandbox) || under(p.ImportPath, module+"/cmd/sandbox") || under(p.ImportPath, module+"/bench")
		for _, d := range p.Deps {
			if under(d, sandbox) && !allowed {
				t.Errorf("%s depends on %s: only tests, bench and cmd/sandbox do", p.ImportPath, d)
			}
		}
	}
}

// tag finds the name of a tag. The list is that of package ami.
var tag = regexp.MustCompile(`"goldenami:(schema|family|tier|state|version|fingerprint|inputs|parent|parent-version|root|built-at|expires-at|run|)"`)

// TestOnePackageKnowsTheTags finds the tags, or their prefix, in other packages.
func TestOnePackageKnowsTheTags(t *testing.T) {
	t.Parallel()
	for _, file := range goFiles(t) {
		if strings.HasPrefix(file.path, "internal/ami/") || strings.HasSuffix(file.path, "_test.go") {
			continue
		}
		for i, line := range file.lines {
			code, _, _ := strings.Cut(line, "//")
			if tag.MatchString(code) {
				t.Errorf("%s:%d names a tag: package ami alone does", file.path, i+1)
			}
		}
	}
}
