// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/machine"
)

// x86-32 finds its thread pointer through segmentation: GS selects a descriptor of the table in guest memory, and each thread has
// descriptors of its own, which a switch writes to the table.

// Entries of the table, arch/x86/include/asm/segment.h: those that a 64-bit kernel gives to 32-bit programs.
const (
	gdtCode     = 4  // GDT_ENTRY_DEFAULT_USER32_CS
	gdtData     = 5  // GDT_ENTRY_DEFAULT_USER_DS
	gdtTLS      = 12 // GDT_ENTRY_TLS_MIN
	gdtTLSCount = 3
	gdtEntries  = 16
)

// Flat descriptors of 4 GiB, present, 32-bit, accessed already (or the CPU would write to the table). Their privilege level is 0, the
// level that the engine runs at: it takes a stack whose segment has another one for a 16-bit stack.
const (
	flatCode = 0x00cf9b000000ffff
	flatData = 0x00cf93000000ffff
)

// kernelTag marks pages of the kernel's own in the guest's address space. They lie above where mmap starts, far from the stack.
const kernelTag = 0x6b65726e // "kern"

// mapKernelPages maps what the kernel itself puts into the address space: the sigreturn page, the architecture's own pages, and the
// descriptor table.
func (p *Process) mapKernelPages() error {
	for _, page := range p.helperPages() {
		if err := p.mem.MapBytes(page.Addr, emu.PageSize, emu.Read|emu.Exec, kernelTag, page.Code); err != nil {
			return fmt.Errorf("map %s: %w", page.Name, err)
		}
	}
	if code := p.arch.Trampoline; code != nil {
		addr, ok := p.mem.FindGap(emu.PageSize, emu.PageSize, p.arch.MmapTop, p.arch.UserTop, false)
		if !ok {
			return fmt.Errorf("map the sigreturn page: the address space is full")
		}
		if err := p.mem.MapBytes(addr, emu.PageSize, emu.Read|emu.Exec, kernelTag, code); err != nil {
			return fmt.Errorf("map the sigreturn page: %w", err)
		}
		p.restorer = addr
	}
	if p.arch.GDT {
		return p.mapGDT()
	}
	return nil
}

// helperPages are the architecture's own pages, which a kernel can be built without (CONFIG_KUSER_HELPERS).
func (p *Process) helperPages() []arch.Page {
	if p.cfg.Machine.Kernel.UserHelpers == machine.UserHelpersNone {
		return nil
	}
	return p.cpu.Pages()
}

// mapGDT makes the descriptor table and loads the segment registers.
func (p *Process) mapGDT() error {
	// The last but one page of 32 bits: kernel space, where no program maps anything.
	const addr = 1<<32 - 2*emu.PageSize
	if err := p.mem.Map(addr, emu.PageSize, emu.Read, kernelTag); err != nil {
		return fmt.Errorf("map the descriptor table: %w", err)
	}
	p.gdt = addr
	p.setDescriptor(gdtCode, flatCode)
	p.setDescriptor(gdtData, flatData)
	s := &p.arch.Segments
	p.eng.SetGDT(s.Table, addr, gdtEntries*8-1)
	if err := p.mapLDT(); err != nil {
		return err
	}
	p.eng.SetReg(s.Code, gdtCode<<3)
	for _, r := range s.Data {
		p.eng.SetReg(r, gdtData<<3)
	}
	return nil
}

// setDescriptor writes an entry of the table.
func (p *Process) setDescriptor(entry int, d uint64) {
	var b [8]byte
	putUint(p.arch, b[:], d)
	// The page was mapped by mapGDT or mapLDT and no call can unmap it: it is above UserTop.
	_ = p.mem.Poke(p.gdt+uint64(entry)*8, b[:])
}

// loadTLS puts the thread's descriptors into the table. The segment registers need no reload: a context holds what they have cached.
func (p *Process) loadTLS(t *Thread) {
	if p.gdt == 0 || p.loadedTLS == t.tls {
		return
	}
	p.loadedTLS = t.tls
	for i, d := range t.tls {
		p.setDescriptor(gdtTLS+i, d)
	}
}

// setTLS is what clone's CLONE_SETTLS does for a new thread, beyond the register: where the thread pointer is a segment, tls points
// to a user_desc in the caller's memory.
func (t *Thread) setTLS(caller *Thread, tls uint64) arch.Errno {
	if t.p.gdt == 0 {
		return 0
	}
	_, errno := caller.setThreadArea(t, tls)
	return errno
}
