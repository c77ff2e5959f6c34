package world

import (
	"hash/fnv"
	"slices"
	"sort"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world/packed"
)

// kind is what a [Table] must know about its resources to keep them at rest.
type kind[T any] struct {
	// label names the kind in files of state.
	label string
	codec *packed.Codec[T]
	// identify gives a resource its id, which rows hold beside it.
	identify func(v *T, id string)
	// settled tells whether time alone changes nothing about it any more.
	settled func(v *T, now time.Time) bool
	// name is what [shelf.named] finds it by.
	name func(v *T) string
	// open tells who else than its owner may see it: everybody, or accounts.
	open func(v *T) (public bool, accounts []string)
	// layers are the disks that it holds.
	layers func(v *T) []string
}

// shelf holds packed resources in the order of their ids. It never changes once it
// is closed, but may be replaced. Nil is an empty shelf.
type shelf[T any] struct {
	kind *kind[T]
	// text is the rows one after another: the id's length, the id, the resource.
	text string
	ends []uint32
	// names are hashes of the names, by row.
	names []uint32
	// public are the rows that everybody sees, shared those of each account.
	public []uint32
	shared map[string][]uint32
	// layered are the rows that hold disks.
	layered []uint32
	// file is the name of the file that has the shelf, once there is one; current
	// tells that a file it was read from has it as it is.
	file    string
	current bool

	// What follows is there until the shelf is closed: its text, the shelf that it
	// comes after, and where rows of that went, or -1.
	building []byte
	old      *shelf[T]
	taken    []int32
}

// newShelf begins a shelf with room for what an older one has and some more.
func newShelf[T any](k *kind[T], old *shelf[T], more int) *shelf[T] {
	s := &shelf[T]{kind: k, old: old, shared: map[string][]uint32{}}
	n := old.len() + more
	s.ends, s.names = make([]uint32, 0, n), make([]uint32, 0, n)
	if old != nil {
		s.building = make([]byte, 0, len(old.text)+more*256)
		s.taken = make([]int32, old.len())
		for i := range s.taken {
			s.taken[i] = -1
		}
	}
	return s
}

// add packs a resource. Ids come in order.
func (s *shelf[T]) add(id string, v *T) {
	row := uint32(len(s.ends)) //nolint:gosec // a table has fewer rows than that
	s.building = append(append(s.building, byte(len(id))), id...)
	s.building = s.kind.codec.Append(s.building, v)
	s.ends = append(s.ends, uint32(len(s.building))) //nolint:gosec // a table is smaller than 4 GiB
	s.names = append(s.names, nameHash(s.kind.name(v)))
	public, accounts := s.kind.open(v)
	if public {
		s.public = append(s.public, row)
	}
	for _, account := range accounts {
		s.share(account, row)
	}
	if len(s.kind.layers(v)) > 0 {
		s.layered = append(s.layered, row)
	}
}

// share adds a row to an account's, once.
func (s *shelf[T]) share(account string, row uint32) {
	if rows := s.shared[account]; len(rows) == 0 || rows[len(rows)-1] != row {
		s.shared[account] = append(rows, row)
	}
}

// take copies a row of the older shelf.
func (s *shelf[T]) take(n int) {
	s.taken[n] = int32(len(s.ends)) //nolint:gosec // a table has fewer rows than that
	s.building = append(s.building, s.old.row(n)...)
	s.ends = append(s.ends, uint32(len(s.building))) //nolint:gosec // a table is smaller than 4 GiB
	s.names = append(s.names, s.old.names[n])
}

func (s *shelf[T]) close() {
	s.text = string(s.building)
	if s.old != nil {
		s.public = s.with(s.public, s.old.public)
		s.layered = s.with(s.layered, s.old.layered)
		for account, rows := range s.old.shared {
			if with := s.with(s.shared[account], rows); len(with) > 0 {
				s.shared[account] = with
			}
		}
	}
	s.building, s.old, s.taken = nil, nil, nil
}

// with adds to rows those of the older shelf that were taken.
func (s *shelf[T]) with(rows, old []uint32) []uint32 {
	for _, n := range old {
		if s.taken[n] >= 0 {
			rows = append(rows, uint32(s.taken[n])) //nolint:gosec // a row's number
		}
	}
	slices.Sort(rows)
	return rows
}

func (s *shelf[T]) len() int {
	if s == nil {
		return 0
	}
	return len(s.ends)
}

// row is the whole of a row.
func (s *shelf[T]) row(n int) string {
	from := uint32(0)
	if n > 0 {
		from = s.ends[n-1]
	}
	return s.text[from:s.ends[n]]
}

func (s *shelf[T]) id(n int) string {
	row := s.row(n)
	return row[1 : 1+row[0]]
}

// find gives the row of an id, or -1.
func (s *shelf[T]) find(id string) int {
	n := sort.Search(s.len(), func(i int) bool { return s.id(i) >= id })
	if n < s.len() && s.id(n) == id {
		return n
	}
	return -1
}

// read unpacks a row. A shelf is checked when it is read from a file, so that no
// row can be broken here.
func (s *shelf[T]) read(n int, v *T) {
	row := s.row(n)
	if err := s.kind.codec.Read(row[1+row[0]:], v); err != nil {
		panic("world: " + s.kind.label + " " + s.id(n) + ": " + err.Error())
	}
	s.kind.identify(v, s.id(n))
}

// after gives the rows after an id one by one, and then -1: all, or those among
// rows.
func (s *shelf[T]) after(id string, rows []uint32) func() int {
	count, at := s.len(), func(i int) int { return i }
	if rows != nil {
		count, at = len(rows), func(i int) int { return int(rows[i]) }
	}
	i := 0
	if id != "" {
		i = sort.Search(count, func(i int) bool { return s.id(at(i)) > id })
	}
	return func() int {
		if i >= count {
			return -1
		}
		i++
		return at(i - 1)
	}
}

// named gives the rows that may have a name, in order.
func (s *shelf[T]) named(name string) []uint32 {
	rows := []uint32{}
	if s == nil {
		return rows
	}
	h := nameHash(name)
	for n, have := range s.names {
		if have == h {
			rows = append(rows, uint32(n)) //nolint:gosec // a row's number
		}
	}
	return rows
}

func nameHash(name string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // a hash takes every write
	return h.Sum32()
}
