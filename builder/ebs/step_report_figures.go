package ebs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/tradeoff"
)

// prepareMetrics checks what can be known before the file is written.
func (c *Config) prepareMetrics(p *problems) {
	if c.MetricsFile == "" || unknown(c.MetricsFile) {
		return
	}
	if !c.layered() {
		p.bad("metrics_file: it needs family, the name of the product line the image belongs to")
	}
	if info, err := os.Stat(filepath.Dir(c.MetricsFile)); err != nil || !info.IsDir() {
		p.bad("metrics_file: the folder %s does not exist; make it, or name another file", filepath.Dir(c.MetricsFile))
	}
	if info, err := os.Stat(c.MetricsFile); err == nil && info.IsDir() {
		p.bad("metrics_file: %s is a folder; name a file in it", c.MetricsFile)
	}
}

// mergeTimeout bounds the wait for other builds that write the same file.
const mergeTimeout = time.Minute

// stepReportFigures shows what the image cost beside the newest good images of the
// other tiers. Of an image that is used again it shows nothing, and only writes the
// file. The image is good by now, so nothing here ends the build.
type stepReportFigures struct{ *build }

func (s stepReportFigures) Run(ctx context.Context, _ multistep.StateBag) multistep.StepAction {
	if s.meta == nil || s.reused() && s.cfg.MetricsFile == "" {
		return multistep.ActionContinue
	}
	entries, err := s.entries(ctx)
	if err != nil {
		s.say("Warning: the figures of the other tiers are left out: %s", s.explain(err))
	}
	now := time.Now()
	if !s.reused() {
		s.show(now, entries)
	}
	if s.cfg.MetricsFile == "" {
		return multistep.ActionContinue
	}
	limited, stop := context.WithTimeout(ctx, mergeTimeout)
	defer stop()
	if err := tradeoff.Merge(limited, s.cfg.MetricsFile, now, entries...); err != nil {
		s.ui.Error(fmt.Sprintf("metrics_file: the image is good, and its figures were not written: %s", err))
	}
	return multistep.ActionContinue
}

func (stepReportFigures) Cleanup(multistep.StateBag) {}

func (s stepReportFigures) show(now time.Time, entries []tradeoff.Entry) {
	var table strings.Builder
	if err := tradeoff.Table(&table, now, entries...); err != nil {
		s.ui.Error(fmt.Sprintf("the table of figures: %s", err))
	}
	for line := range strings.Lines(table.String()) {
		s.ui.Say(strings.TrimRight(line, " \n"))
	}
}

// entries are this image and the newest good one of each other tier, lowest tier first.
// On an error it is this image alone.
func (s stepReportFigures) entries(ctx context.Context) ([]tradeoff.Entry, error) {
	own := ami.Image{Meta: *s.meta, ID: s.imageID, Region: s.region(), Architecture: string(s.source.Architecture)}
	for _, r := range s.results { // a copy has taken the image's place
		if r.Region == s.region() {
			own.ID = r.ImageID
		}
	}
	found, err := ami.Find(ctx, s.clients.EC2(""), s.region(), ami.Query{
		Family: s.cfg.Family, Architecture: own.Architecture, IncludeExpired: true,
	})
	return tradeoff.EntriesOf(append([]ami.Image{own}, found...)), err
}
