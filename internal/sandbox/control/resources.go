package control

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func (a *API) resourceRoutes() []route {
	return []route{{http.MethodGet, "resources", "what exists, by account and Region; ?account= and ?region= narrow it, ?all=true adds the accounts that nobody acts for, such as the vendors of public images", a.resources}}
}

// Resource is one thing that exists.
type Resource struct {
	ID    string            `json:"id"`
	Name  string            `json:"name,omitempty"`
	State string            `json:"state,omitempty"`
	Tags  map[string]string `json:"tags,omitempty"`
}

// Holding is what an account has in a Region. What every account has is left out:
// VPCs, subnets, the default security group, AWS-managed keys.
type Holding struct {
	Account         string     `json:"account"`
	Region          string     `json:"region"`
	Instances       []Resource `json:"instances"`
	Images          []Resource `json:"images"`
	Snapshots       []Resource `json:"snapshots"`
	Volumes         []Resource `json:"volumes"`
	KeyPairs        []Resource `json:"key_pairs"`
	SecurityGroups  []Resource `json:"security_groups"`
	LaunchTemplates []Resource `json:"launch_templates"`
	Fleets          []Resource `json:"fleets"`
	Keys            []Resource `json:"kms_keys"`
	Parameters      []Resource `json:"parameters"`
}

// Entities are an account's IAM entities, which are of no Region.
type Entities struct {
	Account          string     `json:"account"`
	Roles            []Resource `json:"roles"`
	InstanceProfiles []Resource `json:"instance_profiles"`
}

// Resources is the answer of GET resources.
type Resources struct {
	Accounts []Entities `json:"accounts"`
	Regions  []Holding  `json:"regions"`
}

func (a *API) resources(r *http.Request) (any, error) {
	account, region := r.URL.Query().Get("account"), r.URL.Query().Get("region")
	all := r.URL.Query().Get("all") == "true"
	if region != "" && !world.RegionExists(region) {
		return nil, refuse(http.StatusBadRequest, "region=%q: there is no such Region here; there are %v", region, world.RegionNames())
	}
	out := Resources{Accounts: []Entities{}, Regions: []Holding{}}
	w := a.sources.World
	w.Do(func() {
		now := w.Now()
		for _, owner := range w.Accounts() {
			if account != "" && owner.ID != account || account == "" && !all && len(owner.AccessKeys) == 0 {
				continue
			}
			out.Accounts = append(out.Accounts, entities(owner))
			for _, name := range sorted(owner.Regions) {
				if region == "" || region == name {
					out.Regions = append(out.Regions, holding(owner.Regions[name], now))
				}
			}
		}
	})
	return out, nil
}

func entities(a *world.Account) Entities {
	return Entities{
		Account:          a.ID,
		Roles:            list(a.Roles, func(r *world.Role) Resource { return Resource{ID: r.ID, Name: r.Name, Tags: copied(r.Tags)} }),
		InstanceProfiles: list(a.Profiles, func(p *world.InstanceProfile) Resource { return Resource{ID: p.ID, Name: p.Name, Tags: copied(p.Tags)} }),
	}
}

func holding(r *world.Region, now time.Time) Holding {
	of := func(id, name, state string) Resource {
		return Resource{ID: id, Name: name, State: state, Tags: copied(r.TagsOf(id))}
	}
	h := Holding{
		Account: r.Account, Region: r.Name,
		Instances: list(r.Instances, func(i *world.Instance) Resource { return of(i.ID, "", i.State) }),
		Images:    held(&r.Images, func(i *world.Image) Resource { return of(i.ID, i.Name, i.State(now)) }),
		Snapshots: held(&r.Snapshots, func(s *world.Snapshot) Resource { return of(s.ID, "", s.State(now)) }),
		Volumes:   list(r.Volumes, func(v *world.Volume) Resource { return of(v.ID, "", v.State) }),
		KeyPairs:  list(r.KeyPairs, func(k *world.KeyPair) Resource { return of(k.ID, k.Name, "") }),
		SecurityGroups: list(r.SecurityGroups, func(g *world.SecurityGroup) Resource {
			return of(g.ID, g.Name, "")
		}),
		LaunchTemplates: list(r.LaunchTemplates, func(t *world.LaunchTemplate) Resource { return of(t.ID, t.Name, "") }),
		Fleets:          list(r.Fleets, func(f *world.Fleet) Resource { return of(f.ID, "", f.State) }),
		Keys: list(r.Keys, func(k *world.Key) Resource {
			return Resource{ID: k.ID, Name: k.Manager, State: k.State, Tags: copied(k.Tags)}
		}),
		Parameters: list(r.Parameters, func(p *world.Parameter) Resource { return Resource{ID: p.Name, Tags: copied(p.Tags)} }),
	}
	h.Keys = slices.DeleteFunc(h.Keys, func(k Resource) bool { return k.Name == world.ManagedByAWS })
	h.SecurityGroups = slices.DeleteFunc(h.SecurityGroups, func(g Resource) bool { return g.Name == "default" })
	return h
}

// held gives what a table holds, in the order of the ids.
func held[T any](all *world.Table[T], show func(*T) Resource) []Resource {
	shown := make([]Resource, 0, all.Len())
	for _, one := range all.All() {
		shown = append(shown, show(one))
	}
	return shown
}

// list gives a map's values in the order of their ids: the order of a map is not
// the same twice.
func list[T any](all map[string]*T, show func(*T) Resource) []Resource {
	shown := make([]Resource, 0, len(all))
	for _, key := range sorted(all) {
		shown = append(shown, show(all[key]))
	}
	slices.SortStableFunc(shown, func(a, b Resource) int { return cmp.Compare(a.ID, b.ID) })
	return shown
}

func sorted[T any](all map[string]T) []string {
	keys := make([]string, 0, len(all))
	for key := range all {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// copied keeps a resource's tags as they are now: they are written after the lock
// of the world is given back.
func copied(tags map[string]string) map[string]string {
	own := make(map[string]string, len(tags))
	for k, v := range tags {
		own[k] = v
	}
	return own
}
