package packed

// Words numbers texts that repeat. Numbers are given in the order in which texts
// come up and never change. Adding needs the caller's lock.
type Words struct {
	list    []string
	numbers map[string]uint64
}

// NewWords makes the list that begins with words, as [Words.All] gave them.
func NewWords(words []string) *Words {
	w := &Words{numbers: make(map[string]uint64, len(words))}
	for _, word := range words {
		w.number(word)
	}
	return w
}

// All are the words in the order of their numbers, to read only.
func (w *Words) All() []string { return w.list }

func (w *Words) number(word string) uint64 {
	n, known := w.numbers[word]
	if !known {
		n = uint64(len(w.list))
		w.list = append(w.list, word)
		w.numbers[word] = n
	}
	return n
}

// at gives the word of a number, and false for a number that was never given.
func (w *Words) at(n uint64) (string, bool) {
	if n >= uint64(len(w.list)) {
		return "", false
	}
	return w.list[n], true
}
