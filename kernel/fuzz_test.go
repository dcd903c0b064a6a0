// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"encoding/binary"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
)

// FuzzSyscalls makes a process call whatever the bytes say, with arguments that are often near something: addresses of its memory,
// descriptors, small numbers, paths. Nothing may panic, no bound may be passed, and the working directory of the host must be as
// it was.
func FuzzSyscalls(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x00\x01\x02\x03openat mmap munmap mremap write"))
	for seed := range byte(8) {
		b := make([]byte, 400)
		for i := range b {
			b[i] = byte(i)*(2*seed+1) ^ byte(i>>3) + seed
		}
		f.Add(b)
	}
	paths := []string{"/tmp/x", "/proc/self/maps", "..", "/proc/self/fd/1", "/tmp/a/../b/", "/sys/fs/cgroup", "", "/dev/urandom", "/proc/self/task"}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4000 {
			data = data[:4000]
		}
		before, err := os.ReadDir(".")
		require.NoError(t, err)
		goarch := arches[len(data)%len(arches)]
		p := newProcess(t, goarch, nil)
		for i, path := range paths {
			p.text(t, 3, path)
			require.NoError(t, p.mem.Write(testData+uint64(256*i), append([]byte(path), 0)))
		}
		rows := p.arch.Syscall.Numbers
		for len(data) >= 2 && p.exit == nil && p.current.wait == nil && !p.current.dead {
			name := rows[int(binary.LittleEndian.Uint16(data))%len(rows)].Name
			data = data[2:]
			var args []uint64
			for range 6 {
				var v uint64
				v, data = argument(p, data)
				args = append(args, v)
			}
			if p.table[mustNumber(p.arch, name)].do != nil {
				p.do(name, args...)
			}
		}
		require.LessOrEqual(t, len(p.mem.Regions()), maxMapCount+16)
		require.LessOrEqual(t, p.tree.bytes, treeBytes)
		require.LessOrEqual(t, p.tree.nodes, treeNodes)
		after, err := os.ReadDir(".")
		require.NoError(t, err)
		require.Len(t, after, len(before), "the host's files are out of reach")
	})
}

func mustNumber(a *arch.Arch, name string) uint64 {
	n, _ := a.SyscallNumber(name)
	return n
}

// argument makes an argument of a byte or two.
func argument(p *Process, data []byte) (uint64, []byte) {
	if len(data) == 0 {
		return 0, nil
	}
	kind, v := data[0], uint64(0)
	data = data[1:]
	if len(data) > 0 {
		v = uint64(data[0])
		data = data[1:]
	}
	switch kind % 8 {
	case 0:
		v = testData + 256*(v%9) // a path
	case 1:
		v = testData + v*256 + uint64(kind)
	case 2:
		v %= 12 // a descriptor, a flag
	case 3:
		v *= 4096
	case 4:
		v = -v
	case 5:
		v = 1 << (v % 64)
	case 6:
		v = 0x20000000 + v*p.space.page
	}
	if p.arch.PtrSize == 4 {
		v &= 1<<32 - 1
	}
	return v, data
}
