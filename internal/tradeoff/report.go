package tradeoff

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/gofrs/flock"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/atomicfile"
)

// Entry is one image with its figures.
type Entry struct {
	Family, Tier, Region, Architecture string // tell entries apart
	Image, Version                     string
	BuiltAt, ExpiresAt                 time.Time // a zero ExpiresAt never comes
	Figures                            Figures
}

// EntriesOf gives the first image of each tier, lowest tier first: of what ami.Find
// found, that is the newest. Figures that another version of this program wrote, and
// that Parse does not read, are left out.
func EntriesOf(images []ami.Image) []Entry {
	first := map[ami.Tier]Entry{}
	for _, i := range images {
		if _, have := first[i.Tier]; have {
			continue
		}
		e := Entry{
			Family: i.Family, Tier: string(i.Tier), Region: i.Region, Architecture: i.Architecture,
			Image: i.ID, Version: i.Version, BuiltAt: i.BuiltAt, ExpiresAt: i.ExpiresAt,
		}
		if figures, err := Parse(i.Metrics); err == nil {
			e.Figures = figures
		}
		first[i.Tier] = e
	}
	var entries []Entry
	for _, tier := range ami.Tiers() {
		if e, have := first[tier]; have {
			entries = append(entries, e)
		}
	}
	return entries
}

// DaysLeft are the whole days until the image expires; false if it never does.
func (e Entry) DaysLeft(now time.Time) (int, bool) {
	if e.ExpiresAt.IsZero() {
		return 0, false
	}
	return max(0, int(e.ExpiresAt.Sub(now)/(24*time.Hour))), true
}

// Table prints a line for each entry, in the order given. A dash stands for what is not
// known.
func Table(out io.Writer, now time.Time, entries ...Entry) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "TIER\tAMI\t")
	for _, k := range kinds {
		fmt.Fprint(table, k.title, "\t")
	}
	fmt.Fprintln(table, "DAYS LEFT")
	for _, e := range entries {
		fmt.Fprintf(table, "%s\t%s\t", e.Tier, e.Image)
		for _, k := range kinds {
			cell := "-"
			if value, known := e.Figures[k.figure]; known {
				cell = k.cell(value)
			}
			fmt.Fprint(table, cell, "\t")
		}
		left := "-"
		if days, ends := e.DaysLeft(now); ends {
			left = strconv.Itoa(days)
		}
		fmt.Fprintln(table, left)
	}
	return table.Flush()
}

// reportSchema is raised when a field changes its meaning.
const reportSchema = 1

type report struct {
	Schema int     `json:"schema"`
	Images []entry `json:"images"`
}

// entry is Entry as JSON has it.
type entry struct {
	Family       string             `json:"family"`
	Tier         string             `json:"tier"`
	Region       string             `json:"region"`
	Architecture string             `json:"architecture"`
	Image        string             `json:"image"`
	Version      string             `json:"version"`
	BuiltAt      time.Time          `json:"built_at"`
	ExpiresAt    *time.Time         `json:"expires_at,omitempty"`
	DaysLeft     *int               `json:"days_left,omitempty"` // when this was written
	Figures      map[string]float64 `json:"figures"`             // by the names of kinds
}

func (e entry) same(other entry) bool {
	return e.Family == other.Family && e.Tier == other.Tier && e.Region == other.Region && e.Architecture == other.Architecture
}

// lockPause lies between tries for a file that another build writes: for milliseconds.
const lockPause = 20 * time.Millisecond

// Merge writes the entries into the JSON file at path, which need not exist. Entries of
// other images that are there stay; of the same family, tier, Region and architecture,
// the one with the higher version stays. Builds that do so at the same time wait for
// each other, by a lock beside the file, until ctx ends. A file that is something else
// is left alone.
func Merge(ctx context.Context, path string, now time.Time, entries ...Entry) (err error) {
	lock := flock.New(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock"))
	if _, err := lock.TryLockContext(ctx, lockPause); err != nil {
		return fmt.Errorf("lock %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	whole, err := read(path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		whole.add(e.json(now))
	}
	slices.SortFunc(whole.Images, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.Family, b.Family), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Architecture, b.Architecture),
			cmp.Compare(ami.Tier(a.Tier).Rank(), ami.Tier(b.Tier).Rank()))
	})
	text, err := json.MarshalIndent(whole, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return atomicfile.Write(path, append(text, '\n'), 0o644)
}

func read(path string) (report, error) {
	var whole report
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return report{Schema: reportSchema}, nil
	case err != nil:
		return whole, err
	}
	if err := json.Unmarshal(text, &whole); err != nil || whole.Schema != reportSchema {
		return whole, fmt.Errorf("%s is there and is no list of figures of this version: name another file, or remove it", path)
	}
	return whole, nil
}

func (r *report) add(e entry) {
	at := slices.IndexFunc(r.Images, e.same)
	switch {
	case at < 0:
		r.Images = append(r.Images, e)
	case r.Images[at].Version <= e.Version:
		r.Images[at] = e
	}
}

func (e Entry) json(now time.Time) entry {
	out := entry{
		Family: e.Family, Tier: e.Tier, Region: e.Region, Architecture: e.Architecture,
		Image: e.Image, Version: e.Version, BuiltAt: e.BuiltAt, Figures: map[string]float64{},
	}
	if days, ends := e.DaysLeft(now); ends {
		out.ExpiresAt, out.DaysLeft = &e.ExpiresAt, &days
	}
	for _, k := range kinds {
		if value, known := e.Figures[k.figure]; known {
			out.Figures[k.name] = value
		}
	}
	return out
}
