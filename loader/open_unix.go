// SPDX-License-Identifier: GPL-2.0-or-later

//go:build unix

package loader

import (
	"io"
	"os"
	"sync"
	"syscall"
)

// mappings are the files that are mapped: one that is booted a thousand times is mapped once.
var mappings struct {
	sync.Mutex
	files map[identity][]byte
}

// identity tells files apart. A mapping keeps its file: no other one gets the number while it stands. What is written to the file shows in
// the mapping; when it grows, it is mapped anew.
type identity struct {
	dev, ino uint64
	size     int64
}

// mapped maps a file that has not been mapped yet.
func mapped(f *os.File, size int64) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, syscall.ENOTSUP
	}
	id := identity{uint64(stat.Dev), uint64(stat.Ino), size}
	mappings.Lock()
	defer mappings.Unlock()
	if b := mappings.files[id]; b != nil {
		return b, nil
	}
	b, err := syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	if mappings.files == nil {
		mappings.files = map[identity][]byte{}
	}
	mappings.files[id] = b
	return b, nil
}

// contents gives a file's bytes. A file of some size is mapped, not read: a boot touches a third of a Go program (no debug
// information, half of the text), and reading 2 MiB costs 1.3 ms where mapping costs 0.1, in a process that lives for 20.
//
// The mapping is private and never taken back, for pages of the guest come from it for as long as an engine lives. A program that
// is cut short in place while it is booted kills rt0 as it would kill a native process (SIGBUS); the Go command, install and
// package managers replace the file instead.
func contents(f *os.File, size int64) ([]byte, error) {
	const small = 64 << 10
	if size >= small {
		if b, err := mapped(f, size); err == nil {
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
