// Command seal holds the seal against other clean-ups: virt-sysprep's defaults,
// "cloud-init clean", and the files that the page of EC2 Image Builder lists.
//
// Each gets a copy of a Debian root of its own, in which everything is planted
// that the seal's tests plant, and works on it as it does for its users:
// virt-sysprep on the image of a disk, the others on a directory. Then the files
// are looked at from outside. It prints how many of the planted things each left,
// how much it destroyed of what is content of the image, the seconds, the seconds
// of processor time, and for each operation of the seal what was left by whom. It
// judges nothing. It needs root; run it with "make bench-seal".
package main
