package behaviour

// Source says what a behaviour rests on.
type Source string

// The kinds of sources, from the strongest down.
const (
	// Captured is a public capture of the real service.
	Captured Source = "captured"
	// Logged is a log or an issue in which somebody shows the real answer.
	Logged Source = "logged"
	// Documented is AWS's documentation.
	Documented Source = "documented"
	// Read is the source of AWS's client or of a program that handles it.
	Read Source = "read in clients"
	// Unverified is a text that no source confirms.
	Unverified Source = "unverified"
)

// Behaviour is one thing that EC2 does. Number is its place in the list.
type Behaviour struct {
	Number int
	What   string
	Source Source
	// Answers are the refusals that belong to it; none where it is no refusal.
	Answers []Answer
}

// Answer is a refusal. Names in braces in the message stand for what differs from
// call to call.
type Answer struct {
	Status        int
	Code, Message string
}

// All gives the list in its order.
func All() []Behaviour {
	var all []Behaviour
	for _, part := range [][]Behaviour{transport(), callers(), repeats(), visibility(), copies(), launches(), rules(), sharing(), reading()} {
		all = append(all, part...)
	}
	return all
}

// Of gives the behaviour of a number; a number that is not in the list is a
// mistake of the caller, and gives the zero value.
func Of(number int) Behaviour {
	for _, b := range All() {
		if b.Number == number {
			return b
		}
	}
	return Behaviour{}
}
