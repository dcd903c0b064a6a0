// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/kernel"
	"github.com/rt0-dev/rt0/machine"
)

// death is the first moment at which the runtime gave up.
type death struct {
	function string
	text     string // the argument of throw or fatal
	stderr   int    // bytes written to stderr before it
	phase    string
	crash    *Crash
}

// textFunctions are those of deathFunctions that are given a text.
var textFunctions = []string{"runtime.throw", "runtime.gothrow", "runtime.fatal"}

// maxText bounds what is read of a throw's text.
const maxText = 1000

// watchDeath looks at the functions with which the runtime gives up. A program may print "panic:" and exit with 2 without any of them.
func (b *boot) watchDeath() {
	for _, name := range deathFunctions {
		for _, f := range b.symbols[name] {
			b.watch(f.Addr, func(t *kernel.Thread) bool {
				if b.death != nil {
					return false
				}
				b.death = &death{function: name, stderr: len(b.stderr()), phase: b.report.Phase}
				if slices.Contains(textFunctions, name) {
					if args, ok := b.arguments(2, strings.HasSuffix(f.Name, abiWrapper)); ok {
						if name == "runtime.throw" && b.img.Minor() < sinceGoRuntime {
							args[1] = maxText
						}
						b.death.text, _, _ = strings.Cut(b.text(args[0], args[1], maxText), "\x00")
					}
				}
				b.death.crash = b.autopsy(t)
				return false
			})
		}
	}
}

func (b *boot) stderr() []byte {
	data, _ := b.proc.Stderr()
	return data
}

// stuckKinds are the exits of the kernel that mean a bound was hit, memory aside.
var stuckKinds = map[kernel.ExitKind]bool{
	kernel.Deadlock: true, kernel.Limit: true, kernel.Timeout: true, kernel.Unsupported: true,
}

// conclude says in the report how the boot ended.
func (b *boot) conclude(e kernel.Exit) {
	r := b.report
	switch {
	case e.Kind == kernel.Exited:
		if !b.entered[exitPhase] {
			b.enter(exitPhase, "")
		}
		code := e.Code
		r.ExitCode = &code
		r.Outcome = Exited
		r.Reason = fmt.Sprintf("exit status %d before %s", code, b.opts.until)
		if line := lastLine(b.stderr()); line != "" && code != 0 {
			r.Reason += ": " + line
		}
		if b.opts.until == exitPhase {
			r.Outcome, r.Reason = Reached, ""
		}
	case e.Kind == kernel.Killed:
		name := e.Signal.String()
		r.Signal = &name
		r.Outcome, r.Reason = Killed, e.Reason
		if r.Reason == "" {
			r.Reason = fmt.Sprintf("%s at address %#x, pc %#x", name, e.Addr, e.PC)
		}
	case e.Kind == kernel.Memory:
		r.Outcome, r.Reason = Stuck, fmt.Sprintf("limit of %s of touched memory", machine.Size(b.opts.memory))
	case stuckKinds[e.Kind]:
		r.Outcome, r.Reason = Stuck, e.Reason
	default:
		r.Outcome = Reached
	}
	if b.death != nil && (e.Kind == kernel.Exited || e.Kind == kernel.Killed) {
		r.Outcome, r.Reason = Threw, b.deathText(e)
		r.Died = b.death.phase
	}
}

// lastLine is the last line of a text that has something in it, up to maxText bytes.
func lastLine(text []byte) string {
	text = bytes.TrimSpace(text)
	line := text[bytes.LastIndexByte(text, '\n')+1:]
	return strings.ToValidUTF8(string(bytes.TrimSpace(line[:min(len(line), maxText)])), "?")
}

// deathText is the line that the runtime printed when it gave up, or what it was about to print; else what it died of before it could.
func (b *boot) deathText(e kernel.Exit) string {
	stderr := b.stderr()
	for line := range strings.Lines(string(stderr[min(b.death.stderr, len(stderr)):])) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "panic: ") {
			return line
		}
		if b.death.function == startpanic && line != "" {
			return line // sighandler names the signal first: "SIGILL: illegal instruction"
		}
	}
	if b.death.text != "" {
		line, _, _ := strings.Cut(b.death.text, "\n")
		return "fatal error: " + line
	}
	text := "fatal error in " + b.death.function
	if e.Kind == kernel.Killed && e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}
