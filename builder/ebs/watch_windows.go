package ebs

// ignorePipe has nothing to do: Windows has no such signal.
func ignorePipe() {}
