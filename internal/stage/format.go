package stage

import (
	"fmt"
	"strings"
)

// Format is for whom user data is written.
type Format string

// The formats.
const (
	// CloudInit is a MIME archive for what starts instances of nearly all Linux images.
	CloudInit Format = "cloud-init"
	// PowerShell is a script in a tag, for all launch agents of Windows images.
	PowerShell Format = "powershell"
	// EC2LaunchV2 is a list of tasks for the agent of newer Windows images.
	EC2LaunchV2 Format = "ec2launch-v2"
)

// ParseFormat gives the format of that name. The error lists the names there are.
func ParseFormat(s string) (Format, error) {
	names := make([]string, 0, 3)
	for _, f := range []Format{CloudInit, PowerShell, EC2LaunchV2} {
		if s == string(f) {
			return f, nil
		}
		names = append(names, string(f))
	}
	return "", fmt.Errorf("unknown format %q: use one of %s", s, strings.Join(names, ", "))
}

// Windows tells whether the format is for Windows, where stages are PowerShell.
func (f Format) Windows() bool { return f != CloudInit }
