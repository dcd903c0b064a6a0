// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"encoding/binary"
	"math"
)

// s390xEmulation is what the engine lacks or answers wrongly, by the Principles of Operation (SA22-7832). Its STFLE promises nothing, its
// clocks stand still, and EXTRACT CPU TIME reads the host's. VECTOR FP MAXIMUM and MINIMUM are of the z14: Go's compiler emits them for max
// and min since 1.26, whatever the CPU.
var s390xEmulation = Emulation{
	Emulate: s390xEmulate,
	Intercept: []Opcode{
		instruction(0xffff0000, 0xb2050000), // STCK
		instruction(0xffff0000, 0xb2780000), // STCKE
		instruction(0xffff0000, 0xb27c0000), // STCKF
		instruction(0xffff0000, 0xb2b00000), // STFLE
		instruction(0xff0f0000, 0xc8010000), // ECTG
	},
	Lengths:     [4]int{2, 4, 4, 6},
	WallCounter: true,
}

func s390xEmulate(cpu Core, code []byte) (int, error) {
	if len(code) >= 4 && code[0] == 0xb2 {
		do, ok := map[byte]func(Core, uint64) error{0x05: storeClock, 0x78: storeClockExtended, 0x7c: storeClock, 0xb0: storeFacilities}[code[1]]
		if !ok {
			return 0, nil
		}
		return 4, do(cpu, s390xAddress(cpu, code[2:]))
	}
	switch {
	case len(code) >= 4 && code[0] == 0xb9 && (code[1] == 0x29 || code[1] == 0x3a):
		return queryCryptography(cpu)
	case len(code) < 6:
		return 0, nil
	case code[0] == 0xc8 && code[1]&0xf == 1:
		return 6, extractCPUTime(cpu, code)
	case code[0] == 0xe7 && (code[5] == 0xee || code[5] == 0xef):
		return vectorMinMax(cpu, code), nil
	}
	return 0, nil
}

// queryCryptography is the function of KMA and KDSA that asks which others there are (R0 is 0, R1 the address of 16 bytes): none but itself.
// They came with the message-security assists 8 and 9, and Go asks where STFLE has those.
func queryCryptography(cpu Core) (int, error) {
	const function = 0x7f
	if cpu.Reg(s390xGR(0))&function != 0 {
		return 0, nil
	}
	if err := cpu.Write(cpu.Reg(s390xGR(1)), append([]byte{0x80}, make([]byte, 15)...)); err != nil {
		return 0, err
	}
	setCC(cpu, 0)
	return 4, nil
}

func s390xGR(n byte) Register { return Register{"", ucS390XRegR0 + int(n)} }

// s390xAddress is an operand's address: base register and displacement.
func s390xAddress(cpu Core, field []byte) uint64 {
	addr := uint64(binary.BigEndian.Uint16(field) & 0xfff)
	if base := field[0] >> 4; base != 0 {
		addr += cpu.Reg(s390xGR(base))
	}
	return addr
}

// setCC sets the condition code, bits 18 and 19 of the PSW.
func setCC(cpu Core, cc uint64) {
	pswm := Register{"pswm", ucS390XRegPSWM}
	cpu.SetReg(pswm, cpu.Reg(pswm)&^(3<<44)|cc<<44)
}

// tod is the time-of-day clock.
func tod(cpu Core) uint64 { return todClock(cpu.Counter()) }

// todClock is the time-of-day clock at a time since 1970: units of 2^-12 µs since 1900.
func todClock(ns uint64) uint64 {
	const epoch = 0x7d91048bca000000 // 1970
	return epoch + ns/125*512 + ns%125*512/125
}

func storeClock(cpu Core, addr uint64) error {
	if err := cpu.Write(addr, binary.BigEndian.AppendUint64(nil, tod(cpu))); err != nil {
		return err
	}
	setCC(cpu, 0)
	return nil
}

// storeClockExtended: an epoch index, the clock with 40 more bits, the programmable field.
func storeClockExtended(cpu Core, addr uint64) error {
	b := make([]byte, 16)
	binary.BigEndian.PutUint64(b[1:], tod(cpu))
	if err := cpu.Write(addr, b); err != nil {
		return err
	}
	setCC(cpu, 0)
	return nil
}

// storeFacilities stores as many doublewords as R0 has room for, and tells in R0 how many there are.
func storeFacilities(cpu Core, addr uint64) error {
	var list []byte
	for _, leaf := range cpu.CPUID() {
		for _, r := range leaf.Regs {
			list = binary.BigEndian.AppendUint32(list, r)
		}
	}
	for len(list) >= 8 && binary.BigEndian.Uint64(list[len(list)-8:]) == 0 {
		list = list[:len(list)-8]
	}
	r0 := s390xGR(0)
	count := len(list) / 8
	room := int(cpu.Reg(r0)&0xff) + 1
	if err := cpu.Write(addr, list[:8*min(room, count)]); err != nil {
		return err
	}
	cpu.SetReg(r0, cpu.Reg(r0)&^0xff|uint64(count-1)&0xff)
	setCC(cpu, map[bool]uint64{true: 0, false: 3}[room >= count])
	return nil
}

// extractCPUTime: R0 = first operand less the CPU timer, which counts down; R1 = address of the second; R3 = what it points to.
func extractCPUTime(cpu Core, code []byte) error {
	first, third := make([]byte, 8), make([]byte, 8)
	r3 := s390xGR(code[1] >> 4)
	if err := cpu.Read(s390xAddress(cpu, code[2:]), first); err != nil {
		return err
	}
	if err := cpu.Read(cpu.Reg(r3), third); err != nil {
		return err
	}
	second := s390xAddress(cpu, code[4:])
	cpu.SetReg(s390xGR(0), binary.BigEndian.Uint64(first)+tod(cpu))
	cpu.SetReg(s390xGR(1), second)
	cpu.SetReg(r3, binary.BigEndian.Uint64(third))
	return nil
}

// vectorMinMax is VFMIN and VFMAX for elements of 64 and 32 bits (VRR-c: V1, V2, V3, M4 the format, M5 single element, M6 the rule).
func vectorMinMax(cpu Core, code []byte) int {
	rxb := code[4] & 0xf
	v := func(field, bit byte) int { return int(field | rxb>>bit&1<<4) }
	v1, v2, v3 := v(code[1]>>4, 3), v(code[1]&0xf, 2), v(code[2]>>4, 1)
	format, single, rule := code[4]>>4, code[3]&8 != 0, code[3]>>4
	if format != 2 && format != 3 || rule > 4 && rule < 8 || rule > 12 {
		return 0 // binary128, or a rule that there is not
	}
	for half, base := range [2]int{ucS390XRegF0, ucS390XRegF0HI} {
		if single && half == 1 {
			break
		}
		a, b := cpu.Reg(Register{"", base + v2}), cpu.Reg(Register{"", base + v3})
		pick := floatPicker{max: code[5] == 0xef, rule: rule}
		result := uint64(0)
		if format == 3 {
			result = pick.double(a, b)
		} else if result = uint64(pick.short(uint32(a>>32), uint32(b>>32))) << 32; !single {
			result |= uint64(pick.short(uint32(a), uint32(b)))
		}
		cpu.SetReg(Register{"", base + v1}, result)
		if pick.invalid {
			fpc := Register{"", ucS390XRegFPC}
			cpu.SetReg(fpc, cpu.Reg(fpc)|0x800000) // IEEE flag for an invalid operation
		}
	}
	return 6
}

// floatPicker picks the larger or the smaller of two numbers by a rule of VFMAX: 0 IEEE's maxNum, 1 Java's Math.max, 2 C's macro, 3 C++'s
// algorithm, 4 C's fmax; 8 more: by their absolute values.
type floatPicker struct {
	max     bool
	rule    byte
	invalid bool
}

const quiet64, quiet32 = 1 << 51, 1 << 22

func (p *floatPicker) double(a, b uint64) uint64 {
	if p.rule >= 8 {
		a, b = a&^(1<<63), b&^(1<<63)
	}
	x, y := math.Float64frombits(a), math.Float64frombits(b)
	p.invalid = p.invalid || x != x && a&quiet64 == 0 || y != y && b&quiet64 == 0
	switch first, quieten := p.first(x, y, x != x && a&quiet64 == 0, y != y && b&quiet64 == 0); {
	case first && quieten:
		return a | quiet64
	case first:
		return a
	case quieten:
		return b | quiet64
	}
	return b
}

func (p *floatPicker) short(a, b uint32) uint32 {
	if p.rule >= 8 {
		a, b = a&^(1<<31), b&^(1<<31)
	}
	x, y := math.Float32frombits(a), math.Float32frombits(b)
	p.invalid = p.invalid || x != x && a&quiet32 == 0 || y != y && b&quiet32 == 0
	switch first, quieten := p.first(float64(x), float64(y), x != x && a&quiet32 == 0, y != y && b&quiet32 == 0); {
	case first && quieten:
		return a | quiet32
	case first:
		return a
	case quieten:
		return b | quiet32
	}
	return b
}

// first says that the result is the first of two numbers, and quieten that it is a NaN to be made quiet; loudX and loudY are signaling NaNs.
func (p *floatPicker) first(x, y float64, loudX, loudY bool) (first, quieten bool) {
	nanX, nanY := x != x, y != y
	above := x > y || x == y && !math.Signbit(x) && math.Signbit(y) // +0 is above −0
	switch p.rule & 7 {
	case 1:
		if nanX || nanY {
			return loudX || nanX && !loudY, true
		}
	case 2, 3:
		// x > y ? x : y, and y > x ? y : x: a NaN makes each false, and so do zeroes.
		second := map[bool]bool{true: y > x, false: y < x}[p.max]
		if p.rule&7 == 3 {
			return !second, false
		}
		return map[bool]bool{true: x > y, false: x < y}[p.max], false
	default: // 0 and 4: a number before a quiet NaN
		switch {
		case loudX || loudY:
			return loudX, true
		case nanX || nanY:
			return nanY, false
		}
	}
	return above == p.max || x == y && math.Signbit(x) == math.Signbit(y), false
}
