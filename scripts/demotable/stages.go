package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

// readStages reads names and tiers of the stages of the template's sources.
func readStages(dir string) ([]stage.Stage, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.pkr.hcl"))
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("template %s: no file *.pkr.hcl", dir)
	}
	var stages []stage.Stage
	parser := hclparse.NewParser()
	for _, path := range paths {
		file, problems := parser.ParseHCLFile(path)
		if problems.HasErrors() {
			return nil, problems
		}
		found, err := stagesIn(file.Body)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		stages = append(stages, found...)
	}
	return stages, nil
}

func stagesIn(body hcl.Body) ([]stage.Stage, error) {
	top, _, problems := body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "source", LabelNames: []string{"type", "name"}}}})
	if problems.HasErrors() {
		return nil, problems
	}
	var stages []stage.Stage
	for _, source := range top.Blocks {
		inside, _, problems := source.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "stage"}}})
		if problems.HasErrors() {
			return nil, problems
		}
		for _, block := range inside.Blocks {
			s, err := readStage(block.Body)
			if err != nil {
				return nil, err
			}
			stages = append(stages, s)
		}
	}
	return stages, nil
}

func readStage(body hcl.Body) (stage.Stage, error) {
	content, _, problems := body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{
		{Name: "name", Required: true}, {Name: "tier", Required: true},
	}})
	if problems.HasErrors() {
		return stage.Stage{}, problems
	}
	name, problems := content.Attributes["name"].Expr.Value(nil)
	tier, more := content.Attributes["tier"].Expr.Value(nil)
	if problems = append(problems, more...); problems.HasErrors() {
		return stage.Stage{}, problems
	}
	parsed, err := stage.ParseTier(tier.AsString())
	return stage.Stage{Name: name.AsString(), Tier: parsed}, err
}

// firstBoot names what an instance of the tier does before it is complete.
func firstBoot(stages []stage.Stage, tier ami.Tier) string {
	_, boot := stage.Cut(stages, "", tier)
	if len(boot) == 0 {
		return "nothing"
	}
	names := make([]string, 0, len(boot))
	for _, s := range boot {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}
