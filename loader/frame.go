// SPDX-License-Identifier: GPL-2.0-or-later

package loader

import "encoding/binary"

// spUnknown is where the table of a function's stack pointer is when there is none.
const spUnknown = 0

// FrameSize tells how far a function has moved the stack pointer down at pc since it was entered, in bytes; what x86's CALL has pushed
// does not count. It is what the runtime unwinds stacks by (funcspdelta, runtime/symtab.go), so every Go program has it. !ok: pc lies in no
// function of the table, or the table does not say.
func (i *Image) FrameSize(pc uint64) (size uint64, ok bool) {
	t := i.funcs()
	n, ok := t.at(pc)
	if !ok || t.spTables == nil || t.spTables[n] == spUnknown {
		return 0, false
	}
	v, ok := i.pcln.value32(t.spTables[n], pc-t.funcs[n].Addr)
	return uint64(v), ok && v >= 0
}

// value32 reads one of the tables that give a value for each instruction of a function (pcvalue, runtime/symtab.go): pairs of varints, the
// change of the value and the length of the code that has it.
func (t *pclntab) value32(table uint32, offset uint64) (int32, bool) {
	if uint64(table) >= uint64(len(t.pctab)) {
		return 0, false
	}
	b, value, end, quantum := t.pctab[table:], int32(-1), uint64(0), uint64(t.data[6])
	for first := true; ; first = false {
		change, n := binary.Uvarint(b)
		if n <= 0 || change == 0 && !first {
			return 0, false
		}
		b = b[n:]
		length, n := binary.Uvarint(b)
		if n <= 0 || length == 0 || length > uint64(len(t.data)) {
			return 0, false
		}
		b = b[n:]
		value += int32(uint32(change)>>1) ^ -int32(change&1)
		if end += length * quantum; offset < end {
			return value, true
		}
	}
}
