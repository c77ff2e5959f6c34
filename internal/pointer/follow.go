package pointer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// Mover moves pointers to images.
type Mover struct {
	Clients Clients
	// Report takes a sentence for each change; nil drops them. It may be called by
	// several goroutines at once.
	Report func(string)
}

// Wish is what is to follow an image.
type Wish struct {
	Template   *Template // nil: none
	Parameters []Parameter
}

// Moved is a change that can be taken back.
type Moved struct {
	Region string
	// A launch template, where TemplateID is set: its default version before and
	// after, and the version that was made, 0 where none was.
	TemplateID             string
	Before, After, Version int64
	// An SSM parameter otherwise; an empty Old says that it was made.
	Parameter string
	Old, New  string
	Made      bool // the template or parameter did not exist
}

// place is the work in one Region.
type place struct {
	region, image string
	ec2           EC2
	ssm           SSM
	template      *Found
	made, added   bool  // the template is new; the version is new
	number        int64 // of the version that starts the image
}

// Follow has the pointers follow the images, which are given by Region. First every
// Region gets its version and its image's tags; nothing refers to the image up to
// then, apart from a template that is new. Then the defaults and the parameters are
// moved. What was moved is given even with an error.
func (m *Mover) Follow(ctx context.Context, images map[string]string, w Wish) ([]Moved, error) {
	places := make([]*place, 0, len(images))
	for region, image := range images {
		places = append(places, &place{region: region, image: image, ec2: m.Clients.EC2(region), ssm: m.Clients.SSM(region)})
	}
	slices.SortFunc(places, func(a, b *place) int { return strings.Compare(a.region, b.region) })
	if err := each(places, func(p *place) error { return m.ready(ctx, p, w) }); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var moved []Moved
	err := each(places, func(p *place) error {
		some, err := m.move(ctx, p, w)
		mu.Lock()
		defer mu.Unlock()
		moved = append(moved, some...)
		return err
	})
	return moved, err
}

// each works in all Regions at once and gives the errors in the order of the Regions.
func each(places []*place, work func(*place) error) error {
	errs := make([]error, len(places))
	var all sync.WaitGroup
	for n, p := range places {
		all.Go(func() {
			if err := work(p); err != nil {
				errs[n] = fmt.Errorf("%s: %w", p.region, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// ready makes the version, and has the image's tags say what follows it.
func (m *Mover) ready(ctx context.Context, p *place, w Wish) error {
	names := make([]string, 0, len(w.Parameters))
	for _, parameter := range w.Parameters {
		names = append(names, parameter.Name)
	}
	parameters, err := ami.JoinParameters(names)
	if err != nil {
		return err
	}
	var ref ami.TemplateVersion
	if w.Template != nil {
		if err := m.template(ctx, p, w.Template); err != nil {
			return err
		}
		ref = ami.TemplateVersion{ID: p.template.ID, Number: p.number}
	}
	out, err := p.ec2.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{p.image}})
	if err != nil {
		return fmt.Errorf("read the tags of %s: %w", p.image, err)
	}
	for _, image := range out.Images {
		meta, ok := ami.Parse(image.Tags)
		if ok && (ref.IsZero() || meta.LaunchTemplate == ref) && (parameters == "" || meta.Parameters == parameters) {
			return nil
		}
	}
	return ami.SetPointers(ctx, p.ec2, p.image, ref, parameters)
}

func (m *Mover) template(ctx context.Context, p *place, t *Template) (err error) {
	if p.template, err = ByName(ctx, p.ec2, t.Name); err != nil {
		return err
	}
	if p.template == nil {
		if p.template, p.made, err = t.create(ctx, p.ec2, p.image); err != nil {
			return err
		}
	}
	if p.made {
		p.number = 1
		m.say("%s: launch template %s (%s) was made for %s", p.region, t.Name, p.template.ID, p.image)
		return nil
	}
	if err := t.Refuse(p.template); err != nil {
		return err
	}
	p.number, p.added, err = t.version(ctx, p.ec2, p.template, p.image)
	if err == nil && p.added {
		m.say("%s: version %d of launch template %s (%s) was made for %s", p.region, p.number, t.Name, p.template.ID, p.image)
	}
	return err
}

// Refuse tells why a launch template that exists is not to start the image: it was
// made for another family or tier, and both would move it in turn.
func (t *Template) Refuse(found *Found) error {
	for key, value := range t.Tags {
		if have, ok := found.Tags[key]; ok && ami.Owned(key) && have != value {
			return fmt.Errorf("launch template %s (%s) was made for %s = %s, and this image is of %s: give each tier a launch template of its own", found.Name, found.ID, key, have, value)
		}
	}
	return nil
}

// move comes last. The parameters go first: a launch template may name one.
func (m *Mover) move(ctx context.Context, p *place, w Wish) (moved []Moved, err error) {
	for _, parameter := range w.Parameters {
		value, err := Read(ctx, p.ssm, parameter.Name)
		if err != nil {
			return moved, err
		}
		if value != nil && value.Text == p.image && value.Image {
			continue
		}
		change := Moved{Region: p.region, Parameter: parameter.Name, New: p.image, Made: value == nil}
		if value != nil {
			change.Old = value.Text
		}
		moved = append(moved, change)
		if err := parameter.Write(ctx, p.ssm, value != nil, p.image); err != nil {
			return moved, err
		}
		m.say("%s: parameter %s holds %s%s", p.region, parameter.Name, p.image, before(change.Old))
	}
	if p.template == nil {
		return moved, nil
	}
	change := Moved{Region: p.region, TemplateID: p.template.ID, Before: p.template.Default, After: p.template.Default, Made: p.made}
	if p.added {
		change.Version = p.number
	}
	if p.number != p.template.Default && !w.Template.KeepDefault {
		change.After = p.number
	}
	if change.Made || change.Version != 0 || change.After != change.Before {
		moved = append(moved, change)
	}
	if change.After == change.Before {
		return moved, nil
	}
	if err := SetDefault(ctx, p.ec2, p.template.ID, p.number); err != nil {
		return moved, err
	}
	m.say("%s: version %d is the default of launch template %s; it was %d", p.region, p.number, p.template.Name, p.template.Default)
	return moved, nil
}

func before(old string) string {
	if old == "" {
		return ""
	}
	return "; it was " + old
}

func (m *Mover) say(format string, args ...any) {
	if m.Report != nil {
		m.Report(fmt.Sprintf(format, args...))
	}
}
