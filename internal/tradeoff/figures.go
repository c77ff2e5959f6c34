package tradeoff

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Figure names one of the figures.
type Figure string

// The figures. Those of a build are seconds.
const (
	Wait      Figure = "wait"       // for the parent that the same run builds
	Launch    Figure = "launch"     // network, keys, instance: until it runs
	Connect   Figure = "connect"    // until the first command can run
	Provision Figure = "provision"  // stages and provisioners
	Imaging   Figure = "image"      // stop the instance, make the image
	Test      Figure = "test"       // the verify block
	Boot      Figure = "boot"       // of an instance of the image, until it is up
	FirstBoot Figure = "first-boot" // what it does after that, before it is complete
	Own       Figure = "own"        // GiB in storage that the image adds
	Inherited Figure = "inherited"  // GiB in storage that it shares with its parent
	Month     Figure = "month"      // USD for Own
)

// kind says how a figure is written.
type kind struct {
	figure   Figure
	name     string // in JSON, with the unit
	title    string // of the column
	decimals int
	cell     func(float64) string // in the table
}

var kinds = []kind{
	{Wait, "wait_seconds", "WAITED", 1, inSeconds},
	{Launch, "launch_seconds", "LAUNCH", 1, inSeconds},
	{Connect, "connect_seconds", "CONNECT", 1, inSeconds},
	{Provision, "provision_seconds", "PROVISION", 1, inSeconds},
	{Imaging, "image_seconds", "IMAGE", 1, inSeconds},
	{Test, "test_seconds", "TEST", 1, inSeconds},
	{Boot, "boot_seconds", "BOOT", 1, inSeconds},
	{FirstBoot, "first_boot_seconds", "FIRST BOOT", 2, inHundredths},
	{Own, "own_gib", "OWN", 6, inSize},
	{Inherited, "inherited_gib", "INHERITED", 6, inSize},
	{Month, "storage_usd_per_month", "USD/MONTH", 6, inMoney},
}

func inSeconds(v float64) string { return fmt.Sprintf("%.1f s", v) }

func inHundredths(v float64) string { return fmt.Sprintf("%.2f s", v) }

// inSize takes the unit in which a size of GiB has digits before its point.
func inSize(v float64) string {
	switch {
	case v >= 1 || v == 0:
		return fmt.Sprintf("%.2f GiB", v)
	case v >= 1.0/1024:
		return fmt.Sprintf("%.1f MiB", v*1024)
	}
	return fmt.Sprintf("%.0f KiB", v*1024*1024)
}

// inMoney does not show a small sum as none.
func inMoney(v float64) string {
	const least = 0.0001
	if v > 0 && v < least {
		return fmt.Sprintf("< %.4f", least)
	}
	return fmt.Sprintf("%.4f", v)
}

// limit keeps the text of all figures within the 256 characters of a tag.
const limit = 1e9

// Figures are the ones that are known.
type Figures map[Figure]float64

// Set notes a figure, rounded as it is written. What cannot be one is left out.
func (f Figures) Set(figure Figure, value float64) {
	at := slices.IndexFunc(kinds, func(k kind) bool { return k.figure == figure })
	if at < 0 || math.IsNaN(value) || value < 0 || value >= limit {
		return
	}
	scale := math.Pow10(kinds[at].decimals)
	if rounded := math.Round(value*scale) / scale; rounded < limit {
		f[figure] = rounded
	}
}

// SetSeconds is Set for a time.
func (f Figures) SetSeconds(figure Figure, d time.Duration) { f.Set(figure, d.Seconds()) }

// String gives "wait=0 launch=12.3 …", in the order of the constants; empty where
// nothing is known.
func (f Figures) String() string {
	var parts []string
	for _, k := range kinds {
		if value, known := f[k.figure]; known {
			parts = append(parts, string(k.figure)+"="+format(value, k.decimals))
		}
	}
	return strings.Join(parts, " ")
}

// format writes a number with so many decimals at most, and no zeros at its end.
func format(value float64, decimals int) string {
	text := strconv.FormatFloat(value, 'f', decimals, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// Parse reads what String wrote, and nothing else: each figure once, in order, in the
// spelling of String.
func Parse(text string) (Figures, error) {
	f := Figures{}
	if text == "" {
		return f, nil
	}
	for part := range strings.SplitSeq(text, " ") {
		name, number, _ := strings.Cut(part, "=")
		value, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return nil, fmt.Errorf("figures %q: %q is no figure", text, part)
		}
		f.Set(Figure(name), value)
	}
	if f.String() != text {
		return nil, fmt.Errorf("figures %q are not in the form %q", text, f.String())
	}
	return f, nil
}
