// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"sync"

	"github.com/rt0-dev/rt0/kernel"
)

// phaseTable names the function whose entry begins each phase, in the usual order. Of several names the first that the binary has
// counts. A name stands for its ABI wrapper too ("runtime.check.abi0"): assembly calls the wrapper, and a stripped binary gives both one
// name, so whichever is entered first begins the phase.
//
// The phase init begins with the first package init task, which is one of the runtime's own: runtime.main hands them to doInit before
// the program's (runtime/proc.go). Up to Go 1.12 there were no tasks; runtime.main called runtime.init, then main.init.
var phaseTable = []struct {
	name      string
	functions []string
}{
	{"rt0", nil}, // the entry point, whatever it is called
	{"check", []string{"runtime.check"}},
	{"args", []string{"runtime.args"}},
	{"osinit", []string{"runtime.osinit"}},
	{"schedinit", []string{"runtime.schedinit"}},
	{"newproc", []string{"runtime.newproc"}},
	{"mstart", []string{"runtime.mstart", "runtime.mstart0"}},
	{"main", []string{"runtime.main"}},
	{"init", []string{"runtime.doInit1", "runtime.doInit", "runtime.init"}},
	{"main.main", []string{"main.main"}},
	{"exit", []string{"runtime.exit"}},
}

// exitPhase is the phase that ends the program. It begins with exit_group where the binary has no runtime.exit.
const exitPhase = "exit"

// Phases are the names of all phases, in their usual order.
func Phases() []string {
	names := make([]string, len(phaseTable))
	for i, p := range phaseTable {
		names[i] = p.name
	}
	return names
}

// schedinitCalls are what runtime.schedinit calls, of all releases. Those that a release lacks or inlines are absent from a report.
// The order is of no account: reports give the order in which they ran.
var schedinitCalls = []string{
	"getGodebugEarly", "haveexperiment", "parseRuntimeDebugVars", "(*ticksType).init", "tracebackinit", "moduledataverify",
	"moduledataverify1", "symtabinit", "stackinit", "fastrandinit", "randinit", "mallocinit", "godebugInit", "cpuinit", "alginit",
	"mcommoninit", "modulesinit", "typelinksinit", "itabsinit", "stkobjinit", "sigsave", "msigsave", "goargs", "goenvs", "goenvs_unix",
	"secure", "initSecureMode", "checkfds", "parsedebugvars", "finishDebugVarsSetup", "gcinit", "mProfStackInit", "defaultGOMAXPROCSInit",
	"defaultGOMAXPROCS", "procresize", "traceLockInit", "lockVerifyMSize", "raceinit",
}

// schedinitMoved are calls that have left package runtime, under their old names.
var schedinitMoved = map[string]string{"alginit": "internal/runtime/maps.AlgInit"} // since Go 1.27

// schedinitFunctions are the functions that a call inside schedinit is, of all releases.
func schedinitFunctions(call string) []string { return schedinitNames()[call] }

var schedinitNames = sync.OnceValue(func() map[string][]string {
	names := map[string][]string{}
	for _, call := range schedinitCalls {
		names[call] = []string{"runtime." + call}
		if moved, ok := schedinitMoved[call]; ok {
			names[call] = append(names[call], moved)
		}
	}
	return names
})

const abiWrapper = ".abi0"

// span is a stretch that has begun and not ended.
type span struct {
	start    uint64
	syscalls int
	pages    uint64
}

func (b *boot) begin() span {
	return span{b.engine.Instructions(), b.proc.SyscallCount(), b.engine.Mem().Touched()}
}

// cost is what ran since the span began.
func (b *boot) cost(s span) (instructions uint64, syscalls int) {
	return b.engine.Instructions() - s.start, b.proc.SyscallCount() - s.syscalls
}

// spent fills in what the stretch cost, which ends now.
func (p *Phase) spent(b *boot, s span) {
	p.Instructions, p.Syscalls = b.cost(s)
	p.Pages = b.engine.Mem().Touched() - s.pages
}

// watchPhases sets the breakpoints of phases and of the calls inside schedinit.
func (b *boot) watchPhases() {
	b.enter("rt0", b.functionName(b.layout.Entry))
	for _, p := range phaseTable {
		for _, name := range p.functions {
			entries := b.symbols[name]
			for _, f := range entries {
				b.once(f.Addr, func(t *kernel.Thread) bool {
					b.enter(p.name, name)
					return b.opts.until == p.name && p.name != exitPhase
				})
			}
			if len(entries) > 0 {
				break
			}
		}
	}
	for _, call := range schedinitCalls {
		for _, name := range schedinitFunctions(call) {
			for _, f := range b.symbols[name] {
				b.watch(f.Addr, func(t *kernel.Thread) bool {
					b.enterCall(call, name)
					return false
				})
			}
		}
	}
}

// enter begins a phase, unless it was entered before, and ends the one before it.
func (b *boot) enter(name, function string) {
	if b.entered[name] {
		return
	}
	b.entered[name] = true
	b.endPhase()
	b.phase = b.begin()
	r := b.report
	if len(r.Phases) == 0 {
		b.phase.pages = 0 // what the kernel has touched to lay out the stack is the first phase's, so that phases add up to the boot
	}
	r.Phase = name
	r.Phases = append(r.Phases, Phase{Name: name, Function: function, StartInstruction: b.phase.start})
	b.hash.phase(name, b.phase)
	b.tracePhase("phase", name, b.phase)
	switch name {
	case "main":
		b.findGoid()
	case "schedinit":
		b.inSchedinit = true
	case "newproc":
		b.inSchedinit = false
		b.unwatchSchedinit()
	}
}

// endPhase closes the phase that is open.
func (b *boot) endPhase() {
	if n := len(b.report.Phases); n > 0 {
		b.report.Phases[n-1].spent(b, b.phase)
	}
}

// unwatchSchedinit takes the breakpoints of the calls away, of which some are called often later.
func (b *boot) unwatchSchedinit() {
	for _, call := range schedinitCalls {
		for _, name := range schedinitFunctions(call) {
			for _, f := range b.symbols[name] {
				if len(b.watchers[f.Addr]) == 1 {
					b.unwatch(f.Addr)
				}
			}
		}
	}
}

// enterCall begins a call of schedinit when schedinit itself is the caller: many of these functions are called from elsewhere too.
func (b *boot) enterCall(name, function string) {
	if !b.inSchedinit {
		return
	}
	ret, ok := b.returnAddress()
	if !ok || !b.within("runtime.schedinit", ret) {
		return
	}
	s := b.begin()
	i := len(b.report.Schedinit)
	b.report.Schedinit = append(b.report.Schedinit, Phase{Name: name, Function: function, StartInstruction: s.start})
	b.tracePhase("schedinit", name, s)
	b.once(ret, func(*kernel.Thread) bool {
		b.report.Schedinit[i].spent(b, s)
		return false
	})
}

// within says whether addr lies in a function of that name.
func (b *boot) within(name string, addr uint64) bool {
	for _, f := range b.symbols[name] {
		if addr > f.Addr && addr <= f.Addr+f.Size {
			return true
		}
	}
	return false
}

// functionName is the name of the function at a biased address; "" when there is none.
func (b *boot) functionName(pc uint64) string {
	f, ok := b.img.FuncAt(pc - b.layout.Bias)
	if !ok {
		return ""
	}
	return f.Name
}
