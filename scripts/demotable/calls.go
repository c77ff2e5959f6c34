package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// call is what this program reads of a line of the endpoint's log.
type call struct {
	Action  string `json:"action"`
	Outcome string `json:"outcome"`
}

// printCalls tells what the calls of a run brought about.
func printCalls(out io.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("log of the calls: %w", err)
	}
	counts, err := countCalls(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("log of the calls %s: %w", path, err)
	}
	launched := counts["RunInstances"] + counts["CreateFleet"]
	made, copied := counts["CreateImage"], counts["CopyImage"]
	if launched+made+copied == 0 {
		_, err = fmt.Fprintln(out, "Nothing was launched, made or copied: every image was there and still good.")
		return err
	}
	_, err = fmt.Fprintf(out, "In this run: %d launched, %d made, %d copied.\n", launched, made, copied)
	return err
}

// countCalls counts the calls that did what they were to do, by action.
func countCalls(log io.Reader) (map[string]int, error) {
	counts := make(map[string]int)
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c call
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return nil, err
		}
		if c.Outcome == "OK" {
			counts[c.Action]++
		}
	}
	return counts, lines.Err()
}
