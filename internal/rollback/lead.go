package rollback

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/pointer"
)

// Move leads a launch template or a parameter away from a withdrawn image.
type Move struct {
	Region   string
	Template *pointer.Found // nil: a parameter
	Name     string         // of either
	From, To string         // images
	Number   int64          // of the version that is to be the default; 0: one is made
}

func (m Move) String() string {
	if m.Template == nil {
		return fmt.Sprintf("parameter %s in %s: %s instead of %s", m.Name, m.Region, m.To, m.From)
	}
	number := fmt.Sprintf("version %d", m.Number)
	if m.Number == 0 {
		number = "a new version"
	}
	return fmt.Sprintf("launch template %s (%s) in %s: %s with %s instead of version %d with %s",
		m.Name, m.Template.ID, m.Region, number, m.To, m.Template.Default, m.From)
}

// group are the pointers that the tags of a tier's images in one Region name.
type group struct {
	region     string
	landing    *ami.Image      // the newest image that is good afterwards; nil: none
	leaving    map[string]bool // images that are not to be led to
	templates  []string
	parameters []string
}

// groups sorts what the tags of withdrawn images name by Region and tier.
func (p *Plan) groups() []*group {
	byPlace, order := map[string]*group{}, []string{}
	for _, image := range slices.Concat(p.withdrawn, p.passed) {
		g := byPlace[place(image)]
		if g == nil {
			g = &group{region: image.Region, leaving: map[string]bool{}}
			for _, r := range p.remaining {
				if place(r) == place(image) {
					g.landing = &r
					g.name(r.Meta)
					break
				}
			}
			byPlace[place(image)] = g
			order = append(order, place(image))
		}
		g.leaving[image.ID] = true
		g.name(image.Meta)
	}
	slices.Sort(order)
	all := make([]*group, 0, len(order))
	for _, at := range order {
		all = append(all, byPlace[at])
	}
	return all
}

// name adds what the tags of an image name.
func (g *group) name(m ami.Meta) {
	if id := m.LaunchTemplate.ID; id != "" && !slices.Contains(g.templates, id) {
		g.templates = append(g.templates, id)
	}
	for _, name := range m.ParameterNames() {
		if !slices.Contains(g.parameters, name) {
			g.parameters = append(g.parameters, name)
		}
	}
}

// moves finds the pointers that lead to withdrawn images.
func (e *Engine) moves(ctx context.Context, p *Plan) ([]Move, error) {
	groups := p.groups()
	regions := make([]string, len(groups))
	for n, g := range groups {
		regions[n] = g.region
	}
	found := make([][]Move, len(groups))
	err := each(regions, func(n int, _ string) (err error) {
		found[n], err = e.movesOf(ctx, groups[n])
		return err
	})
	if err != nil {
		return nil, err
	}
	var moves []Move
	for _, move := range slices.Concat(found...) {
		if move.To == "" {
			p.warn("%s stays where it is, on %s: there is no good image that it could be led to", move.what(), move.From)
			continue
		}
		moves = append(moves, move)
	}
	slices.SortStableFunc(moves, func(a, b Move) int { return cmp.Compare(a.Region, b.Region) })
	return moves, nil
}

func (m Move) what() string {
	if m.Template == nil {
		return fmt.Sprintf("parameter %s in %s", m.Name, m.Region)
	}
	return fmt.Sprintf("launch template %s in %s", m.Name, m.Region)
}

// movesOf reads where the pointers of a group lead.
func (e *Engine) movesOf(ctx context.Context, g *group) ([]Move, error) {
	var moves []Move
	to := ""
	if g.landing != nil {
		to = g.landing.ID
	}
	for _, name := range g.parameters {
		value, err := pointer.Read(ctx, e.Clients.SSM(g.region), name)
		if err != nil {
			return nil, err
		}
		if value != nil && g.leaving[value.Text] {
			moves = append(moves, Move{Region: g.region, Name: name, From: value.Text, To: to})
		}
	}
	api := e.Clients.EC2(g.region)
	for _, id := range g.templates {
		found, err := pointer.ByID(ctx, api, id)
		if err != nil {
			return nil, err
		}
		if found == nil {
			continue // it was deleted: it leads nowhere
		}
		now, err := pointer.VersionNamed(ctx, api, id, "$Default")
		if err != nil {
			return nil, err
		}
		if now == nil || !g.leaving[now.ImageID] {
			continue
		}
		move := Move{Region: g.region, Template: found, Name: found.Name, From: now.ImageID, To: to}
		if g.landing != nil {
			if move.Number, err = versionFor(ctx, api, found, *g.landing); err != nil {
				return nil, err
			}
		}
		moves = append(moves, move)
	}
	return moves, nil
}

// versionFor gives the version that starts the image: the one that its tags name,
// the newest other one, or 0 where one has to be made.
func versionFor(ctx context.Context, api EC2, found *pointer.Found, image ami.Image) (int64, error) {
	all, err := pointer.VersionsOf(ctx, api, found.ID, image.ID)
	if err != nil || len(all) == 0 {
		return 0, err
	}
	for _, v := range all {
		if image.LaunchTemplate == (ami.TemplateVersion{ID: found.ID, Number: v.Number}) {
			return v.Number, nil
		}
	}
	return all[0].Number, nil
}

// lead makes a move. A version that has to be made differs from the default in the
// image alone.
func (e *Engine) lead(ctx context.Context, m Move) error {
	if m.Template == nil {
		return (&pointer.Parameter{Name: m.Name}).Write(ctx, e.Clients.SSM(m.Region), true, m.To)
	}
	api, number := e.Clients.EC2(m.Region), m.Number
	if number == 0 {
		var err error
		number, err = pointer.AddVersion(ctx, api, m.Template, m.Template.Default, "", &types.RequestLaunchTemplateData{ImageId: aws.String(m.To)})
		if err != nil {
			return err
		}
	}
	return pointer.SetDefault(ctx, api, m.Template.ID, number)
}
