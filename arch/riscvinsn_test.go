// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// hart is a CPU of registers.
type hart struct {
	Core
	x   [32]uint64
	has []string
}

func (h *hart) Reg(r Register) uint64       { return h.x[r.ID-ucRISCVRegX0] }
func (h *hart) SetReg(r Register, v uint64) { h.x[r.ID-ucRISCVRegX0] = v }
func (h *hart) Has(feature string) bool     { return slices.Contains(h.has, feature) }
func (h *hart) do(insn uint32) (int, error) {
	return riscvEmulate(h, binary.LittleEndian.AppendUint32(nil, insn))
}

// Results by the specification's own definitions.
func TestRISCVEmulate(t *testing.T) {
	t.Parallel()
	const rd, rs1, rs2 = 10 << 7, 11 << 15, 12 << 20
	minus := func(n int64) uint64 { return uint64(-n) }
	for _, tc := range []struct {
		name       string
		insn       uint32
		a, b, want uint64
	}{
		{"sh2add", 0x20004033 | rs2, 5, 7, 27},
		{"add.uw", 0x0800003b | rs2, math.MaxUint64, 1, 1 << 32},
		{"sh3add.uw", 0x2000603b | rs2, 1<<32 | 2, 1, 17},
		{"slli.uw", 0x0800101b | 4<<20, 1<<40 | 3, 0, 48},
		{"andn", 0x40007033 | rs2, 0b1110, 0b0110, 0b1000},
		{"orn", 0x40006033 | rs2, 1, math.MaxUint64 - 2, 3},
		{"xnor", 0x40004033 | rs2, 5, 5, math.MaxUint64},
		{"min", 0x0a004033 | rs2, minus(1), 1, minus(1)},
		{"minu", 0x0a005033 | rs2, minus(1), 1, 1},
		{"max", 0x0a006033 | rs2, minus(1), 1, 1},
		{"maxu", 0x0a007033 | rs2, minus(1), 1, minus(1)},
		{"rol", 0x60001033 | rs2, 1 << 63, 65, 1},
		{"ror", 0x60005033 | rs2, 1, 1, 1 << 63},
		{"rolw", 0x6000103b | rs2, 1 << 30, 1, 0xffffffff80000000},
		{"rorw", 0x6000503b | rs2, 1, 1, 0xffffffff80000000},
		{"rori", 0x60005013 | 63<<20, 1, 0, 2},
		{"roriw", 0x6000501b | 31<<20, 1, 0, 2},
		{"clz", 0x60001013, 1, 0, 63}, {"clz of 0", 0x60001013, 0, 0, 64}, {"clzw", 0x6000101b, 1 << 40, 0, 32},
		{"ctz", 0x60101013, 8, 0, 3}, {"ctzw of 0", 0x6010101b, 1 << 32, 0, 32},
		{"cpop", 0x60201013, math.MaxUint64, 0, 64}, {"cpopw", 0x6020101b, math.MaxUint64, 0, 32},
		{"sext.b", 0x60401013, 0x1ff, 0, minus(1)}, {"sext.h", 0x60501013, 0x18000, 0, minus(0x8000)}, {"zext.h", 0x0800403b, 0x12345678, 0, 0x5678},
		{"rev8", 0x6b805013, 0x0102030405060708, 0, 0x0807060504030201}, {"orc.b", 0x28705013, 0x0100001000000080, 0, 0xff0000ff000000ff},
		{"bclr", 0x48001033 | rs2, 7, 65, 5}, {"bext", 0x48005033 | rs2, 4, 2, 1}, {"binv", 0x68001033 | rs2, 4, 2, 0}, {"bset", 0x28001033 | rs2, 0, 63, 1 << 63},
		{"bclri", 0x48001013 | 63<<20, math.MaxUint64, 0, math.MaxInt64}, {"bexti", 0x48005013 | 40<<20, 1 << 40, 0, 1},
		{"binvi", 0x68001013 | 1<<20, 0, 0, 2}, {"bseti", 0x28001013 | 62<<20, 0, 0, 1 << 62},
		{"czero.eqz", 0x0e005033 | rs2, 9, 0, 0}, {"czero.nez", 0x0e007033 | rs2, 9, 0, 9},
	} {
		h := &hart{has: []string{"zba", "zbb", "zbs", "zicond"}}
		h.x[11], h.x[12] = tc.a, tc.b
		length, err := h.do(tc.insn | rd | rs1)
		require.NoError(t, err)
		require.Equal(t, 4, length, tc.name)
		require.Equal(t, tc.want, h.x[10], tc.name)
		length, _ = h.do(tc.insn | rs1) // to x0
		require.Equal(t, 4, length)
		require.Zero(t, h.x[0])
		length, _ = (&hart{}).do(tc.insn | rd | rs1)
		require.Zero(t, length, "%s: the CPU does not have it", tc.name)
	}
	length, _ := (&hart{has: []string{"zba", "v"}}).do(0x57)
	require.Zero(t, length)
}
