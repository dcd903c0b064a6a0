// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"github.com/rt0-dev/rt0/arch"
)

// probeCalls are those of RISC-V alone: riscv/kernel/sys_hwprobe.c and sys_riscv.c.
var probeCalls = []call{
	{name: "riscv_hwprobe", do: sysRiscvHwprobe, support: partial, note: "RISCV_HWPROBE_WHICH_CPUS: EINVAL, as before Linux 6.9; ENOSYS before 6.4"},
	{name: "riscv_flush_icache", do: sysRiscvFlushIcache},
}

// hasProbe is the release that brought riscv_hwprobe (ea3de9ce8aa2).
var hasProbe = release{6, 4}

// probeKeys are the keys of riscv_hwprobe (riscv/include/uapi/asm/hwprobe.h). Vendor, architecture and implementation are 0 unless the CPU has a
// name, as they may be; accesses that are not aligned cost nothing (RISCV_HWPROBE_MISALIGNED_FAST); the counter of RDTIME runs at 1 GHz.
var probeKeys = map[int64]func(*Process) uint64{
	0: func(*Process) uint64 { return 0 },                      // MVENDORID
	1: func(*Process) uint64 { return 0 },                      // MARCHID
	2: func(*Process) uint64 { return 0 },                      // MIMPID
	3: func(*Process) uint64 { return 1 },                      // BASE_BEHAVIOR: IMA
	4: func(p *Process) uint64 { return p.cpu.HWProbe() },      // IMA_EXT_0
	5: func(*Process) uint64 { return 3 },                      // CPUPERF_0
	6: (*Process).probeZeroBlock,                               // ZICBOZ_BLOCK_SIZE
	7: func(p *Process) uint64 { return p.arch.UserTop - 1 },   // HIGHEST_VIRT_ADDRESS
	8: func(*Process) uint64 { return 1e9 / nsPerInstruction }, // TIME_CSR_FREQ
	9: func(*Process) uint64 { return 3 },                      // MISALIGNED_SCALAR_PERF
}

// probeKey is the answer to a key; false: the kernel does not know it. The machine has the first word, then its CPU.
func (p *Process) probeKey(key int64) (uint64, bool) {
	if value, known, given := p.cfg.Machine.ProbeKey(key); given {
		return value, known
	}
	if value, ok := p.cpu.CPU.HWProbe[key]; ok {
		return value, true
	}
	if answer := probeKeys[key]; answer != nil {
		return answer(p), true
	}
	return 0, false
}

func (p *Process) probeZeroBlock() uint64 {
	if p.cpu.Has("zicboz") {
		return 64
	}
	return 0
}

// sysRiscvHwprobe(pairs, count, size of the CPU set, CPU set, flags). A key that is not known becomes -1.
func sysRiscvHwprobe(t *Thread, a [6]uint64) (uint64, arch.Errno) {
	p := t.p
	switch {
	case p.id.release.before(hasProbe):
		return 0, arch.ENOSYS
	case uint32(a[4]) != 0, a[3] == 0 && a[2] != 0:
		return 0, arch.EINVAL
	case a[3] != 0:
		set := make([]byte, min(a[2], uint64(p.maskSize())))
		if errno := t.copyIn(a[3], set); errno != 0 {
			return 0, errno
		}
		if !p.anyCPU(set) {
			return 0, arch.EINVAL
		}
	}
	for ; a[1] > 0; a[0], a[1] = a[0]+16, a[1]-1 {
		key, errno := t.readUint(a[0], 8)
		if errno != 0 {
			return 0, errno
		}
		value, known := p.probeKey(int64(key))
		if !known {
			key = ^uint64(0)
		}
		if errno := t.copyOut(a[0], t.encode().u64(key).u64(value).b); errno != 0 {
			return 0, errno
		}
	}
	return 0, 0
}

// anyCPU says whether a mask has a CPU of the machine in it.
func (p *Process) anyCPU(mask []byte) bool {
	for i, b := range mask {
		for bit := range 8 {
			if b>>bit&1 != 0 && p.cfg.Machine.CPUs.Contains(8*i+bit) {
				return true
			}
		}
	}
	return false
}

// sysRiscvFlushIcache(start, end, flags): the engine sees to it that changed code runs.
func sysRiscvFlushIcache(_ *Thread, a [6]uint64) (uint64, arch.Errno) {
	const local = 1 // SYS_RISCV_FLUSH_ICACHE_LOCAL
	if a[2]&^local != 0 {
		return 0, arch.EINVAL
	}
	return 0, 0
}
