// Package powershell decides how a value becomes a part of a PowerShell program,
// and how a program becomes a part of a command line that cmd, PowerShell and
// OpenSSH's shells read alike. It knows no program and starts none.
package powershell
