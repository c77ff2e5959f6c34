// Package repotest holds the rules of the repository that no compiler and no
// linter checks: what each package says of itself, who may import whom, why each
// dependency is there, and how long a file may be.
//
// It has tests alone. They look at the repository with the go command and by
// reading files; they run nothing and need no network.
package repotest
