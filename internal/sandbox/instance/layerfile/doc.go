//go:build linux

// Package layerfile keeps an overlay layer, a directory tree with whiteouts, in one gzipped tar file.
//
// Rules it decides: what a layer consists of (modes, owners, times, extended attributes, hard links, device
// nodes, the whiteouts and opaque marks of overlayfs), and which of overlayfs's own attributes may leave
// the mount that wrote them. Marks that only hold for one mount (origin, impure, nlink) are dropped: they
// point at inodes by handle. The attribute names are those of the kernel's overlayfs.rst.
//
// A guest may change the tree while it is read, and it chose the names in it. So nothing here follows a
// symbolic link or leaves the tree: every step is taken relative to an open directory.
//
// Sockets are left out, as tar has no form for them and they mean nothing without their process.
package layerfile
