// SPDX-License-Identifier: GPL-2.0-or-later

// Package fidelity compares what a program asks of rt0's kernel, and what it gets, with the real one: up to the first clone, while
// there is one thread, a program started twice in the same surroundings makes the same system calls.
//
// The real side is written by strace (amd64, 386), and by qemu-user for every architecture; strace.go and qemu.go read it. rt0's side is
// a boot with the same image, arguments and machine, written down in the same way (guest.go, contents.go). Each is looked at in
// several views, because no one output of strace tells everything:
//
//   - registers: all arguments and results as numbers, pointers included (strace -e raw=all);
//   - contents: what the pointers point to (strace -v -X raw);
//   - auxv: the vector that the kernel leaves on the first stack;
//   - qemu: names, and those arguments that qemu-user prints reliably;
//   - deaths: what Go's runtime prints of a fault, natively or in qemu-user (faults.go).
//
// What one run cannot share with another is normalised, and nothing else (space.go): an address becomes the mapping that it lies in and
// the distance from its start, the process's number a word, the time another. What remains is matched call by call (compare.go). A
// difference is either mended or has an entry with a reason in the ledger (ledger.go, testdata/ledger.yaml); an entry that no longer
// differs has to go.
//
// The real program is made to start as rt0's does where its kernel leaves a choice: the sixteen bytes of AT_RANDOM, from which the
// runtime draws the place of its heap, are overwritten with those of the machine, and the vDSO's address is taken out of the auxiliary
// vector, as on a kernel that was booted with vdso=0, so that clock calls are visible on both sides.
package fidelity
