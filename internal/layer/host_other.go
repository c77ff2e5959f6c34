//go:build unix && !linux && !darwin

package layer

// lifeOf cannot tell here when a process started; the run's id and the process id tell
// runs apart well enough.
func lifeOf(pid int) (start string, lives bool) { return "", signalled(pid) }
