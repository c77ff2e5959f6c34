package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
)

// show writes the tables, which are Markdown.
func show(out io.Writer, all []result, names bool) {
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.Debug)
	fmt.Fprintf(w, "| clean-up\t left of %d planted\t destroyed of %d to keep\t seconds\t ratio\t of processors\t ratio\t\n", len(planted()), len(content()))
	fmt.Fprint(w, "|---\t---\t---\t---\t---\t---\t---\t\n")
	for _, r := range all {
		fmt.Fprintf(w, "| %s\t %d\t %d\t %.2f\t %.1f\t %.2f\t %.1f\t\n", r.name, len(r.left), len(r.destroyed),
			r.wall.Seconds(), r.wall.Seconds()/all[0].wall.Seconds(), r.cpu.Seconds(), r.cpu.Seconds()/all[0].cpu.Seconds())
	}
	fmt.Fprint(w, "\n| left of\t planted")
	for _, r := range all {
		fmt.Fprintf(w, "\t %s", r.name)
	}
	fmt.Fprintf(w, "\t\n|---\t---%s\t\n", strings.Repeat("\t---", len(all)))
	for _, operation := range seal.Names() {
		if of(planted(), operation) == 0 {
			continue
		}
		fmt.Fprintf(w, "| `%s`\t %d", operation, of(planted(), operation))
		for _, r := range all {
			fmt.Fprintf(w, "\t %d", of(r.left, operation))
		}
		fmt.Fprint(w, "\t\n")
	}
	_ = w.Flush() // the terminal's errors are nobody's
	for _, r := range all {
		slices.Sort(r.destroyed)
		for _, p := range r.destroyed {
			fmt.Fprintf(out, "%s destroyed /%s\n", r.name, p)
		}
		for _, c := range r.left {
			if names {
				fmt.Fprintf(out, "%s left /%q (%s)\n", r.name, c.Path, c.Operation)
			}
		}
	}
}

// of counts those of one operation.
func of(canaries []canary, operation string) int {
	n := 0
	for _, c := range canaries {
		if c.Operation == operation {
			n++
		}
	}
	return n
}
