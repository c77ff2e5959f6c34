package iam

import (
	"slices"
	"strconv"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "CreatePolicyVersion", createPolicyVersion)
	action.Add(Actions, "GetPolicyVersion", getPolicyVersion)
	action.Add(Actions, "ListPolicyVersions", listPolicyVersions)
	action.Add(Actions, "SetDefaultPolicyVersion", setDefaultPolicyVersion)
	action.Add(Actions, "DeletePolicyVersion", deletePolicyVersion)
}

type versionItem struct {
	Document string        `xml:"Document,omitempty"`
	ID       string        `xml:"VersionId"`
	Default  bool          `xml:"IsDefaultVersion"`
	Created  wire.DateTime `xml:"CreateDate"`
}

func versionView(p *world.ManagedPolicy, v *world.PolicyVersion) versionItem {
	return versionItem{ID: v.ID, Default: v.ID == p.Default, Created: wire.DateTime(v.Created)}
}

type versionOutput struct {
	Version versionItem `xml:"PolicyVersion"`
}

type createPolicyVersionInput struct {
	onPolicy
	Document string `q:"PolicyDocument,required"`
	Default  bool   `q:"SetAsDefault"`
}

func createPolicyVersion(c *action.Call, in *createPolicyVersionInput) (*versionOutput, error) {
	p, err := in.own(c, "CreatePolicyVersion")
	if err != nil {
		return nil, err
	}
	if err := checkManaged(in.Document); err != nil {
		return nil, err
	}
	const most = 5
	if len(p.Versions) >= most {
		return nil, limit("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", most)
	}
	p.Made++
	p.Versions = append(p.Versions, world.PolicyVersion{ID: "v" + strconv.FormatInt(p.Made, 10), Document: in.Document, Created: c.Now})
	v := &p.Versions[len(p.Versions)-1]
	if in.Default {
		p.Default = v.ID
	}
	p.Updated = c.Now
	return &versionOutput{versionView(p, v)}, nil
}

type onVersion struct {
	onPolicy
	ID string `q:"VersionId,required"`
}

func (in onVersion) version(p *world.ManagedPolicy) (*world.PolicyVersion, error) {
	v := p.Version(in.ID)
	if v == nil {
		return nil, noSuch("Policy %s version %s does not exist or is not attachable.", in.ARN, in.ID)
	}
	return v, nil
}

func getPolicyVersion(c *action.Call, in *onVersion) (*versionOutput, error) {
	p, err := in.policy(c)
	if err != nil {
		return nil, err
	}
	v, err := in.version(p)
	if err != nil {
		return nil, err
	}
	item := versionView(p, v)
	item.Document = encoded(v.Document)
	return &versionOutput{item}, nil
}

type listVersionsInput struct {
	onPolicy
	paged
}

type listVersionsOutput struct {
	Versions wire.Members[versionItem] `xml:"Versions"`
	page
}

// listPolicyVersions gives the newest first. A policy has at most five versions,
// and their ids sort by their numbers, so that a page's marker is a number.
func listPolicyVersions(c *action.Call, in *listVersionsInput) (*listVersionsOutput, error) {
	p, err := in.policy(c)
	if err != nil {
		return nil, err
	}
	all := make([]versionItem, 0, len(p.Versions))
	order := map[string]string{}
	for n := range p.Versions {
		v := &p.Versions[len(p.Versions)-1-n]
		all, order[v.ID] = append(all, versionView(p, v)), strconv.Itoa(n)
	}
	part, at, err := cut(all, in.paged, func(v versionItem) string { return order[v.ID] })
	return &listVersionsOutput{Versions: part, page: at}, err
}

func setDefaultPolicyVersion(c *action.Call, in *onVersion) (*struct{}, error) {
	p, err := in.own(c, "SetDefaultPolicyVersion")
	if err != nil {
		return nil, err
	}
	v, err := in.version(p)
	if err != nil {
		return nil, err
	}
	p.Default, p.Updated = v.ID, c.Now
	return nil, nil //nolint:nilnil // the answer has no result
}

func deletePolicyVersion(c *action.Call, in *onVersion) (*struct{}, error) {
	p, err := in.own(c, "DeletePolicyVersion")
	if err != nil {
		return nil, err
	}
	v, err := in.version(p)
	if err != nil {
		return nil, err
	}
	if v.ID == p.Default {
		return nil, conflict("Cannot delete the default version of a policy.")
	}
	id := v.ID
	p.Versions = slices.DeleteFunc(p.Versions, func(v world.PolicyVersion) bool { return v.ID == id })
	return nil, nil //nolint:nilnil // the answer has no result
}
