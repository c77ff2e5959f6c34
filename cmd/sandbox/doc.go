// Command sandbox serves a local EC2, STS, IAM, KMS and SSM on a loopback
// address, with real Linux guests behind the instances, and runs a command
// against it. It is no AWS and holds no real credentials.
//
//	sandbox [flags] -- COMMAND [ARGUMENT...]   serve, run COMMAND, end with its exit code
//	sandbox [flags]                            serve until Ctrl-C and print the exports
//
// It parses flags and prints; what the endpoint does is in internal/sandbox.
package main
