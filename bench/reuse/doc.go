// Command reuse measures what a run costs that has nothing to do: a second
// "packer build" of a three-tier family in which nothing changed.
//
// It starts cmd/sandbox with its usual latency, builds the family once with the
// real Packer, and then builds it again some times, taking turns with a template of
// three null builders, which is Packer's own start and nothing else. It prints the
// instances launched, the API calls by action, and the seconds of both, and judges
// nothing: no figure fails it. Run it with "make bench-reuse".
package main
