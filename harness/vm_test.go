// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// with is a machine with these settings: key, value, key, value.
func with(settings ...string) machine.Machine {
	var options []machine.Option
	for i := 0; i < len(settings); i += 2 {
		options = append(options, machine.Setting(settings[i], settings[i+1]))
	}
	return machine.New(options...)
}

// mapping is an mmap of a boot that went well. What was asked for is not known where the arguments are in memory (s390x).
type mapping struct {
	addr       uint64
	known      bool
	hint, size uint64
	fixed      bool
}

// mappings are the anonymous mappings of a boot, from its system calls.
func mappings(t *testing.T, boot *harness.BootResult) (list []mapping) {
	t.Helper()
	a, _ := arch.Find(boot.Binary.GOARCH)
	word := func(text string) uint64 {
		if text == "NULL" {
			return 0
		}
		v, err := strconv.ParseUint(text, 0, 64)
		require.NoError(t, err)
		return v
	}
	for _, s := range boot.Syscalls {
		if !strings.HasPrefix(s.Name, "mmap") || s.Error != "" {
			continue
		}
		m := mapping{addr: uint64(*s.Result), known: !a.Syscall.MmapBlock}
		if m.known {
			m.hint, m.size, m.fixed = word(s.Args[0]), word(s.Args[1]), strings.Contains(s.Args[3], "MAP_FIXED")
		}
		list = append(list, m)
	}
	require.Greater(t, len(list), 5)
	return list
}

// TestAddressBits: a program comes up in each address space that its architecture has, and stays within it.
func TestAddressBits(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Hello, goarch)
		a, _ := arch.Find(goarch)
		for _, bits := range a.AddressBits() {
			wide, _ := a.Wide(bits)
			boot := harness.Boot(t, bin, with("vm.addressBits", strconv.Itoa(bits)), harness.RecordSyscalls())
			boot.RequireReached("main.main")
			lowest := wide.UserTop
			for _, m := range mappings(t, boot) {
				require.LessOrEqual(t, m.addr+m.size, wide.UserTop, "%d bits", bits)
				if m.known && m.hint == 0 {
					require.Less(t, m.addr, wide.MmapTop, "%d bits", bits)
				}
				lowest = min(lowest, m.addr)
			}
			require.Greater(t, wide.MmapTop, lowest)
		}
		_, err := harness.Run(context.Background(), bin, with("vm.addressBits", "27"))
		var value *machine.ValueError
		require.ErrorAs(t, err, &value)
		require.ErrorContains(t, err, `vm.addressBits cannot be "27": the addresses of `+goarch+" have ")
	})
}

// TestHighStack: what is asked for above the usual addresses is had where a wider address space has it, and refused where none has.
func TestHighStack(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Hello, goarch)
		a, _ := arch.Find(goarch)
		for _, key := range []string{"vm.mmapTop", "stack.top"} {
			top := a.UserTop + 1<<20
			m := with(key, fmt.Sprintf("%#x", top))
			if _, ok := a.Reaching(top); !ok {
				_, err := harness.Run(context.Background(), bin, m)
				require.ErrorContains(t, err, "user addresses of "+goarch+" end at")
				continue
			}
			boot := harness.Boot(t, bin, m, harness.Until("exit"), harness.RecordSyscalls())
			boot.RequireExited(0)
			require.Equal(t, "hello, world\n", boot.Stdout)
			if key == "vm.mmapTop" {
				require.True(t, slices.ContainsFunc(mappings(t, boot), func(m mapping) bool { return m.addr >= a.UserTop }))
			}
		}
	})
}

// TestMmapPolicy: Go's allocator gets along with a kernel that gives other addresses than it asks for.
func TestMmapPolicy(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, "./testdata/process", goarch)
		a, _ := arch.Find(goarch)
		start := func(settings ...string) (list []mapping, heap uint64) {
			t.Helper()
			boot := harness.Boot(t, bin, with(append(settings, "args", "heap")...), harness.Until("exit"), harness.RecordSyscalls())
			boot.RequireExited(0)
			lines := strings.Fields(boot.Stdout)
			require.Len(t, lines, 3)
			heap, err := strconv.ParseUint(lines[0], 0, 64)
			require.NoError(t, err)
			return mappings(t, boot), heap
		}
		_, usual := start()

		ignored, _ := start("vm.hints", "ignore")
		for _, m := range ignored {
			require.Less(t, m.addr, a.MmapTop)
			require.Greater(t, m.addr, a.MmapTop-min(a.MmapTop, 16<<30))
			require.True(t, !m.known || m.fixed || m.hint == 0 || m.addr != m.hint, "%#x", m.hint)
		}

		from := usual &^ (4<<20 - 1)
		refused, heap := start("vm.refuse", fmt.Sprintf("%#x-%#x", from, from+4<<20))
		for _, m := range refused {
			require.True(t, m.addr >= from+4<<20 || m.addr+m.size <= from, "%#x", m.addr)
		}
		require.NotEqual(t, from, heap&^(4<<20-1))

		up, _ := start("vm.placement", "bottomup")
		require.Equal(t, a.BottomUp, up[0].addr)

		low, _ := start("vm.mmapTop", "0x38000000")
		require.InDelta(t, 0x38000000, low[0].addr, 1<<20)

		start("vm.brk", "refuse")
		start("vm.overcommit", "always")
	})
}

// TestCommitLimit: a heap arena is 64 MiB where pointers have 8 bytes, 4 MiB elsewhere (runtime/malloc.go), and all of it is made writable
// at once.
func TestCommitLimit(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Hello, goarch)
		a, _ := arch.Find(goarch)
		need := map[int]string{4: "8MiB", 8: "64MiB"}[a.PtrSize]
		boot := harness.Boot(t, bin, with("vm.overcommit", "never", "memory", need))
		boot.RequireThrew("out of memory")
		boot = harness.Boot(t, bin, with("vm.overcommit", "never", "memory", "512MiB"))
		boot.RequireReached("main.main")
		boot = harness.Boot(t, bin, with("vm.overcommit", "always", "memory", need))
		boot.RequireReached("main.main")
	})
}

// TestAddressSpaceBudget: the summaries of the page allocator are reserved at once, on 64 bits hundreds of megabytes.
func TestAddressSpaceBudget(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Hello, goarch)
		a, _ := arch.Find(goarch)
		for _, key := range []string{"addressSpace", "rlimits.as"} {
			boot := harness.Boot(t, bin, with(key, "300MiB"), harness.RecordSyscalls())
			if a.PtrSize == 4 {
				boot.RequireReached("main.main")
				continue
			}
			boot.RequireThrew("failed to reserve page summary memory")
			require.True(t, slices.ContainsFunc(boot.Syscalls, func(s harness.Syscall) bool { return s.Error == "ENOMEM" }))
		}
	})
}
