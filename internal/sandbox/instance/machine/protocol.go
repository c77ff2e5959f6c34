//go:build linux

package machine

// Boot is what the supervisor needs to know. Layers and Dir are relative to Tmpfs.
type Boot struct {
	Tmpfs     string   // where the tmpfs is mounted, in the namespace that the supervisor is started from
	Base      string   // the directory at the bottom
	Layers    []string // the layers above it, bottom first
	Dir       string   // of the instance, with the directories u (upper), w (work) and m (mount point)
	Name      string   // unique among the guests of this machine: it names the control group
	Interface string   // in the network namespace: it becomes the guest's
	UUID      string   // in /sys/hypervisor/uuid, by which cloud-init knows where it runs
	FirstID   uint32   // the host's user and group id that is the guest's 0; 65536 follow
}

// Order is what may follow a Boot on standard input. Its end is the order to die at once.
type Order struct{ Stop bool }

const (
	// networkFD is the network namespace that the supervisor is started with, beside standard input (Boot,
	// Orders) and output (the console).
	networkFD = 3
	// ids is how many user and group ids a guest has.
	ids = 65536
)

// The names that tell a process what it is.
const (
	argSupervisor = "goldenami-machine"
	argIDs        = "goldenami-machine-ids"
)
