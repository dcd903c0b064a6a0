// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/kernel"
	"github.com/rt0-dev/rt0/loader"
	"github.com/rt0-dev/rt0/machine"
)

// boot is a boot while it runs.
type boot struct {
	opts   *options
	img    *loader.Image
	arch   *arch.Arch
	stage  *stage
	engine *emu.Engine // the stage's
	proc   *kernel.Process
	layout loader.Layout
	stack  loader.Stack
	report *Report

	*outline
	watchers map[uint64][]watcher
	locals   map[uint64]uint64 // local entries of functions that are watched: their addresses
	spent    map[uint64]int    // watchers of an address that have had their one call

	entered     map[string]bool // phases
	phase       span            // the one that is open
	inSchedinit bool
	opened      []openInit
	entries     map[int]int // system calls by thread
	kinds       map[uint64]*callKind
	returns     map[uint64]bool // where initialisers return to
	goid        uint64          // offset of goid in runtime.g; 0: not known
	sysmon      sysmonStart
	death       *death
	faults      map[int]*sighted // by thread

	hash   *hasher
	files  map[[2]string]bool // calls and paths that the report has
	recent recentCalls
	tracer *tracer
}

// Run boots the ELF file bin on machine m and reports what happened. The guest's death is no error: it is the report's Outcome. An error
// says that the boot could not be carried out ([loader.Error], [arch.CPUError], [PointError], a machine's ValueError); the
// report then is not nil either: its Outcome is Refused and its Reason the error's text.
func Run(ctx context.Context, bin string, m machine.Machine, opts ...Option) (*Report, error) {
	s := newStation(openProgram(bin), newOptions(opts))
	r := s.run(ctx, s.machine(m))
	return r, r.err
}

// newReport is the report of a boot that has not begun.
func newReport(bin string, m machine.Machine, o *options) *Report {
	return &Report{
		Binary: Binary{Path: bin}, Machine: m, Until: o.until, Runtime: noRuntime(),
		Phases: []Phase{}, Schedinit: []Phase{}, Inits: []Init{}, Calls: map[string]int{}, Files: []File{}, Events: []string{},
		options: o,
	}
}

// Err is why there was no boot, where the report comes from [Run] or a [MatrixRunner]; of a report that was read from a document it is the reason
// alone. It is nil when there was a boot.
func (r *Report) Err() error {
	if r.Outcome == Refused && r.err == nil {
		return errors.New(r.Reason)
	}
	return r.err
}

// run lets the guest run to its end: block by block when these are traced, since a limit stops at the start of a block.
func (b *boot) run(ctx context.Context) kernel.Exit {
	limit := b.opts.instructions
	if b.tracer.to[TraceBlocks] == nil {
		return b.proc.Run(ctx, limit)
	}
	for {
		b.traceBlock()
		e := b.proc.Run(ctx, min(b.engine.Instructions()+1, limit))
		if e.Kind != kernel.Limit || b.engine.Instructions() >= limit {
			return e
		}
	}
}

// newBoot makes the process on a stage where the program stands, and sets the breakpoints: the guest stands before its first instruction.
func newBoot(r *Report, o *options, st *stage, out *outline) (*boot, error) {
	b := &boot{
		opts: o, img: st.img, arch: st.img.Arch, report: r, stage: st, engine: st.engine, layout: st.layout, outline: out,
		watchers: make(map[uint64][]watcher, 2*(len(out.symbols)+len(out.inits))), locals: map[uint64]uint64{}, spent: map[uint64]int{},
		entered: map[string]bool{}, returns: map[uint64]bool{},
		hash: newHasher(), files: map[[2]string]bool{}, entries: map[int]int{}, kinds: map[uint64]*callKind{},
	}
	b.tracer = newTracer(b)
	if err := b.open(); err != nil {
		b.close()
		return nil, err
	}
	b.hashStart()
	b.watchPhases()
	for _, i := range b.inits {
		b.watchInit(i.Func, i.pkg)
	}
	b.watchSysmon()
	b.watchDeath()
	b.watchPoint()
	b.watchFunctions()
	b.tidy()
	return b, nil
}

// open makes the guest's first stack and the process.
func (b *boot) open() error {
	m, mem := b.report.Machine, b.engine.Mem()
	vdso, err := kernel.MapVDSO(mem, b.arch, m)
	if err != nil {
		return err
	}
	stack := loader.StackOptions{CPU: b.stage.cpu}
	if vdso != nil {
		stack.VDSO, stack.SysInfo = vdso.Addr, vdso.SysInfo
	}
	if b.stack, err = loader.NewStack(mem, b.img, b.layout, m, stack); err != nil {
		return err
	}
	order := kernel.RoundRobin
	if b.opts.seeded {
		order = kernel.Seeded(b.opts.seed)
	}
	b.proc, err = kernel.New(kernel.Config{
		Engine: b.engine, Arch: b.arch, Machine: m, CPU: b.stage.cpu,
		Exe: "/" + filepath.Base(b.report.Binary.Path), ExeData: b.img.Data, Auxv: b.stack.AuxvBytes, VDSO: vdso,
		Descriptors: b.img.Descriptors, TOC: b.layout.TOC,
		Entry: b.layout.Entry, SP: b.stack.SP, Bias: b.layout.Bias, Brk: b.layout.Brk, Order: order,
		Observer: kernel.Observer{Syscall: b.atSyscall, Break: b.atBreak, Fault: b.atFault, Slice: b.atSlice},
	})
	return err
}

// close leaves the stage to others.
func (b *boot) close() {
	if b.proc != nil {
		b.proc.Close()
	}
}

// mappingPage is the size of the pages that a program's segments are mapped with: the machine's, or when the architecture has none of that
// size, its largest below. The programs of such an architecture are not linked for the pages of another (segments would share pages, and
// the last functions would lie where nothing may be executed); what AT_PAGESZ says, the runtime takes whatever it is.
func mappingPage(a *arch.Arch, size uint64) uint64 {
	page := uint64(a.PageSizes[0])
	for _, p := range a.PageSizes {
		if uint64(p) <= size {
			page = uint64(p)
		}
	}
	return page
}

// atSyscall is the kernel's observer of system calls.
func (b *boot) atSyscall(s *kernel.Syscall) {
	b.hash.syscall(s)
	b.sysmon.syscall(s)
	k := b.kind(s)
	k.seen++
	c := call{s, b.arch, "", b.report.Phase}
	if k.texts {
		c.text = b.callText(s)
	}
	b.recent.add(c)
	b.entries[s.Thread]++
	if k.path {
		b.sawFile(c)
	}
	b.tracer.syscall(c)
}

// callKind is what is wanted of the calls of one number.
type callKind struct {
	name        string
	texts, path bool
	seen        int
}

func (b *boot) kind(s *kernel.Syscall) *callKind {
	k := b.kinds[s.N]
	if k == nil {
		k = &callKind{name: s.Name, texts: strings.ContainsAny(callArguments[s.Name], "sw"), path: takesPath(s.Name)}
		b.kinds[s.N] = k
	}
	return k
}

// atSlice is the kernel's observer of progress.
func (b *boot) atSlice(instructions uint64) {
	if b.opts.progress != nil {
		b.opts.progress(instructions)
	}
}

// finish fills the report in when the guest has come to its end.
func (b *boot) finish(e kernel.Exit) {
	r := b.report
	b.conclude(e)
	b.endPhase()
	b.closeInits()
	r.sysmon = b.sysmon.at
	for _, k := range b.kinds {
		r.Calls[k.name] += k.seen
	}
	r.Stdout, r.Stderr = cut(b.proc.Stdout()), cut(b.proc.Stderr())
	if page := mappingPage(b.arch, uint64(r.Machine.PageSize)); page != uint64(r.Machine.PageSize) {
		r.Events = append(r.Events, fmt.Sprintf("page size: no %s machine has pages of %s; the runtime is told so, the program is mapped in pages of %s",
			b.arch.Name, r.Machine.PageSize, machine.Size(page)))
	}
	r.Events = append(r.Events, r.Warnings()...)
	for _, event := range b.proc.Events() {
		r.Events = append(r.Events, describe(event))
	}
	for _, rule := range b.proc.UnmatchedRules() {
		r.Events = append(r.Events, "rule "+rule+": no call matched it")
	}
	r.Counts = Counts{
		Instructions: b.engine.Instructions(),
		Blocks:       b.engine.Blocks(),
		Syscalls:     b.proc.SyscallCount(),
		Threads:      len(b.proc.Threads()),
		PagesTouched: b.engine.Mem().Touched(),
	}
	b.hashEnd()
	r.Hash = b.hash.finish()
	r.Runtime = b.probe()
	r.goMinor, r.settings = b.img.Minor(), b.img.Settings
	r.Syscalls = b.tracer.finish()
	if r.Outcome != Reached {
		r.crash = b.crashOf(e)
		r.Fault = r.crash.Fault
	}
}

// cut marks output of which the end is missing.
func cut(data []byte, truncated bool) string {
	if truncated {
		return string(data) + "\n[cut]"
	}
	return string(data)
}

// describe is an event of the kernel as a line.
func describe(e kernel.Event) string {
	s := fmt.Sprintf("%s %s: %s", e.Kind, e.Name, e.Detail)
	if e.Count > 1 {
		s += fmt.Sprintf(" (%d times)", e.Count)
	}
	return s
}

// Refusal says whether err means that a file cannot be booted, as opposed to a wrong use of rt0.
func Refusal(err error) bool {
	var e *loader.Error
	var c *arch.CPUError
	return errors.As(err, &e) || errors.As(err, &c)
}
