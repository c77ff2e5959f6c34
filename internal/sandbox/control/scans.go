package control

import (
	"net/http"
	"slices"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func (a *API) scanRoutes() []route {
	return []route{{
		http.MethodPost, "scans",
		`say what Amazon Inspector found of an image: {"region": "us-east-1", "image": "ami-...", "severity": "critical", "fixes": {"critical": "2026-11-20T00:00:00Z"}}`, a.scan,
	}}
}

type scanned struct {
	Region string `json:"region"`
	Image  string `json:"image"`
	// Severity is the highest of all findings; empty: there are none.
	Severity string `json:"severity"`
	// Fixes are since when fixes are available, by severity.
	Fixes map[string]time.Time `json:"fixes"`
}

func (a *API) scan(r *http.Request) (any, error) {
	var order scanned
	if err := decode(r, &order); err != nil {
		return nil, err
	}
	known := append(world.Severities(), "")
	if !slices.Contains(known, order.Severity) {
		return nil, refuse(http.StatusBadRequest, "severity=%q: want one of %v", order.Severity, world.Severities())
	}
	for severity := range order.Fixes {
		if severity == "" || !slices.Contains(known, severity) {
			return nil, refuse(http.StatusBadRequest, "fixes: %q: want one of %v", severity, world.Severities())
		}
	}
	var err error
	w := a.sources.World
	w.Do(func() {
		image := w.FindImage(order.Region, order.Image)
		if image == nil {
			err = refuse(http.StatusNotFound, "image=%q: there is no such image in %q", order.Image, order.Region)
			return
		}
		w.SetScan(image, world.Scan{At: w.Now(), Severity: order.Severity, Fixes: order.Fixes})
	})
	return order, err
}
