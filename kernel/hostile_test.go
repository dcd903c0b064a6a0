// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/emu"
)

// hostileArgument turns a byte into what a hostile program would pass: pointers that are good, read-only, at an edge, unmapped or wild,
// sizes, flags, descriptors, and numbers at the borders of their types.
func (p *Process) hostileArgument(b byte) uint64 {
	interesting := [...]uint64{
		testData, testData + 8, testData + 4096, testData + testSize - 4, testData + testSize, testCode, testStack + 64, 0x1000,
		p.arch.UserTop, p.arch.UserTop - 4096, p.arch.UserTop - 1, 1 << 31, 1 << 32, 1 << 47, 1 << 63, ^uint64(0),
		^uint64(99), ^uint64(4095), 1<<31 - 1, 1<<32 - 1, 1<<63 - 1, 4096, 8192, 1 << 20,
		1 << 30, 0xffff, 1000, 1001, uint64(p.mem.Size()), 0o2000000, 0o4000, 0x22,
	}
	if b < 0xe0 {
		return uint64(b)
	}
	return interesting[b-0xe0]
}

// hostile lets a process make calls as data says, eight bytes each: call, six arguments, and what happens in between. The process may do
// what it likes; rt0 must neither panic nor hang.
func hostile(t *testing.T, goarch string, data []byte) {
	p := newProcess(t, goarch, nil, func(c *Config) { c.Output = 1000 })
	numbers := p.arch.Syscall.Numbers
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for i := 0; i+8 <= len(data) && i < 8*200 && p.exit == nil; i += 8 {
		convention := &p.arch.Syscall
		p.eng.SetReg(convention.Number, numbers[int(data[i])*len(numbers)/256].N)
		if data[i+7]&8 != 0 {
			p.eng.SetReg(convention.Number, numbers[int(data[i]^data[i+7])%len(numbers)].N)
		}
		for k, r := range convention.Args {
			p.eng.SetReg(r, p.hostileArgument(data[i+1+k]))
		}
		if data[i+7]&1 != 0 { // what is at the pointers is hostile too
			for k := range uint64(64) {
				_ = p.mem.PutUint(testData+8*k, 8, p.hostileArgument(data[(i+int(k))%len(data)]))
			}
		}
		p.syscall(p.current)
		if e := p.Run(ctx, p.eng.Instructions()+uint64(data[i+7])*100+1); e.Kind == Timeout {
			require.Fail(t, "a system call hung", "thread states: %s", p.deadlockReason())
		}
	}
	require.LessOrEqual(t, p.mem.Touched(), uint64(emu.DefaultMemory/emu.PageSize))
}

// FuzzHostile differs from FuzzSyscalls in that calls may block, and threads, signals and timers run in between.
func FuzzHostile(f *testing.F) {
	random := rand.New(rand.NewPCG(3, 4))
	for i := range 12 {
		data := make([]byte, 8*60)
		for k := range data {
			data[k] = byte(random.Uint32())
			if k%8 != 0 && k%8 != 7 && random.IntN(2) == 0 {
				data[k] |= 0xe0
			}
		}
		f.Add(uint8(i), data)
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		hostile(t, arches[int(which)%len(arches)], data)
	})
}
