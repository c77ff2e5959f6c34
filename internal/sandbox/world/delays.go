package world

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// Delays are how long the transitions take.
type Delays struct {
	// Boot is the least time from RunInstances to running.
	Boot Duration `json:"boot"`
	// Stop is the least time from StopInstances to stopped.
	Stop Duration `json:"stop"`
	// Terminate is the time from TerminateInstances to terminated.
	Terminate Duration `json:"terminate"`
	// Image is the least time of CreateImage, RegisterImage and CreateSnapshot, and
	// ImageRate the throughput with which the volume is taken, in MiB/s; 0 is endless.
	Image     Duration `json:"image"`
	ImageRate float64  `json:"image_mib_per_second"`
	// Copy and CopyRate are the same for CopyImage and CopySnapshot.
	Copy     Duration `json:"copy"`
	CopyRate float64  `json:"copy_mib_per_second"`
	// Visible is how long what a call has made may be unknown to other calls. One
	// new resource in ten is, for a time up to this one.
	Visible Duration `json:"visible"`
	// Identity is how long EC2 and STS do not know a new role or instance profile.
	Identity Duration `json:"identity"`
	// Password is from RunInstances until Windows has told its password.
	Password Duration `json:"password"`
	// ParameterCheck is how long SSM looks at the image of an aws:ec2:image parameter
	// before it stores it, or does not.
	ParameterCheck Duration `json:"parameter_check"`
	// Regions override all of these for the Regions named.
	Regions map[string]*Delays `json:"regions,omitempty"`
}

// Duration is a time span that JSON writes as Go does: "1.5s".
type Duration time.Duration

// UnmarshalText reads a span such as "90s".
func (d *Duration) UnmarshalText(text []byte) error {
	span, err := time.ParseDuration(string(text))
	if err == nil && span < 0 {
		err = fmt.Errorf("%s is negative", text)
	}
	*d = Duration(span)
	return err
}

// MarshalText writes the span as Go does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// presets are the delays that have a name. "real" follows what builds on EC2
// show for a small Linux image of 8 GiB: a boot in half a minute, an image in two
// to three minutes, a copy to another Region in five to six.
var presets = map[string]Delays{
	"instant": {},
	"demo": {
		Boot: ms(800), Stop: ms(400), Terminate: ms(300), Image: ms(1500), ImageRate: 20480,
		Copy: ms(2500), CopyRate: 10240, Password: ms(3000),
		Regions: map[string]*Delays{"ap-northeast-1": {
			Boot: ms(800), Stop: ms(400), Terminate: ms(300), Image: ms(1500), ImageRate: 20480,
			Copy: ms(4000), CopyRate: 6800, Password: ms(3000),
		}},
	},
	"real": {
		Boot: ms(25_000), Stop: ms(30_000), Terminate: ms(40_000), Image: ms(60_000), ImageRate: 100,
		Copy: ms(120_000), CopyRate: 40, Visible: ms(3_000), Identity: ms(16_000), ParameterCheck: ms(5_000),
		Password: ms(240_000),
	},
}

func ms(n int) Duration { return Duration(time.Duration(n) * time.Millisecond) }

// ParseDelays reads instant, demo, real, or the path of a JSON file.
func ParseDelays(s string) (Delays, error) {
	if d, ok := presets[s]; ok {
		return d, nil
	}
	text, err := os.ReadFile(s)
	if err != nil {
		return Delays{}, fmt.Errorf("delays %q are neither instant, demo, real nor a file that can be read: %w", s, err)
	}
	var d Delays
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		return Delays{}, fmt.Errorf("delays file %s: %w", s, err)
	}
	for name := range d.Regions {
		if !RegionExists(name) {
			return Delays{}, fmt.Errorf("delays file %s names the Region %q, which does not exist", s, name)
		}
	}
	return d, nil
}

// In gives the delays of a Region.
func (d Delays) In(region string) Delays {
	if own := d.Regions[region]; own != nil {
		return *own
	}
	return d
}

// ImageTime is how long an image of so many GiB takes.
func (d Delays) ImageTime(gib int64) time.Duration {
	return time.Duration(d.Image) + transfer(gib, d.ImageRate)
}

// CopyTime is how long a copy of so many GiB takes.
func (d Delays) CopyTime(gib int64) time.Duration {
	return time.Duration(d.Copy) + transfer(gib, d.CopyRate)
}

// transfer is how long so many GiB take at a throughput in MiB/s.
func transfer(gib int64, rate float64) time.Duration {
	if rate <= 0 {
		return 0
	}
	return time.Duration(float64(gib) * 1024 / rate * float64(time.Second))
}
