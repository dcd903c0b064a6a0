// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/machine"
)

// saved are the registers that a C function keeps, beside the stack pointer.
var saved = map[string]string{
	"amd64": "rbx rbp r12 r13 r14 r15", "386": "ebx esi edi ebp", "arm": "r4 r5 r6 r7 r8 r9 r10 r11",
	"arm64":   "x19 x20 x21 x22 x23 x24 x25 x26 x27 x28 x29",
	"riscv64": "s0 s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 tp gp",
	"ppc64":   "r2 r13 r14 r15 r16 r20 r31", "ppc64le": "r2 r13 r14 r15 r16 r20 r31", "s390x": "r6 r7 r8 r9 r10 r11 r12 r13",
	"mips": "r16 r17 r18 r23 r28 r30", "mipsle": "r16 r17 r18 r23 r28 r30",
	"mips64": "r16 r17 r18 r23 r28 r30", "mips64le": "r16 r17 r18 r23 r28 r30",
}

// vdsoProcess is a process with a vDSO, which stops where a function that it calls returns to, and the addresses of the vDSO's symbols.
func vdsoProcess(t *testing.T, goarch string, change ...func(*machine.Machine)) (*Process, map[string]uint64) {
	t.Helper()
	symbols := map[string]uint64{}
	p := newProcess(t, goarch, nil, func(c *Config) {
		c.Machine.Kernel.VDSO = machine.VDSOBoth
		for _, f := range change {
			f(&c.Machine)
		}
		image, _, err := newVDSO(c.Arch, parseRelease(c.Machine.Kernel.Release), true, true)
		require.NoError(t, err)
		c.VDSO, err = MapVDSO(c.Engine.Mem(), c.Arch, c.Machine)
		require.NoError(t, err)
		for _, s := range image.symbols {
			symbols[s.name] = c.VDSO.Addr + s.value
		}
		c.Observer.Break = func(*Thread, uint64) bool { return true }
	})
	p.eng.Break(testCode)
	return p, symbols
}

// callC calls a C function, as a signal's handler is entered, and returns what it returns.
func (p *Process) callC(t *testing.T, addr uint64, args ...uint64) uint64 {
	t.Helper()
	a, e := p.arch, p.eng
	sp := uint64(testStack + testSize/2)
	kept := map[string]uint64{}
	for i, name := range strings.Fields(saved[a.Name]) {
		r, ok := a.Register(name)
		require.True(t, ok, name)
		e.SetReg(r, uint64(0x1000+i))
		kept[name] = uint64(0x1000 + i)
	}
	for i, v := range args {
		if a.Signal.StackArgs != nil {
			require.NoError(t, p.mem.PutUint(sp+uint64(i*a.PtrSize), a.PtrSize, v))
		} else {
			e.SetReg(a.Signal.Args[i], v)
		}
	}
	back := sp
	if a.Link == arch.None {
		sp -= uint64(a.PtrSize)
		require.NoError(t, p.mem.PutUint(sp, a.PtrSize, testCode))
	} else {
		e.SetReg(a.Link, testCode)
	}
	e.SetReg(a.SP, sp)
	e.SetReg(a.PC, addr)
	for _, r := range a.Signal.Handler {
		e.SetReg(r, addr)
	}
	require.Equal(t, Stopped, p.run(100_000).Kind, "%v", p.exit)
	require.EqualValues(t, testCode, e.Reg(a.PC))
	require.Equal(t, back, e.Reg(a.SP))
	for name, v := range kept {
		r, _ := a.Register(name)
		require.Equal(t, v, e.Reg(r), name)
	}
	return e.Reg(a.Syscall.Result)
}

// timespec reads what clock_gettime wrote: seconds and nanoseconds of a size.
func (p *Process) timespec(t *testing.T, addr uint64, size int) int64 {
	t.Helper()
	sec, err := p.mem.Uint(addr, size)
	require.NoError(t, err)
	rest, err := p.mem.Uint(addr+uint64(size), size)
	require.NoError(t, err)
	require.Less(t, rest, uint64(second))
	return int64(sec)*second + int64(rest)
}

// eachVDSO runs f for each architecture.
func eachVDSO(t *testing.T, f func(t *testing.T, goarch string)) {
	t.Parallel()
	for _, goarch := range arches {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			f(t, goarch)
		})
	}
}

// vdsoClock is the function that is clock_gettime.
func vdsoClock(symbols map[string]uint64) uint64 {
	return symbols["__vdso_clock_gettime"] + symbols["__kernel_clock_gettime"] // one of them is 0
}

// TestVDSOClocks: each clock shows the time of the instruction that read it, whether or not a system call was needed.
func TestVDSOClocks(t *testing.T) {
	eachVDSO(t, func(t *testing.T, goarch string) {
		p, symbols := vdsoProcess(t, goarch)
		word := p.arch.PtrSize
		for id, kind := range clocks {
			calls := p.SyscallCount()
			before := kind.read(p.current)
			require.Zero(t, p.callC(t, vdsoClock(symbols), uint64(id), testData))
			after := kind.read(p.current)
			got := p.timespec(t, testData, word)
			require.GreaterOrEqual(t, got, before, "clock %d", id)
			require.LessOrEqual(t, got, after, "clock %d", id)
			want := calls
			if kind.vdso == nil {
				want++
			}
			require.Equal(t, want, p.SyscallCount(), "clock %d", id)
			if wide, ok := symbols["__vdso_clock_gettime64"]; ok {
				require.Zero(t, p.callC(t, wide, uint64(id), testData))
				require.GreaterOrEqual(t, p.timespec(t, testData, 8), got)
				require.LessOrEqual(t, p.timespec(t, testData, 8), kind.read(p.current))
			}
		}
		for _, id := range []uint64{8, 16, 99} { // 8 and 9 are alarms, which rt0 has not
			calls := p.SyscallCount()
			require.NotZero(t, p.callC(t, vdsoClock(symbols), id, testData), "clock %d", id)
			require.Equal(t, calls+1, p.SyscallCount())
		}
	})
}

// TestVDSOGoesForward: time does not jump where the data is written, not even in the middle of a reading, nor does it when everybody has
// slept, and it agrees with the system call's.
func TestVDSOGoesForward(t *testing.T) {
	eachVDSO(t, func(t *testing.T, goarch string) {
		p, symbols := vdsoProcess(t, goarch)
		word := p.arch.PtrSize
		call := p.named(t, "clock_gettime")
		last := p.clock.now()
		for k := range int64(80) {
			// k nanoseconds before the data must be written.
			next := (int64(p.clock.counter())/arch.VDSOStep + 2 + k%3) * arch.VDSOStep
			p.clock.start += next - int64(p.clock.counter()) - k
			p.clock.count()
			p.clock.fire()
			before := p.clock.now()
			require.GreaterOrEqual(t, before, last)
			require.Zero(t, p.callC(t, vdsoClock(symbols), 1, testData))
			got := p.timespec(t, testData, word)
			require.GreaterOrEqual(t, got, before)
			require.LessOrEqual(t, got, p.clock.now())
			_, errno := p.do(call, 1, testData)
			require.Zero(t, errno)
			require.GreaterOrEqual(t, p.timespec(t, testData, word), got)
			require.Zero(t, p.callC(t, vdsoClock(symbols), 1, testData))
			require.GreaterOrEqual(t, p.timespec(t, testData, word), got)
			last = p.clock.now()
		}
		require.Equal(t, 80, p.SyscallCount(), "those of the test")
	})
}

// TestVDSOOthers calls the other functions.
func TestVDSOOthers(t *testing.T) {
	eachVDSO(t, func(t *testing.T, goarch string) {
		p, symbols := vdsoProcess(t, goarch)
		word := p.arch.PtrSize
		for name, addr := range symbols {
			calls := p.SyscallCount()
			_, short, _ := strings.Cut(strings.TrimPrefix(name, "__"), "_")
			switch {
			case !strings.HasPrefix(name, "__"):
				continue
			case short == "gettimeofday":
				require.NoError(t, p.mem.PutUint(testData+64, 8, 1<<63-1))
				before := p.clock.wall() / 1000
				require.Zero(t, p.callC(t, addr, testData, testData+64))
				sec, _ := p.mem.Uint(testData, word)
				micro, _ := p.mem.Uint(testData+uint64(word), word)
				got := int64(sec)*1_000_000 + int64(micro)
				require.GreaterOrEqual(t, got, before)
				require.LessOrEqual(t, got, p.clock.wall()/1000)
				zone, _ := p.mem.Uint(testData+64, 8)
				require.Zero(t, zone)
				require.Zero(t, p.callC(t, addr, testData, 0))
				require.Equal(t, calls, p.SyscallCount())
				require.Zero(t, p.callC(t, addr, 0, testData+64), "the system call for the zone alone")
				require.Equal(t, calls+1, p.SyscallCount())
			case short == "time":
				require.EqualValues(t, p.clock.wall()/second, p.callC(t, addr, testData))
				sec, _ := p.mem.Uint(testData, word)
				require.EqualValues(t, p.clock.wall()/second, sec)
				require.EqualValues(t, p.clock.wall()/second, p.callC(t, addr, 0))
				require.Equal(t, calls, p.SyscallCount())
			case short == "clock_getres":
				require.Zero(t, p.callC(t, addr, 5, testData))
				require.EqualValues(t, tick, p.timespec(t, testData, word))
				require.Equal(t, calls+1, p.SyscallCount())
			case short == "getcpu":
				require.Zero(t, p.callC(t, addr, testData, 0, 0))
				require.Equal(t, calls+1, p.SyscallCount())
			case short == "get_tbfreq":
				require.EqualValues(t, second, p.callC(t, addr))
			case short == "sync_dicache":
				require.Zero(t, p.callC(t, addr, testCode, testCode+64))
			case strings.Contains(short, "clock_gettime"), strings.Contains(short, "sig"), short == "restart_syscall", short == "vsyscall",
				short == "flush_icache", short == "riscv_hwprobe":
			default:
				require.Fail(t, "nothing checks "+name)
			}
		}
	})
}

// TestVDSOOtherClocks: when the clocks show something else than the counter, all readings are system calls.
func TestVDSOOtherClocks(t *testing.T) {
	for name, change := range map[string]func(*machine.Clock){
		"step":       func(c *machine.Clock) { c.Step = 5 },
		"resolution": func(c *machine.Clock) { c.Resolution = 4_000_000 },
		"frozen":     func(c *machine.Clock) { c.Frozen = true },
	} {
		t.Run(name, func(t *testing.T) {
			eachVDSO(t, func(t *testing.T, goarch string) {
				p, symbols := vdsoProcess(t, goarch, func(m *machine.Machine) { change(&m.Clock) })
				require.Zero(t, p.callC(t, vdsoClock(symbols), 1, testData))
				require.Equal(t, 1, p.SyscallCount())
			})
		})
	}
}

// TestVDSOPlace: data and code are neighbours in whole pages of the machine, and the files of /proc name them; what a program does to them
// does no harm.
func TestVDSOPlace(t *testing.T) {
	eachVDSO(t, func(t *testing.T, goarch string) {
		a, _ := arch.Find(goarch)
		for _, page := range a.PageSizes {
			p, symbols := vdsoProcess(t, goarch, func(m *machine.Machine) { m.PageSize = machine.Size(page) })
			v := p.clock.vdso
			require.Zero(t, v.Addr%uint64(page))
			require.Less(t, v.Addr, a.UserTop)
			data, ok := p.mem.Find(v.data)
			require.True(t, ok)
			require.Equal(t, emu.Region{Start: v.Addr - uint64(page), End: v.Addr, Prot: emu.Read, Tag: tagVVAR}, data)
			code, ok := p.mem.Find(v.Addr)
			require.True(t, ok)
			require.Equal(t, emu.Region{Start: v.Addr, End: v.Addr + uint64(page), Prot: emu.Read | emu.Exec, Tag: tagVDSO}, code)
			maps := string(procMaps(p.current))
			require.Regexp(t, ` r--p 00000000 00:00 0 +\[vvar\]\n[0-9a-f]+-[0-9a-f]+ r-xp 00000000 00:00 0 +\[vdso\]\n`, maps)
			require.Zero(t, p.callC(t, vdsoClock(symbols), 1, testData))
			require.Zero(t, p.SyscallCount())

			_, errno := p.do("mprotect", data.Start, uint64(page), 3)
			require.Equal(t, arch.EACCES, errno)
			_, errno = p.do("munmap", data.Start, uint64(page))
			require.Zero(t, errno)
			require.NoError(t, p.mem.Map(data.Start, uint64(page), emu.Read|emu.Write, tagAnon))
			p.clock.start += 10 * second
			p.clock.count()
			p.clock.fire()
			served, err := p.mem.Uint(v.data+arch.VDSOServed, 4)
			require.NoError(t, err)
			require.Zero(t, served, "that page is the program's now")
		}
	})
}

// TestVDSOIsPlaced: the machine's rules for mappings hold for it, and the stack keeps its place.
func TestVDSOIsPlaced(t *testing.T) {
	eachVDSO(t, func(t *testing.T, goarch string) {
		a, _ := arch.Find(goarch)
		top := a.MmapTop - 1<<24
		p, _ := vdsoProcess(t, goarch, func(m *machine.Machine) { m.VM.MmapTop, m.VM.Hints = machine.Addr(top), machine.HintsIgnore })
		v := p.clock.vdso
		require.LessOrEqual(t, v.Addr, top)
		require.Greater(t, v.Addr, top-1<<20)
		p, _ = vdsoProcess(t, goarch, func(m *machine.Machine) {
			m.VM.MmapTop, m.VM.Hints = machine.Addr(top), machine.HintsIgnore
			m.VM.Refuse = []string{fmt.Sprintf("%#x-%#x", top-1<<20, top)}
		})
		require.Less(t, p.clock.vdso.Addr, top-1<<20, "that range is never given")
		p, _ = vdsoProcess(t, goarch, func(m *machine.Machine) {
			m.VM.MmapTop, m.VM.Hints, m.Stack.Top = machine.Addr(top), machine.HintsIgnore, machine.Addr(top)
		})
		require.Less(t, p.clock.vdso.Addr, top-8<<20, "the stack is there")
	})
}

// TestVDSOFromZero: clocks that have only begun to count are right as well.
func TestVDSOFromZero(t *testing.T) {
	eachVDSO(t, func(t *testing.T, goarch string) {
		for _, monotonic := range []machine.Duration{0, 100_000_000} {
			p, symbols := vdsoProcess(t, goarch, func(m *machine.Machine) {
				m.Clock.Realtime, m.Clock.Monotonic = "1970-01-01T00:00:00Z", monotonic
			})
			for range 2 {
				for _, id := range []int32{0, 1} {
					before := clocks[id].read(p.current)
					require.Zero(t, p.callC(t, vdsoClock(symbols), uint64(id), testData))
					got := p.timespec(t, testData, p.arch.PtrSize)
					require.GreaterOrEqual(t, got, before, "clock %d", id)
					require.LessOrEqual(t, got, clocks[id].read(p.current), "clock %d", id)
				}
				p.clock.start += arch.VDSOStep
				p.clock.count()
				p.clock.fire()
			}
		}
	})
}

// TestNoVDSO: by default there is none.
func TestNoVDSO(t *testing.T) {
	t.Parallel()
	for _, a := range arch.All() {
		v, err := MapVDSO(nil, a, machine.New().Resolved())
		require.NoError(t, err)
		require.Nil(t, v)
	}
}
