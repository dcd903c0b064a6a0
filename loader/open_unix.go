// SPDX-License-Identifier: GPL-2.0-or-later

//go:build unix

package loader

import (
	"io"
	"os"
	"syscall"
)

// contents gives a file's bytes. A file of some size is mapped, not read: a boot touches a third of a Go program (no debug
// information, half of the text), and reading 2 MiB costs 1.3 ms where mapping costs 0.1, in a process that lives for 20.
//
// The mapping is private and never taken back, for pages of the guest come from it for as long as an engine lives. A program that
// is cut short in place while it is booted kills rt0 as it would kill a native process (SIGBUS); the Go command, install and
// package managers replace the file instead.
func contents(f *os.File, size int64) ([]byte, error) {
	const small = 64 << 10
	if size >= small {
		b, err := syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_PRIVATE)
		if err == nil {
			return b, nil
		}
	}
	b := make([]byte, size)
	n, err := io.ReadFull(f, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil // it became shorter: what is there decides
	}
	return b[:n], err
}
