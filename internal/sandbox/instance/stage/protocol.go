//go:build linux

package stage

import "github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/guest"

// Boot is what stage one needs to know. Directories are relative to Tmpfs.
type Boot struct {
	Tmpfs  string   // where the tmpfs is mounted, in the namespace that the stage is started from
	Base   string   // the host's directory at the bottom
	Layers []string // the layers above it, bottom first
	Dir    string   // of the instance, with the directories u (upper), w (work) and m (mount point)
	Guest  guest.Spec
}

// Order is what may follow a Boot on standard input. Its end is the order to die at once.
type Order struct{ Stop bool }

// Descriptors that stage one is started with, beside standard input (Boot, Orders) and output (the console).
const (
	readyFD    = 3 // a [Ready] goes out here
	listenerFD = 4 // where the SSH server accepts
	selfFD     = 5 // the sealed binary
)

// Ready is the one message that the stages send.
type Ready struct{ Error string }

// The names that tell a process which stage it is.
const (
	argOne = "goldenami-guest-root"
	argTwo = "goldenami-guest-init"
)
