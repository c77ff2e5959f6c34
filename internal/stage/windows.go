package stage

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// element is one of those that Windows user data is made of, as it was written.
type element struct{ name, content, text string }

var openingTag = regexp.MustCompile(`^<([A-Za-z]+)>`)

// elements takes user data such as <powershell>...</powershell> apart.
func elements(own []byte) ([]element, error) {
	var all []element
	rest := strings.TrimSpace(string(own))
	for rest != "" {
		tag := openingTag.FindStringSubmatch(rest)
		if tag == nil {
			return nil, errors.New("the launch agents would ignore what is outside of <powershell>...</powershell> and <script>...</script>: put it into one of them")
		}
		end := "</" + tag[1] + ">"
		at := strings.Index(rest, end)
		if at < 0 {
			return nil, fmt.Errorf("%s has no %s", tag[0], end)
		}
		e := element{strings.ToLower(tag[1]), rest[len(tag[0]):at], rest[:at+len(end)]}
		for _, other := range all {
			if other.name == e.name {
				return nil, fmt.Errorf("there are two of %s, and the launch agents take one: put them together", tag[0])
			}
		}
		all = append(all, e)
		rest = strings.TrimSpace(rest[at+len(end):])
	}
	return all, nil
}

// psDocument gives user data that EC2Launch v2, EC2Launch and EC2Config take: one
// <powershell> with the stages and the customer's script, and beside it the
// customer's other elements as they are.
func psDocument(stages []Stage, own []byte) ([]byte, error) {
	all, err := elements(own)
	if err != nil {
		return nil, err
	}
	runs := slices.ContainsFunc(all, func(e element) bool { return e.name == "powershell" || e.name == "script" })
	if len(all) > 0 && !runs {
		return nil, errors.New("it has neither <powershell> nor <script>, so there is nothing to run")
	}
	if len(stages) == 0 {
		return own, nil
	}
	var script []byte
	var beside bytes.Buffer
	for _, e := range all {
		if e.name == "powershell" {
			script = []byte(e.content)
			continue
		}
		beside.WriteString(e.text + "\n")
	}
	document := append([]byte("<powershell>\n"), psProgram(stages, psRecorder, script)...)
	return append(append(document, "</powershell>\n"...), beside.Bytes()...), nil
}

// tasks is user data of EC2Launch v2. Source: "EC2Launch v2 task definitions" in
// the EC2 user guide.
type tasks struct {
	Version yaml.Node   `yaml:"version"`
	Tasks   []yaml.Node `yaml:"tasks"`
}

// v2Document gives user data as tasks of EC2Launch v2: one that runs the stages,
// and then the customer's as they are.
func v2Document(stages []Stage, own []byte) ([]byte, error) {
	document := tasks{Version: yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: "1.1"}}
	if len(bytes.TrimSpace(own)) > 0 {
		if err := yaml.Unmarshal(own, &document); err != nil {
			return nil, fmt.Errorf("it is no YAML of EC2Launch v2: %w", err)
		}
		if len(document.Tasks) == 0 {
			return nil, errors.New("it has no tasks, so there is nothing to run; EC2Launch v2 takes version and tasks")
		}
	}
	if len(stages) == 0 {
		return own, nil
	}
	var task yaml.Node
	if err := task.Encode(map[string]any{"task": "executeScript", "inputs": []map[string]string{{
		"frequency": "once", "type": "powershell", "runAs": "localSystem", "content": string(psProgram(stages, psRecorder, nil)),
	}}}); err != nil {
		return nil, fmt.Errorf("write the task of the stages: %w", err)
	}
	document.Tasks = append([]yaml.Node{task}, document.Tasks...)
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(document); err != nil {
		return nil, fmt.Errorf("write the tasks: %w", err)
	}
	return out.Bytes(), encoder.Close()
}
