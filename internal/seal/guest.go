package seal

// Expectation is what one run of a program will report on. It is for programs of
// systems other than that of [Program], which write the same report.
type Expectation struct {
	Mode   Mode
	Strict bool
	Nonce  string // marks the run's report lines; see [NewNonce]
	// Operations are all of them in the order in which they run, and Selected the
	// names of those that do.
	Operations []Operation
	Selected   []string
	// NotCovered is what no run says anything about.
	NotCovered []string
	// Handovers are what a sysprep step may find left to do: names and reasons.
	Handovers []Handover
}

// Parser reads the report of the run.
func (e Expectation) Parser() *Parser {
	r := emptyReport(e.Mode, e.Strict, e.NotCovered)
	if e.Handovers != nil {
		r.handovers, r.LeftForSysprep = e.Handovers, []Handover{}
	}
	r.addRows(e.Operations, e.Selected)
	return &Parser{prefix: linePrefix(e.Nonce), report: r}
}

// Handover is something in a Windows guest that the seal must leave to the step that
// generalizes it: the way in is needed until then, or only that step does it.
type Handover struct {
	Name   string   `json:"name"`
	Reason string   `json:"reason"` // what instances have while it is there
	Items  []string `json:"items"`  // what was found: paths, keys, listeners
}

// takeHandover adds an item to those of its name.
func (r *Report) takeHandover(f []string) {
	for i := range r.LeftForSysprep {
		if h := &r.LeftForSysprep[i]; h.Name == f[0] {
			if len(h.Items) < maxLeftAt {
				h.Items = append(h.Items, f[1])
			}
			return
		}
	}
	for _, known := range r.handovers {
		if known.Name == f[0] {
			r.LeftForSysprep = append(r.LeftForSysprep, Handover{known.Name, known.Reason, []string{f[1]}})
		}
	}
}

// handoverLines are what the table says of them.
func (r *Report) handoverLines() []string {
	var lines []string
	for _, h := range r.LeftForSysprep {
		lines = append(lines, "left for sysprep: "+h.Name+": "+h.Reason)
		for _, item := range h.Items {
			lines = append(lines, "  "+printable(item))
		}
	}
	return lines
}
