// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
)

// schedLayout are the offsets in bytes of fields of runtime.schedt.
// mcount (up to Go 1.9, 4 bytes) has given way to mnext and nmfreed
// (8 bytes each): what a release lacks is 0.
type schedLayout struct{ mcount, mnext, maxmcount, nmfreed int }

// schedLayouts are taken from the DWARF of each minor release; a test compares. Reading the DWARF of each
// binary would cost as much as a boot; it is done for releases that are not here. The fields before are goidgen, lastpoll (behind what is
// read before 1.6), pollUntil (since 1.14), pollingNet (since 1.25), lock, midle (a list head since 1.26), nmidle, nmidlelocked.
var schedLayouts = []struct {
	from, to int // minor releases
	ptrSize  int
	schedLayout
}{
	{4, 5, 4, schedLayout{24, 0, 28, 0}},
	{4, 5, 8, schedLayout{32, 0, 36, 0}},
	{6, 9, 4, schedLayout{32, 0, 36, 0}},
	{6, 9, 8, schedLayout{40, 0, 44, 0}},
	{10, 13, 4, schedLayout{0, 32, 40, 48}},
	{10, 13, 8, schedLayout{0, 40, 48, 56}},
	{14, 24, 4, schedLayout{0, 40, 48, 56}},
	{14, 24, 8, schedLayout{0, 48, 56, 64}},
	{25, 25, 4, schedLayout{0, 44, 52, 60}},
	{25, 25, 8, schedLayout{0, 56, 64, 72}},
	{26, 27, 4, schedLayout{0, 52, 60, 68}},
	{26, 27, 8, schedLayout{0, 72, 80, 88}},
}

// schedLayout finds the layout of runtime.sched, from the table or else from DWARF.
func (b *boot) schedLayout() (schedLayout, bool) {
	minor := b.img.Minor()
	for _, l := range schedLayouts {
		if l.ptrSize == b.arch.PtrSize && l.from <= minor && minor <= l.to {
			return l.schedLayout, true
		}
	}
	entry, ok := b.img.Func("runtime.schedinit")
	if !ok {
		return schedLayout{}, false
	}
	offsets := structOffsets(b.img.Data, entry, "runtime.schedt")
	l := schedLayout{mnext: offsets["mnext"], maxmcount: offsets["maxmcount"], nmfreed: offsets["nmfreed"]}
	return l, l.mnext > 0 && l.maxmcount > 0 && l.nmfreed > 0
}

// structOffsets are the offsets of a structure's fields, from the DWARF of a binary; nil when it is not there. The compile unit that pc
// lies in is looked at first, since that of the runtime has most of its types.
func structOffsets(data []byte, pc uint64, name string) map[string]int {
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	d, err := f.DWARF()
	if err != nil {
		return nil
	}
	r := d.Reader()
	if _, err := r.SeekPC(pc); err == nil {
		if offsets := findStruct(d, r, name); offsets != nil {
			return offsets
		}
	}
	r.Seek(0)
	return findStruct(d, r, name)
}

// findStruct goes on from where r stands.
func findStruct(d *dwarf.Data, r *dwarf.Reader, name string) map[string]int {
	for {
		e, err := r.Next()
		if err != nil || e == nil {
			return nil
		}
		if e.Tag == dwarf.TagSubprogram {
			r.SkipChildren()
		}
		if e.Tag != dwarf.TagStructType || e.Val(dwarf.AttrName) != name {
			continue
		}
		t, err := d.Type(e.Offset)
		if err != nil {
			return nil
		}
		s, ok := t.(*dwarf.StructType)
		if !ok {
			return nil
		}
		offsets := map[string]int{}
		for _, field := range s.Field {
			offsets[field.Name] = int(field.ByteOffset)
		}
		return offsets
	}
}
