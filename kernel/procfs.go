// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/machine"
)

// The tables below are /proc: a path under the process's or the thread's directory, or under /proc itself, the mode, and what
// writes the contents when they are read.
type procFile struct {
	name   string
	mode   uint32
	render func(t *Thread) []byte
}

// taskFiles are in /proc/PID and in /proc/PID/task/TID.
var taskFiles = []procFile{
	{"auxv", 0o400, func(t *Thread) []byte { return t.p.cfg.Auxv }},
	{"cgroup", 0o444, func(t *Thread) []byte { return []byte(t.p.cgroup().membership) }},
	{"cmdline", 0o444, func(t *Thread) []byte { return t.p.strings(0) }},
	{"comm", 0o644, func(t *Thread) []byte { return []byte(t.comm() + "\n") }},
	{"environ", 0o400, func(t *Thread) []byte { return t.p.strings(1) }},
	{"limits", 0o444, procLimits},
	{"maps", 0o444, procMaps},
	{"mountinfo", 0o444, procMountinfo},
	{"mounts", 0o444, procMounts},
	{"oom_score_adj", 0o644, fixed("0\n")},
	{"stat", 0o444, procTaskStat},
	{"statm", 0o444, procStatm},
	{"status", 0o444, procStatus},
}

// systemFiles are in /proc.
var systemFiles = []procFile{
	{"cpuinfo", 0o444, procCPUInfo},
	{"filesystems", 0o444, fixed("nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tcgroup\nnodev\tcgroup2\nnodev\tdevtmpfs\n\text4\n")},
	{"loadavg", 0o444, func(t *Thread) []byte {
		return fmt.Appendf(nil, "0.00 0.00 0.00 1/%d %d\n", len(t.p.byTID), t.p.nextTID-1)
	}},
	{"meminfo", 0o444, procMeminfo},
	{"stat", 0o444, procStat},
	{"uptime", 0o444, func(t *Thread) []byte {
		hundredths := t.p.clock.now() / 1e7
		return fmt.Appendf(nil, "%d.%02d %d.%02d\n", hundredths/100, hundredths%100, hundredths/100, hundredths%100)
	}},
	{"version", 0o444, func(t *Thread) []byte {
		k := t.p.cfg.Machine.Kernel
		return fmt.Appendf(nil, "Linux version %s (rt0@%s) %s\n", k.Release, k.Node, k.Version)
	}},
	{"sys/fs/file-max", 0o644, fixed("9223372036854775807\n")},
	{"sys/fs/nr_open", 0o644, fixed("1048576\n")},
	{"sys/fs/pipe-max-size", 0o644, fixed("1048576\n")},
	{"sys/kernel/cap_last_cap", 0o444, func(t *Thread) []byte { return fmt.Appendf(nil, "%d\n", t.p.id.lastCapability()) }},
	{"sys/kernel/hostname", 0o644, func(t *Thread) []byte { return []byte(t.p.cfg.Machine.Kernel.Node + "\n") }},
	{"sys/kernel/ngroups_max", 0o444, fixed("65536\n")},
	{"sys/kernel/osrelease", 0o444, func(t *Thread) []byte { return []byte(t.p.cfg.Machine.Kernel.Release + "\n") }},
	{"sys/kernel/ostype", 0o444, fixed("Linux\n")},
	{"sys/kernel/pid_max", 0o644, fixed("4194304\n")},
	{"sys/kernel/random/boot_id", 0o444, fixed("c0ffee00-0000-4000-8000-000000000000\n")},
	{"sys/kernel/randomize_va_space", 0o644, fixed("0\n")},
	{"sys/kernel/threads-max", 0o644, fixed("63704\n")},
	{"sys/kernel/version", 0o444, func(t *Thread) []byte { return []byte(t.p.cfg.Machine.Kernel.Version + "\n") }},
	{"sys/net/core/somaxconn", 0o644, fixed("4096\n")},
	{"sys/vm/max_map_count", 0o644, fixed(fmt.Sprintf("%d\n", maxMapCount))},
	{"sys/vm/mmap_min_addr", 0o644, fixed(fmt.Sprintf("%d\n", mmapMinAddr))},
	{"sys/vm/overcommit_memory", 0o644, func(t *Thread) []byte { return []byte(overcommits[t.p.cfg.Machine.VM.Overcommit] + "\n") }},
	{"sys/vm/overcommit_ratio", 0o644, fixed("50\n")},
}

// overcommits are the numbers of vm.overcommit_memory.
var overcommits = map[string]string{machine.OvercommitHeuristic: "0", machine.OvercommitAlways: "1", machine.OvercommitNever: "2"}

func fixed(s string) func(*Thread) []byte { return func(*Thread) []byte { return []byte(s) } }

// strings are the arguments (0) or the environment (1) as they stand on the first stack, each with its zero byte: like Linux, the
// guest's own memory is asked, so that a program that has overwritten its title is shown so. What cannot be read is left out.
func (p *Process) strings(vector int) []byte {
	const longest, most = 128 << 10, 1 << 17 // MAX_ARG_STRLEN; a bound for vectors that the guest has broken
	word := p.arch.PtrSize
	var b []byte
	at := p.cfg.SP + uint64(word) // after argc
	for n := 0; vector >= 0 && n < most; n++ {
		addr, err := p.mem.Uint(at, word)
		if err != nil {
			return b
		}
		at += uint64(word)
		if addr == 0 {
			vector--
			continue
		}
		if vector > 0 {
			continue
		}
		s, err := p.mem.CString(addr, longest)
		if err != nil || len(b) > 2<<20 {
			return b
		}
		b = append(append(b, s...), 0)
	}
	return b
}

// comm is the thread's name: what PR_SET_NAME has set, else the first 15 bytes of the binary's.
func (t *Thread) comm() string {
	name := t.name
	if name == "" {
		name = path.Base(t.p.cfg.Exe)
	}
	return name[:min(len(name), 15)]
}

// addProc mounts /proc.
func (tr *tree) addProc(p *Process) {
	tr.mount(&filesystem{kind: "proc", point: "/proc", options: "rw", magic: 0x9fa0, fixed: true}, 0o555)
	for _, f := range systemFiles {
		tr.rendered("/proc/"+f.name, f.mode, f.render)
	}
	self := fmt.Sprintf("/proc/%d", p.pid)
	dir := tr.taskDir(self, p.current)
	tr.put(self+"/cwd", &node{mode: sIFLNK | 0o777, target: func(t *Thread) string {
		if at, ok := tr.cwd.path(); ok {
			return at
		}
		return tr.cwd.name + " (deleted)"
	}, follow: func(*Thread) *node { return tr.cwd }})
	exe := tr.put(self+"/exe", newLink(p.cfg.Exe))
	exe.follow = func(*Thread) *node { return tr.exe }
	tr.put(self+"/root", newLink("/"))
	tr.put(self+"/fd", &node{mode: sIFDIR | 0o500, list: tr.descriptors})
	tr.put(self+"/task", &node{mode: sIFDIR | 0o555, list: tr.tasks}).links = 3
	dir.links = 9
	tr.symlink("/proc/self", fmt.Sprint(p.pid))
	tr.put("/proc/thread-self", &node{mode: sIFLNK | 0o777, target: func(t *Thread) string {
		return fmt.Sprintf("%d/task/%d", p.pid, t.TID)
	}})
	tr.symlink("/proc/mounts", "self/mounts")
}

// taskDir makes the directory of a thread; the process's own is its first thread's.
func (tr *tree) taskDir(at string, of *Thread) *node {
	dir := tr.put(at, &node{mode: sIFDIR | 0o555})
	for _, f := range taskFiles {
		tr.rendered(at+"/"+f.name, f.mode, func(*Thread) []byte { return f.render(of) })
	}
	return dir
}

// descriptors are the entries of /proc/PID/fd: links whose targets are the open files themselves, path or not.
func (tr *tree) descriptors(t *Thread) []*node {
	dir := tr.at(fmt.Sprintf("/proc/%d/fd", t.p.pid))
	var links []*node
	for fd, d := range t.p.files.open {
		if d == nil {
			continue
		}
		var mode uint32
		if d.readable() {
			mode |= 0o500
		}
		if d.writable() {
			mode |= 0o300
		}
		links = append(links, &node{
			fs: dir.fs, ino: 1<<32 + uint64(fd), mode: sIFLNK | mode, links: 1, time: dir.time, parent: dir, name: fmt.Sprint(fd),
			target: func(*Thread) string { return d.path },
			follow: func(t *Thread) *node { return t.behind(d) },
		})
	}
	return links
}

// behind is the node of an open file. One that is in no directory (a pipe) gets a node whose opening gives the same file again.
func (t *Thread) behind(d *descriptor) *node {
	if n := nodeOf(d.file); n != nil {
		return n
	}
	st := d.file.stat(t)
	return &node{
		fs: &filesystem{kind: "pipefs", minor: st.dev, magic: 0x50495045, fixed: true}, ino: st.ino, mode: st.mode, links: 1,
		uid: st.uid, gid: st.gid, time: st.time, name: d.path,
		open: func(*Thread) (file, arch.Errno) { return shared{d.file}, 0 },
	}
}

// tasks are the entries of /proc/PID/task.
func (tr *tree) tasks(t *Thread) []*node {
	dir := tr.at(fmt.Sprintf("/proc/%d/task", t.p.pid))
	var dirs []*node
	for _, thread := range t.p.threads {
		if thread.dead {
			continue
		}
		// A tree of its own, grafted below the directory: it lives as long as somebody looks.
		graft := newTree(tr.time)
		d := graft.taskDir("/task", thread)
		d.name, d.parent, d.fs, d.ino, d.links = fmt.Sprint(thread.TID), dir, dir.fs, 2<<32+uint64(thread.TID)<<8, 7
		for i, child := range d.entries(t) {
			child.fs, child.ino = dir.fs, d.ino+uint64(i)+1
		}
		dirs = append(dirs, d)
	}
	return dirs
}

// procMountinfo is show_mountinfo of fs/proc_namespace.c.
func procMountinfo(t *Thread) []byte {
	var b bytes.Buffer
	for i, fs := range t.p.tree.mounts {
		parent, source := 20, fs.kind
		if i == 0 {
			parent, source = 1, "/dev/root"
		}
		fmt.Fprintf(&b, "%d %d 0:%d %s %s rw,relatime - %s %s %s\n", 20+i, parent, fs.minor, mangle(cmp.Or(fs.root, "/")), mangle(fs.point),
			fs.kind, source, fs.options)
	}
	return b.Bytes()
}

// mangle writes a path as the mount tables do (mangle, fs/proc_namespace.c): blanks and backslashes in octal.
func mangle(path string) string { return mangler.Replace(path) }

var mangler = strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`, "#", `\043`)

func procMounts(t *Thread) []byte {
	var b bytes.Buffer
	for _, fs := range t.p.tree.mounts {
		fmt.Fprintf(&b, "%s %s %s %s,relatime 0 0\n", fs.kind, mangle(fs.point), fs.kind, fs.options)
	}
	return b.Bytes()
}

func procLimits(t *Thread) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units")
	for own := range limitNames { // proc_pid_limits goes by the architecture's numbers
		i := t.p.resource(uint64(own))
		name, l := limitNames[i], t.p.id.limits[i]
		fmt.Fprintf(&b, "%-25s %-20s %-20s %-10s\n", name.text, l.soft, l.hard, name.unit)
	}
	return b.Bytes()
}

func procMeminfo(t *Thread) []byte {
	total := uint64(t.p.cfg.Machine.Memory) / 1024
	free := total - min(total, t.p.mem.Touched()*4)
	promised := total - free
	if t.p.cfg.Machine.VM.Overcommit == machine.OvercommitNever {
		promised = t.p.committed() / 1024
	}
	var b bytes.Buffer
	for _, row := range []struct {
		name string
		kib  uint64
	}{
		{"MemTotal", total}, {"MemFree", free}, {"MemAvailable", free}, {"Buffers", 0}, {"Cached", 0}, {"SwapCached", 0},
		{"Active", total - free}, {"Inactive", 0}, {"SwapTotal", 0}, {"SwapFree", 0}, {"Dirty", 0}, {"Writeback", 0},
		{"AnonPages", total - free}, {"Mapped", 0}, {"Shmem", 0}, {"Slab", 0}, {"KernelStack", 0}, {"PageTables", 0},
		{"CommitLimit", total / 2}, {"Committed_AS", promised}, {"AnonHugePages", 0},
	} {
		fmt.Fprintf(&b, "%-16s%8d kB\n", row.name+":", row.kib)
	}
	fmt.Fprintf(&b, "HugePages_Total:%8d\nHugePages_Free: %8d\n", 0, 0)
	if huge := uint64(t.p.cfg.Machine.HugePage); huge != 0 {
		fmt.Fprintf(&b, "%-16s%8d kB\n", "Hugepagesize:", huge/1024)
	}
	return b.Bytes()
}

// clockTicks is USER_HZ: what times(2) and /proc count in.
const clockTicks = 100

// ticks are the process's CPU time in clock ticks: an instruction is a nanosecond.
func (p *Process) ticks() uint64 { return p.eng.Instructions() / (uint64(second) / clockTicks) }

func procStat(t *Thread) []byte {
	p := t.p
	var b bytes.Buffer
	fmt.Fprintf(&b, "cpu  %d 0 0 0 0 0 0 0 0 0\n", p.ticks())
	used := p.ticks() // all on the first CPU: one thread runs at a time
	for cpu := range p.cfg.Machine.CPUs.Highest() + 1 {
		if p.cfg.Machine.CPUs.Contains(cpu) {
			fmt.Fprintf(&b, "cpu%d %d 0 0 0 0 0 0 0 0 0\n", cpu, used)
			used = 0
		}
	}
	started := (p.clock.wall() - p.clock.now()) / second
	fmt.Fprintf(&b, "intr 0\nctxt 0\nbtime %d\nprocesses %d\nprocs_running 1\nprocs_blocked 0\n", started, p.pid)
	return b.Bytes()
}

// procCPUInfo is /proc/cpuinfo of the CPUs that the program may use.
func procCPUInfo(t *Thread) []byte {
	var cpus []int
	for cpu := range t.p.cfg.Machine.CPUs.Highest() + 1 {
		if t.p.cfg.Machine.CPUs.Contains(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return []byte(t.p.cpu.Info(cpus))
}
