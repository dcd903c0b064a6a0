// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/rt0-dev/rt0/emu"
)

// nameColumn is where show_map_vma (fs/proc/task_mmu.c) puts the name: 25 + sizeof(void *) * 6 − 1 characters, and a space. The pointer
// is the kernel's.
func (p *Process) nameColumn() int { return 25 + 6*p.kernelWord() }

// procMaps is /proc/self/maps.
func procMaps(t *Thread) []byte {
	var b bytes.Buffer
	column := t.p.nameColumn()
	list := t.p.mem.Regions()
	for i, r := range list {
		if r.Tag == kernelTag || i > 0 && sameArea(list[i-1], r) {
			continue
		}
		if i+1 < len(list) && sameArea(r, list[i+1]) {
			r.End = list[i+1].End
		}
		origin := t.p.origin(r)
		start := b.Len()
		fmt.Fprintf(&b, "%08x-%08x %sp %08x %02x:%02x %d ", r.Start, r.End, protString(r.Prot), origin.offset, 0, origin.dev, origin.ino)
		if origin.name != "" {
			b.WriteString(strings.Repeat(" ", max(0, column-(b.Len()-start))))
			b.WriteString(origin.name)
		}
		b.WriteByte('\n')
	}
	gate := func(addr uint64, prot, name string) { // get_gate_vma
		start := b.Len()
		fmt.Fprintf(&b, "%08x-%08x %s 00000000 00:00 0 ", addr, addr+emu.PageSize, prot)
		b.WriteString(strings.Repeat(" ", max(0, column-(b.Len()-start))))
		b.WriteString(name + "\n")
	}
	for _, page := range t.p.helperPages() {
		gate(page.Addr, "r-xp", page.Name)
	}
	if t.p.hasVsyscall() {
		gate(t.p.arch.Vsyscall, "--xp", "[vsyscall]") // it cannot be read, as with vsyscall=xonly, which Linux is built for since 5.5
	}
	return b.Bytes()
}

// sameArea says that b goes on where a ends, and Linux has one area for both, in which the file ends.
func sameArea(a, b emu.Region) bool {
	return a.End == b.Start && a.Tag == b.Tag && a.Prot|emu.Absent == b.Prot
}

func protString(p emu.Prot) string {
	s := []byte("---")
	for i, bit := range []emu.Prot{emu.Read, emu.Write, emu.Exec} {
		if p&bit != 0 {
			s[i] = "rwx"[i]
		}
	}
	return string(s)
}

// usage sums the regions up as /proc/PID/status names them, in bytes.
type usage struct{ size, resident, data, stack, code uint64 }

func (p *Process) usage() usage {
	u := usage{size: p.mem.Size(), resident: p.mem.Touched() * emu.PageSize}
	for _, r := range p.mem.Regions() {
		size := r.End - r.Start
		switch {
		case r.Tag == tagStack:
			u.stack += size
		case r.Prot&emu.Exec != 0 && r.Prot&emu.Write == 0:
			u.code += size
		case r.Prot&emu.Write != 0:
			u.data += size
		}
	}
	return u
}

// stateLetter is the state as proc_task_state_array has it.
func (t *Thread) stateLetter() string {
	if t.wait == nil {
		return "R (running)"
	}
	return "S (sleeping)"
}

// procStatus is /proc/PID/status: proc_pid_status of fs/proc/array.c.
func procStatus(t *Thread) []byte {
	p := t.p
	u := p.usage()
	id := &p.id
	var b bytes.Buffer
	fmt.Fprintf(&b, "Name:\t%s\nUmask:\t%04o\nState:\t%s\n", t.comm(), p.tree.umask, t.stateLetter())
	fmt.Fprintf(&b, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", p.pid, t.TID, parentPID)
	fmt.Fprintf(&b, "Uid:\t%d\t%d\t%d\t%d\n", id.uid, id.euid, id.euid, id.euid)
	fmt.Fprintf(&b, "Gid:\t%d\t%d\t%d\t%d\n", id.gid, id.egid, id.egid, id.egid)
	fmt.Fprintf(&b, "FDSize:\t%d\nGroups:\t \n", max(64, len(p.files.open)))
	for _, row := range []struct {
		name string
		size uint64
	}{
		{"VmPeak", u.size}, {"VmSize", u.size}, {"VmLck", 0}, {"VmPin", 0}, {"VmHWM", u.resident}, {"VmRSS", u.resident},
		{"RssAnon", u.resident}, {"RssFile", 0}, {"RssShmem", 0}, {"VmData", u.data}, {"VmStk", u.stack}, {"VmExe", u.code},
		{"VmLib", 0}, {"VmPTE", 0}, {"VmSwap", 0}, {"HugetlbPages", 0},
	} {
		fmt.Fprintf(&b, "%s:\t%8d kB\n", row.name, row.size/1024)
	}
	fmt.Fprintf(&b, "CoreDumping:\t0\nTHP_enabled:\t%d\nThreads:\t%d\nSigQ:\t0/%s\n",
		min(1, p.cfg.Machine.HugePage), len(p.byTID), id.limits[limitSignals].soft)
	fmt.Fprintf(&b, "SigBlk:\t%016x\n", t.p.renumber(t.mask, false)[0])
	fmt.Fprintf(&b, "CapInh:\t%016x\nCapPrm:\t%016x\nCapEff:\t%016x\nCapBnd:\t%016x\nCapAmb:\t%016x\n",
		0, id.capabilities(), id.capabilities(), id.bounding(), 0)
	fmt.Fprintf(&b, "NoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n")
	fmt.Fprintf(&b, "Cpus_allowed:\t%s\nCpus_allowed_list:\t%s\n", hexMask(id.cpus.Words(), p.possibleCPUs()), id.cpus.List())
	fmt.Fprintf(&b, "Mems_allowed:\t1\nMems_allowed_list:\t0\nvoluntary_ctxt_switches:\t0\nnonvoluntary_ctxt_switches:\t0\n")
	return b.Bytes()
}

// hexMask is the kernel's %*pb: groups of 32 bits, the highest first and as long as the number of bits makes it.
func hexMask(words []uint64, bits int) string {
	var groups []string
	for low := 0; low < bits; low += 32 {
		var v uint64
		if low/64 < len(words) {
			v = words[low/64] >> (low % 64) & 0xffffffff
		}
		groups = append([]string{fmt.Sprintf("%0*x", (min(32, bits-low)+3)/4, v)}, groups...)
	}
	return strings.Join(groups, ",")
}

// procTaskStat is /proc/PID/stat: do_task_stat of fs/proc/array.c, 52 fields.
func procTaskStat(t *Thread) []byte {
	p := t.p
	u := p.usage()
	started := uint64(p.cfg.Machine.Clock.Monotonic) / (uint64(second) / clockTicks)
	return fmt.Appendf(nil, "%d (%s) %s %d %d %d 0 -1 4194304 %d 0 0 0 %d 0 0 0 20 0 %d 0 %d %d %d %d 0 0 %d 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 %d 0 0 0 0 0\n",
		t.TID, t.comm(), t.stateLetter()[:1], parentPID, p.pid, p.pid, p.mem.Touched(), p.ticks(), len(p.byTID), started,
		u.size, u.resident/uint64(p.cfg.Machine.PageSize), p.id.limits[limitAddressSpace].soft, p.cfg.SP, p.space.brkStart)
}

// procStatm is /proc/PID/statm, in pages.
func procStatm(t *Thread) []byte {
	u, page := t.p.usage(), uint64(t.p.cfg.Machine.PageSize)
	return fmt.Appendf(nil, "%d %d 0 %d 0 %d 0\n", u.size/page, u.resident/page, u.code/page, (u.data+u.stack)/page)
}
