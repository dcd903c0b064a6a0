// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/machine"
)

// probe asks riscv_hwprobe for one key.
func (p *Process) probe(t *testing.T, key uint64, args ...uint64) ([2]uint64, arch.Errno) {
	t.Helper()
	require.NoError(t, p.mem.PutUint(testData, 8, key))
	_, errno := p.do("riscv_hwprobe", append([]uint64{testData, 1}, args...)...)
	var pair [2]uint64
	for i := range pair {
		v, err := p.mem.Uint(testData+uint64(8*i), 8)
		require.NoError(t, err)
		pair[i] = v
	}
	return pair, errno
}

// What the machine says of its CPUs is what riscv_hwprobe answers.
func TestHwprobe(t *testing.T) {
	t.Parallel()
	const extensions = 4
	for _, tc := range []struct {
		name     string
		features []string
		want     uint64
	}{
		{"the engine's", nil, 1<<0 | 1<<1},
		{"without compressed instructions", []string{"-c"}, 1 << 0},
		{"promised", []string{"+zba", "+V"}, 1<<0 | 1<<1 | 1<<2 | 1<<3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t, "riscv64", nil, func(c *Config) { c.Machine.Features = tc.features })
			pair, errno := p.probe(t, extensions)
			require.Zero(t, errno)
			require.Equal(t, [2]uint64{extensions, tc.want}, pair)
		})
	}
}

func TestHwprobeArguments(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "riscv64", nil, withMachine(machine.CPUSetOf("0-3")))
	pair, errno := p.probe(t, 4711)
	require.Zero(t, errno)
	require.Equal(t, [2]uint64{^uint64(0), 0}, pair, "a key that is not known")
	pair, _ = p.probe(t, 7)
	require.Equal(t, [2]uint64{7, p.arch.UserTop - 1}, pair)

	const set = testData + 64
	for _, tc := range []struct {
		mask, size, addr, flags uint64
		want                    arch.Errno
	}{
		{0b1000, 8, set, 0, 0},
		{0b10000, 8, set, 0, arch.EINVAL}, // a CPU that is not there
		{0, 8, set, 0, arch.EINVAL},
		{0, 8, 0, 0, arch.EINVAL},
		{0, 0, 0, 2, arch.EINVAL},
		{0, 8, 8, 0, arch.EFAULT},
	} {
		require.NoError(t, p.mem.PutUint(set, 8, tc.mask))
		_, errno := p.probe(t, 3, tc.size, tc.addr, tc.flags)
		require.Equal(t, tc.want, errno, "%+v", tc)
	}
	_, errno = p.do("riscv_hwprobe", 8, 1)
	require.Equal(t, arch.EFAULT, errno)
	p = newProcess(t, "riscv64", nil, withMachine(machine.KernelRelease("6.3.9")))
	_, errno = p.probe(t, 3)
	require.Equal(t, arch.ENOSYS, errno)
	_, errno = p.do("riscv_flush_icache", 0, 0, 1)
	require.Zero(t, errno)
	_, errno = p.do("riscv_flush_icache", 0, 0, 2)
	require.Equal(t, arch.EINVAL, errno)
}

// The machine has the first word on a key, then its CPU.
func TestHwprobeKeys(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "riscv64", nil, withMachine(machine.Setting("cpu.model", "thead-c906"), machine.Setting("hwprobe.3", "absent"),
		machine.Setting("hwprobe.1", "0x1234"), machine.Setting("hwprobe.99", "7")))
	for key, want := range map[uint64][2]uint64{0: {0, 0x5b7}, 1: {1, 0x1234}, 3: {^uint64(0), 0}, 4: {4, 3}, 99: {99, 7}, 98: {^uint64(0), 0}} {
		pair, errno := p.probe(t, key)
		require.Zero(t, errno)
		require.Equal(t, want, pair, "key %d", key)
	}
}
