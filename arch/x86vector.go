// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"encoding/binary"
	"math"
	"slices"
)

// What of AVX, AVX2 and FMA rt0 carries out in the CPU's stead, for a CPU that promises them: the instructions that Go's runtime and compiler
// write (memmove, memclr, IndexByte, Count, Compare; math.FMA), by SDM volume 2. Status flags of MXCSR are left alone.

// ymm is a vector register; the lowest bits come first.
type ymm [4]uint64

// vexInsn is an instruction with its operands.
type vexInsn struct {
	m   x86Mode
	cpu Core

	long, wide bool
	dst, src   int    // ModR/M.reg, VEX.vvvv
	rm         int    // the other register; -1: memory at addr
	addr       uint64 // needs imm's length where it is relative to RIP
	imm        byte
	unknown    bool // it is another one
	err        error
}

func (v *vexInsn) size() int {
	if v.long {
		return 32
	}
	return 16
}

func (v *vexInsn) reg(n int) ymm { return v.cpu.Vector(n) }
func (v *vexInsn) first() ymm    { return v.reg(v.src) }
func (v *vexInsn) second() ymm   { return v.load(v.size()) }
func (v *vexInsn) set(n int, value ymm) { // bits above the operand's size become zero
	if !v.long {
		value[2], value[3] = 0, 0
	}
	if v.err == nil {
		v.cpu.SetVector(n, value)
	}
}

// load is the operand of ModR/M, of so many bytes, zero-extended.
func (v *vexInsn) load(size int) ymm {
	var value ymm
	if v.rm >= 0 {
		value = v.reg(v.rm)
		for i := range value {
			if 8*i >= size {
				value[i] = 0
			}
		}
		if size < 8 {
			value[0] &= 1<<(8*size) - 1
		}
		return value
	}
	var b [32]byte
	if v.err == nil {
		v.err = v.cpu.Read(v.addr, b[:size])
	}
	for i := range value {
		value[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return value
}

// store writes so many bytes to the operand of ModR/M.
func (v *vexInsn) store(value ymm, size int) {
	if v.rm >= 0 {
		v.set(v.rm, value)
		return
	}
	var b [32]byte
	for i, w := range value {
		binary.LittleEndian.PutUint64(b[8*i:], w)
	}
	v.err = v.cpu.Write(v.addr, b[:size])
}

// lanes applies f to the elements of two vectors, of so many bytes each.
func lanes(a, b ymm, size uint, f func(x, y uint64) uint64) ymm {
	var r ymm
	mask := ^uint64(0) >> (64 - 8*size)
	for i := range r {
		for shift := uint(0); shift < 64; shift += 8 * size {
			r[i] |= f(a[i]>>shift&mask, b[i]>>shift&mask) & mask << shift
		}
	}
	return r
}

// ones is a truth as an element of all ones or all zeroes.
func ones(ok bool) uint64 {
	if ok {
		return ^uint64(0)
	}
	return 0
}

// vexLanes are the operations on elements: table of opcodes, prefix and opcode as in a word, the size of an element, and what is done.
var vexLanes = map[uint64]struct {
	size uint
	f    func(x, y uint64) uint64
}{
	0x1_01_ef: {8, func(x, y uint64) uint64 { return x ^ y }}, 0x1_00_57: {8, func(x, y uint64) uint64 { return x ^ y }},
	0x1_01_57: {8, func(x, y uint64) uint64 { return x ^ y }}, 0x1_01_eb: {8, func(x, y uint64) uint64 { return x | y }},
	0x1_01_db: {8, func(x, y uint64) uint64 { return x & y }}, 0x1_01_df: {8, func(x, y uint64) uint64 { return ^x & y }},
	0x1_01_74: {1, func(x, y uint64) uint64 { return ones(x == y) }}, 0x1_01_75: {2, func(x, y uint64) uint64 { return ones(x == y) }},
	0x1_01_76: {4, func(x, y uint64) uint64 { return ones(x == y) }}, 0x2_01_29: {8, func(x, y uint64) uint64 { return ones(x == y) }},
	0x1_01_fc: {1, func(x, y uint64) uint64 { return x + y }}, 0x1_01_fd: {2, func(x, y uint64) uint64 { return x + y }},
	0x1_01_fe: {4, func(x, y uint64) uint64 { return x + y }}, 0x1_01_d4: {8, func(x, y uint64) uint64 { return x + y }},
	0x1_01_f8: {1, func(x, y uint64) uint64 { return x - y }}, 0x1_01_f9: {2, func(x, y uint64) uint64 { return x - y }},
	0x1_01_fa: {4, func(x, y uint64) uint64 { return x - y }}, 0x1_01_fb: {8, func(x, y uint64) uint64 { return x - y }},
	0x1_01_da: {1, func(x, y uint64) uint64 { return min(x, y) }}, 0x1_01_de: {1, func(x, y uint64) uint64 { return max(x, y) }},
}

// vexMoves are moves of whole registers: whether ModR/M is written.
var vexMoves = map[uint64]bool{
	0x1_01_6f: false, 0x1_02_6f: false, 0x1_00_10: false, 0x1_01_10: false, 0x1_00_28: false, 0x1_01_28: false,
	0x1_01_7f: true, 0x1_02_7f: true, 0x1_00_11: true, 0x1_01_11: true, 0x1_00_29: true, 0x1_01_29: true, 0x1_01_e7: true, 0x1_00_2b: true, 0x1_01_2b: true,
}

// vexOthers are the rest, by the same numbers.
var vexOthers = map[uint64]func(v *vexInsn){
	0x1_00_77: func(v *vexInsn) { // vzeroupper, vzeroall
		for n := range len(v.m.numbered) {
			value := v.reg(n)
			value[2], value[3] = 0, 0
			if v.long {
				value = ymm{}
			}
			v.cpu.SetVector(n, value)
		}
	},
	0x1_01_6e: func(v *vexInsn) { v.set(v.dst, v.general()) },
	0x1_01_7e: func(v *vexInsn) { v.toGeneral(v.reg(v.dst)[0]) },
	0x1_02_7e: func(v *vexInsn) { v.set(v.dst, v.load(8)) },
	0x1_01_d6: func(v *vexInsn) { v.store(ymm{v.reg(v.dst)[0]}, 8) },
	0x1_01_d7: func(v *vexInsn) { // vpmovmskb
		value, mask := v.second(), uint64(0)
		for i := range v.size() {
			mask |= value[i/8] >> (8*(i%8) + 7) & 1 << i
		}
		v.cpu.SetReg(v.m.reg(byte(v.dst)), mask)
	},
	0x1_01_f6: func(v *vexInsn) { // vpsadbw
		a, b := v.first(), v.second()
		var sum ymm
		for i := range sum {
			for shift := 0; shift < 64; shift += 8 {
				x, y := int(a[i]>>shift&0xff), int(b[i]>>shift&0xff)
				sum[i] += uint64(max(x-y, y-x))
			}
		}
		v.set(v.dst, sum)
	},
	0x2_01_17: func(v *vexInsn) { // vptest: ZF, CF
		a, b := v.reg(v.dst), v.second()
		zero, carry := true, true
		for i := range v.size() / 8 {
			zero, carry = zero && a[i]&b[i] == 0, carry && ^a[i]&b[i] == 0
		}
		const arithmetic, zf, cf = 0x8d5, 0x40, 1
		if v.err == nil {
			v.cpu.SetReg(v.m.flags, v.cpu.Reg(v.m.flags)&^arithmetic|ones(zero)&zf|ones(carry)&cf)
		}
	},
	0x2_01_00: func(v *vexInsn) { // vpshufb, within 128 bits
		a, by := v.first(), v.second()
		var r ymm
		for i := range v.size() {
			if from := by[i/8] >> (8 * (i % 8)) & 0xff; from&0x80 == 0 {
				at := i&^15 | int(from&15)
				r[i/8] |= a[at/8] >> (8 * (at % 8)) & 0xff << (8 * (i % 8))
			}
		}
		v.set(v.dst, r)
	},
	0x2_01_78: func(v *vexInsn) { w := v.load(1)[0] * 0x0101010101010101; v.set(v.dst, ymm{w, w, w, w}) },
	0x2_01_79: func(v *vexInsn) { w := v.load(2)[0] * 0x0001000100010001; v.set(v.dst, ymm{w, w, w, w}) },
	0x2_01_58: func(v *vexInsn) { w := v.load(4)[0] * 0x0000000100000001; v.set(v.dst, ymm{w, w, w, w}) },
	0x2_01_18: func(v *vexInsn) { w := v.load(4)[0] * 0x0000000100000001; v.set(v.dst, ymm{w, w, w, w}) },
	0x2_01_59: func(v *vexInsn) { w := v.load(8)[0]; v.set(v.dst, ymm{w, w, w, w}) },
	0x2_01_5a: func(v *vexInsn) { w := v.load(16); v.set(v.dst, ymm{w[0], w[1], w[0], w[1]}) },
	0x1_01_70: func(v *vexInsn) { // vpshufd
		a := v.second()
		var r ymm
		for i := range v.size() / 4 {
			at := i&^3 | int(v.imm>>(2*(i&3))&3)
			r[i/2] |= a[at/2] >> (32 * (at & 1)) & 0xffffffff << (32 * (i & 1))
		}
		v.set(v.dst, r)
	},
	0x1_01_72: func(v *vexInsn) { v.shift(4) },
	0x1_01_73: func(v *vexInsn) { v.shift(8) },
	0x3_01_0f: func(v *vexInsn) { // vpalignr
		a, b := v.first(), v.second()
		var r ymm
		for i := range v.size() {
			lane, at := i&^15, i&15+int(v.imm)
			switch {
			case at < 16:
				r[i/8] |= b[(lane+at)/8] >> (8 * (at % 8)) & 0xff << (8 * (i % 8))
			case at < 32:
				r[i/8] |= a[(lane+at-16)/8] >> (8 * (at % 8)) & 0xff << (8 * (i % 8))
			}
		}
		v.set(v.dst, r)
	},
	0x1_03_58: func(v *vexInsn) { v.scalar(func(x, y float64) float64 { return x + y }) },
	0x1_03_5c: func(v *vexInsn) { v.scalar(func(x, y float64) float64 { return x - y }) },
	0x1_03_59: func(v *vexInsn) { v.scalar(func(x, y float64) float64 { return x * y }) },
	0x1_03_5e: func(v *vexInsn) { v.scalar(func(x, y float64) float64 { return x / y }) },
	0x3_01_39: (*vexInsn).extract, 0x3_01_19: (*vexInsn).extract,
	0x3_01_38: (*vexInsn).insert, 0x3_01_18: (*vexInsn).insert,
	0x3_01_46: (*vexInsn).permute, 0x3_01_06: (*vexInsn).permute,
}

// shift is by the immediate: of elements of so many bytes, or of 128 bits. ModR/M.reg says which way.
func (v *vexInsn) shift(size uint) {
	how, n := v.dst, uint64(v.imm)
	v.dst = v.src
	a := v.second()
	var r ymm
	switch f := map[int]func(x, y uint64) uint64{
		2: func(x, _ uint64) uint64 { return x >> n },
		4: func(x, _ uint64) uint64 { return uint64(int64(int32(x)) >> n) },
		6: func(x, _ uint64) uint64 { return x << n },
	}[how]; {
	case f != nil && (how != 4 || size == 4):
		r = lanes(a, a, size, f)
	case how == 3 || how == 7: // bytes
		for i := range v.size() {
			from := i&15 + int(n)
			if how == 7 {
				from = i&15 - int(n)
			}
			if from >= 0 && from < 16 {
				from += i &^ 15
				r[i/8] |= a[from/8] >> (8 * (from % 8)) & 0xff << (8 * (i % 8))
			}
		}
	default:
		v.unknown = true
		return
	}
	v.set(v.dst, r)
}

// scalar works on the lowest element, a double; the rest is the first operand's.
func (v *vexInsn) scalar(f func(x, y float64) float64) {
	r, second := v.first(), v.load(8)
	r[0] = math.Float64bits(f(math.Float64frombits(r[0]), math.Float64frombits(second[0])))
	v.long = false
	v.set(v.dst, r)
}

func (v *vexInsn) extract() {
	value := v.reg(v.dst)
	half := value[v.imm&1*2:]
	v.long = false
	v.store(ymm{half[0], half[1]}, 16)
}

func (v *vexInsn) insert() {
	value, half := v.first(), v.load(16)
	at := v.imm & 1 * 2
	value[at], value[at+1] = half[0], half[1]
	v.set(v.dst, value)
}

// permute is vperm2i128: each half of the result is one of four, or zero.
func (v *vexInsn) permute() {
	a, b := v.first(), v.second()
	four := [8]uint64{a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]}
	var r ymm
	for i := range 2 {
		if choice := v.imm >> (4 * i); choice&8 == 0 {
			copy(r[2*i:2*i+2], four[choice&3*2:])
		}
	}
	v.set(v.dst, r)
}

// general is the operand of ModR/M as a general register, or as memory.
func (v *vexInsn) general() ymm {
	size := 4
	if v.wide {
		size = 8
	}
	if v.rm < 0 {
		return v.load(size)
	}
	return ymm{v.cpu.Reg(v.m.reg(byte(v.rm))) & (^uint64(0) >> (64 - 8*size))}
}

func (v *vexInsn) toGeneral(value uint64) {
	size := 4
	if v.wide {
		size = 8
	}
	if v.rm < 0 {
		v.store(ymm{value}, size)
		return
	}
	v.cpu.SetReg(v.m.reg(byte(v.rm)), value&(^uint64(0)>>(64-8*size)))
}

// fma is a scalar fused multiply-add: opcodes 99, 9B, 9D, 9F, A9 and so on. The upper half of the register stays.
func (v *vexInsn) fma(opcode byte) {
	size := 4
	if v.wide {
		size = 8
	}
	a, b, c := v.reg(v.dst)[0], v.first()[0], v.load(size)[0]
	x, y, z := a, c, b // 132: first by third, plus second
	switch opcode >> 4 {
	case 0xa:
		x, y, z = b, a, c
	case 0xb:
		x, y, z = b, c, a
	}
	minusProduct, minusAddend := opcode&4 != 0, opcode&2 != 0 // 9 plus, B minus, D negated plus, F negated minus
	r := v.reg(v.dst)
	if v.wide {
		r[0] = math.Float64bits(math.FMA(negated(math.Float64frombits(x), minusProduct), math.Float64frombits(y), negated(math.Float64frombits(z), minusAddend)))
	} else {
		f := func(w uint64) float64 { return float64(math.Float32frombits(uint32(w))) }
		r[0] = r[0]&^0xffffffff | uint64(math.Float32bits(fma32(negated(f(x), minusProduct), f(y), negated(f(z), minusAddend))))
	}
	v.long = false
	v.set(v.dst, r)
}

func negated(f float64, minus bool) float64 {
	if minus {
		return -f
	}
	return f
}

// fma32 is x*y+z of numbers that float32 has, rounded once: the product is exact in float64, and the sum is rounded to odd, so that rounding it
// again makes no difference.
func fma32(x, y, z float64) float32 {
	p := x * y
	s := p + z
	part := s - p
	if lost := (p - (s - part)) + (z - part); lost != 0 && lost == lost && math.Float64bits(s)&1 == 0 {
		if (lost > 0) == (s > 0) {
			s = math.Float64frombits(math.Float64bits(s) + 1)
		} else {
			s = math.Float64frombits(math.Float64bits(s) - 1)
		}
	}
	return float32(s)
}

// vex carries an instruction out that begins with VEX; 0: it is none of those above, or the CPU does not promise it.
func (m x86Mode) vex(cpu Core, code []byte) (int, error) {
	v := vexInsn{m: m, cpu: cpu, rm: -1}
	if len(code) < 4 {
		return 0, nil
	}
	var table, prefix uint64
	rex, i := byte(0), 2 // R, X, B as in REX
	if code[0] == 0xc5 {
		rex, table = ^code[1]>>5&4, 1
	} else {
		rex, table, i = ^code[1]>>5&7, uint64(code[1]&31), 3
	}
	last := code[i-1]
	prefix, v.long, v.src = uint64(last&3), last&4 != 0, int(^last>>3&15)
	v.wide = code[0] == 0xc4 && last&0x80 != 0
	opcode := code[i]
	key := table<<16 | prefix<<8 | uint64(opcode)
	i++
	if len(m.numbered) == 8 {
		rex, v.src, v.wide = 0, v.src&7, v.wide && table == 2
	}
	word := uint64(1)<<x86Kind | table<<x86Map | prefix<<x86Prefix | uint64(opcode)<<x86Opcode
	if v.long {
		word |= 1 << x86Long
	}
	if v.wide {
		word |= 1 << x86Wide
	}
	if !m.promises(cpu, word) {
		return 0, nil
	}
	if key != 0x1_00_77 {
		n, ok := v.operands(code[i:], rex)
		if !ok {
			return 0, nil
		}
		i += n
		if table == 3 || opcode >= 0x70 && opcode <= 0x73 && table == 1 {
			if i >= len(code) {
				return 0, nil
			}
			v.imm = code[i]
			i++
		}
		v.relative(i)
	}
	switch op, isLanes := vexLanes[key]; {
	case isLanes:
		v.set(v.dst, lanes(v.first(), v.second(), op.size, op.f))
	case table == 2 && prefix == 1 && opcode >= 0x99 && opcode <= 0xbf && opcode&9 == 9:
		v.fma(opcode)
	default:
		if store, ok := vexMoves[key]; ok && store {
			v.store(v.reg(v.dst), v.size())
		} else if ok {
			v.set(v.dst, v.second())
		} else if do, ok := vexOthers[key]; ok {
			do(&v)
		} else {
			return 0, nil
		}
	}
	if v.unknown {
		return 0, nil
	}
	return i, v.err
}

// promises says whether the CPU has the feature of an instruction.
func (m x86Mode) promises(cpu Core, word uint64) bool {
	for _, o := range x86Opcodes {
		if word&o.Mask == o.Value {
			i := slices.IndexFunc(x86Features, func(f Feature) bool { return f.Name == o.Feature })
			return x86Promises(cpu, x86Features[i].CPUID)
		}
	}
	return false
}

// ripRelative marks an address that waits for the instruction's length.
const ripRelative = -2

// operands reads ModR/M and what belongs to it, and returns its length.
func (v *vexInsn) operands(code []byte, rex byte) (int, bool) {
	at := func(i int) byte {
		if i < len(code) {
			return code[i]
		}
		return 0
	}
	modrm := at(0)
	mod, reg, rm := modrm>>6, modrm>>3&7, modrm&7
	v.dst = int(reg | rex&4<<1)
	if mod == 3 {
		v.rm = int(rm | rex&1<<3)
		return 1, len(code) >= 1
	}
	i, addr := 1, uint64(0)
	base := func(n byte) uint64 { return v.cpu.Reg(v.m.reg(n | rex&1<<3)) }
	switch {
	case rm == 4:
		sib := at(1)
		i++
		if index := sib>>3&7 | rex&2<<2; index != 4 {
			addr = v.cpu.Reg(v.m.reg(index)) << (sib >> 6)
		}
		if sib&7 == 5 && mod == 0 {
			mod = 4
		} else {
			addr += base(sib & 7)
		}
	case rm == 5 && mod == 0:
		mod = 4
		if len(v.m.numbered) == 16 {
			v.rm = ripRelative
		}
	default:
		addr = base(rm)
	}
	if mod == 1 {
		addr += uint64(int64(int8(at(i))))
		i++
	} else if mod == 2 || mod == 4 {
		addr += uint64(int64(int32(uint32(at(i)) | uint32(at(i+1))<<8 | uint32(at(i+2))<<16 | uint32(at(i+3))<<24)))
		i += 4
	}
	v.addr = addr
	if len(v.m.numbered) == 8 {
		v.addr &= math.MaxUint32
	}
	return i, i <= len(code)
}

// relative makes an address of one that is relative to the next instruction.
func (v *vexInsn) relative(length int) {
	if v.rm == ripRelative {
		v.addr += v.cpu.Reg(Register{"", ucX86RegRIP}) + uint64(length)
		v.rm = -1
	}
}
