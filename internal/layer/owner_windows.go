package layer

import "io/fs"

// checkOwner has nothing to ask here: the temporary folder of Windows is the
// user's own.
func checkOwner(string, fs.FileInfo) error { return nil }
