package world

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
)

// naive is what a Region holds, without shelf, index or file.
type naive struct {
	images    map[string]*Image
	snapshots map[string]*Snapshot
	tags      map[string]map[string]string
}

// run is a world beside the naive account of it.
type run struct {
	w      *World
	dir    string
	owners map[string]*naive
}

var (
	runAccounts = []string{HomeAccount, "111122223333", "444455556666"}
	runNames    = []string{"golden", "silver", "bronze"}
)

const runRegion = "eu-north-1"

func drawPermissions(t *rapid.T) []Permission {
	var list []Permission
	for _, account := range runAccounts {
		if rapid.IntRange(0, 3).Draw(t, "share with "+account) == 0 {
			list = append(list, Permission{UserID: account})
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "public") == 0 {
		list = append(list, Permission{Group: "all"})
	}
	return list
}

func (r *run) change(t *rapid.T) {
	account := rapid.SampledFrom(runAccounts).Draw(t, "account")
	n := rapid.IntRange(0, 9).Draw(t, "n")
	imageID, snapshotID := fmt.Sprintf("ami-%s-%d", account[:2], n), fmt.Sprintf("snap-%s-%d", account[:2], n)
	model := r.owners[account]
	r.w.Do(func() {
		region := r.w.Region(account, runRegion)
		switch rapid.SampledFrom([]string{"put", "put", "change", "delete", "tag", "untag", "drop"}).Draw(t, "what") {
		case "put":
			image := Image{ID: imageID, OwnerID: account, Region: runRegion, Name: rapid.SampledFrom(runNames).Draw(t, "name"), Created: dawn}
			image.Permissions = drawPermissions(t)
			image.Public = slices.Contains(image.Permissions, Permission{Group: "all"})
			image.Held = rapid.IntRange(0, 5).Draw(t, "held") == 0
			mine, theirs := image, image
			region.Images.Put(imageID, &mine)
			model.images[imageID] = &theirs
			s := Snapshot{ID: snapshotID, OwnerID: account, Region: runRegion, Permissions: drawPermissions(t)}
			if rapid.Bool().Draw(t, "layered") {
				s.Layers = []string{"layer-" + snapshotID}
			}
			mineToo, theirsToo := s, s
			region.Snapshots.Put(snapshotID, &mineToo)
			model.snapshots[snapshotID] = &theirsToo
		case "change":
			if image := region.Images.Get(imageID); image != nil {
				image.Disabled, image.Held = !image.Disabled, false
				image.Permissions = drawPermissions(t)
				image.Name = rapid.SampledFrom(runNames).Draw(t, "name")
				kept := *image
				model.images[imageID] = &kept
			}
		case "delete":
			region.Images.Delete(imageID)
			region.Snapshots.Delete(snapshotID)
			delete(model.images, imageID)
			delete(model.snapshots, snapshotID)
		case "tag":
			region.SetTags(imageID, map[string]string{"k": strconv.Itoa(n), "team": account})
			model.tags[imageID] = map[string]string{"k": strconv.Itoa(n), "team": account}
		case "untag":
			region.DeleteTag(imageID, "k")
			delete(model.tags[imageID], "k")
			if len(model.tags[imageID]) == 0 {
				delete(model.tags, imageID)
			}
		case "drop":
			region.DropTags(imageID)
			delete(model.tags, imageID)
		}
	})
}

// store lets time pass for the tables: resources go on shelves, the state is saved,
// or the world ends and is read again.
func (r *run) store(t *rapid.T) {
	switch rapid.SampledFrom([]string{"shelve", "shelve some", "save", "restart"}).Draw(t, "store") {
	case "shelve", "shelve some":
		all := rapid.Bool().Draw(t, "all")
		r.w.mode.sweep += rapid.IntRange(0, idleSweeps+1).Draw(t, "sweeps")
		r.w.Do(func() {
			for _, region := range r.w.holders[runRegion] {
				for _, table := range region.tables() {
					table.settle(r.w, all)
				}
			}
		})
	case "save":
		if err := r.w.Save(); err != nil {
			t.Fatal(err)
		}
	case "restart":
		if err := r.w.Save(); err != nil {
			t.Fatal(err)
		}
		w, err := New(Options{Dir: r.dir, Backend: instance.NewNone(), bare: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.w.Close(); err != nil { // after the other has read: as if killed
			t.Fatal(err)
		}
		for _, model := range r.owners { // a killed endpoint takes no disk any more
			for _, image := range model.images {
				if image.Held {
					image.Held, image.Failure = false, w.FindImage(runRegion, image.ID).Failure
				}
			}
		}
		r.w = w
	}
}

func (r *run) check(t *rapid.T) {
	same := func(what string, got, want any) {
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s: got %+v, want %+v", what, got, want)
		}
	}
	r.w.View(func() {
		for _, account := range runAccounts {
			r.checkOwner(same, account)
		}
		for _, q := range []Query{
			{Account: HomeAccount},
			{Account: runAccounts[1], Name: "golden"},
			{Account: runAccounts[2], After: "ami-12-5"},
			{Account: HomeAccount, Name: "silver", Owner: func(a string) bool { return a == runAccounts[1] }},
		} {
			var got, want []string
			r.w.EachImage(runRegion, q, func(i *Image) bool {
				got = append(got, i.ID)
				return true
			})
			for account, model := range r.owners {
				for id, image := range model.images {
					if image.VisibleTo(q.Account) && id > q.After && (q.Name == "" || q.Name == image.Name) && (q.Owner == nil || q.Owner(account)) {
						want = append(want, id)
					}
				}
			}
			slices.Sort(want)
			same(fmt.Sprintf("images for %+v", q), got, want)
		}
	})
}

func (r *run) checkOwner(same func(string, any, any), account string) {
	model, region := r.owners[account], r.w.Region(account, runRegion)
	images, tags := map[string]*Image{}, map[string]map[string]string{}
	var order []string
	for id, image := range region.Images.All() {
		images[id] = image
		order = append(order, id)
	}
	same("the order", slices.IsSorted(order), true)
	same("the count", region.Images.Len(), len(model.images))
	same("images", images, model.images)
	for id, set := range region.AllTags() {
		tags[id] = set
	}
	same("tags", tags, model.tags)
	public, named := 0, ""
	for _, id := range slices.Sorted(maps.Keys(model.images)) {
		if image := model.images[id]; image.Public {
			public++
		}
		if model.images[id].Name == "bronze" && named == "" {
			named = id
		}
	}
	same("public images", region.PublicImages(), public)
	if found := region.ImageNamed("bronze", func(*Image) bool { return true }); found == nil || found.ID != named {
		same("the image named bronze", found != nil, named != "")
	}
	var got, want []string
	r.w.EachSnapshot(runRegion, Query{Account: account}, func(s *Snapshot) bool {
		got = append(got, s.ID)
		return true
	})
	for _, other := range r.owners {
		for id, s := range other.snapshots {
			if r.w.MayUse(s, account) {
				want = append(want, id)
			}
			if id[len(id)-1] == '3' { // one of ten is enough: it looks through the whole world
				same("the layer of "+id, r.w.LayerInUse("layer-"+id), len(s.Layers) > 0)
			}
		}
	}
	slices.Sort(want)
	same("snapshots", got, want)
}

// Whatever is done, and however resources move between live, shelf and file, the
// world answers as maps would.
func TestTablesAnswerAsMapsWould(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		dir := tempDir(t)
		w, err := New(Options{Dir: dir, Backend: instance.NewNone(), bare: true})
		if err != nil {
			t.Fatal(err)
		}
		r := &run{w: w, dir: dir, owners: map[string]*naive{}}
		for _, account := range runAccounts {
			r.owners[account] = &naive{images: map[string]*Image{}, snapshots: map[string]*Snapshot{}, tags: map[string]map[string]string{}}
			w.Do(func() { w.Region(account, runRegion) })
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			r.change(t)
			if rapid.IntRange(0, 4).Draw(t, "store now") == 0 {
				r.store(t)
			}
			r.check(t)
		}
		if err := r.w.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// tempDir is a folder for one run of a property.
func tempDir(t *rapid.T) string {
	dir, err := os.MkdirTemp("", "world-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // a temporary folder of our own
	return dir
}
