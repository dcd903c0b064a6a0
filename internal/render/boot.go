// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/harness"
)

// Style is how a boot is shown to people.
type Style struct {
	Colour  bool
	Width   int  // columns of the terminal; 0: any
	Verbose bool // the calls inside schedinit, package initialisers, events, and the whole state of a crash as well
}

// The colours: SGR parameters of ECMA-48.
const (
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// paint gives text a colour, when colours are wanted.
func (s Style) paint(colour, text string) string {
	if !s.Colour {
		return text
	}
	return "\x1b[" + colour + "m" + text + reset
}

// Boot writes one boot for people.
func Boot(w io.Writer, r *harness.Report, s Style) error {
	var b bytes.Buffer
	type section struct {
		title string
		table Table
	}
	sections := []section{
		{"", s.summary(r)},
		{"what the runtime concluded", conclusions(r)},
		{"phases", phases(r.Phases)},
	}
	if s.Verbose {
		sections = append(sections, section{"inside schedinit", phases(r.Schedinit)}, section{"package initialisers", inits(r.Inits)})
	}
	for _, section := range sections {
		if len(section.table.Rows) == 0 {
			continue
		}
		s.title(&b, section.title)
		if err := section.table.Text(&b); err != nil {
			return err
		}
	}
	if s.Verbose {
		s.lines(&b, "events", r.Events)
	} else {
		s.lines(&b, "rules", rules(r.Events))
	}
	s.crash(&b, r.Crash())
	s.lines(&b, "the program wrote to standard output", textLines(r.Stdout))
	s.lines(&b, "the program wrote to standard error", textLines(r.Stderr))
	_, err := w.Write(b.Bytes())
	return err
}

// rules are the events of the machine's rules for system calls; those that matched no call are one line.
func rules(events []string) []string {
	const unmatched = ": no call matched it"
	var lines, idle []string
	for _, event := range events {
		rule, isRule := strings.CutPrefix(event, "rule ")
		text, isIdle := strings.CutSuffix(rule, unmatched)
		switch {
		case isRule && isIdle:
			idle = append(idle, text)
		case isRule:
			lines = append(lines, rule)
		}
	}
	switch len(idle) {
	case 0:
		return lines
	case 1:
		return append(lines, idle[0]+unmatched)
	}
	return append(lines, fmt.Sprintf("%d others, such as %s, matched no call", len(idle), idle[0]))
}

func (s Style) title(b *bytes.Buffer, title string) {
	if title != "" {
		fmt.Fprintf(b, "\n%s\n", s.paint(bold, title))
	}
}

// lines writes lines that are not a table.
func (s Style) lines(b *bytes.Buffer, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	s.title(b, title)
	for _, line := range lines {
		fmt.Fprintln(b, strings.TrimRight("    "+line, " "))
	}
}

// crash writes where the guest was when it died; nil when it did not.
func (s Style) crash(b *bytes.Buffer, c *harness.Crash) {
	if c == nil {
		return
	}
	if s.Verbose {
		s.lines(b, "last system calls", c.Syscalls)
		s.lines(b, fmt.Sprintf("registers of thread %d", c.Thread), c.Registers)
	}
	if c.Fault != nil {
		s.lines(b, "fault", words(c.Fault.String(), c.Fault.Instruction))
	} else if s.Verbose {
		s.lines(b, "instruction", words(c.Code))
	}
	s.lines(b, "traceback", c.Traceback)
}

// textLines are the lines of what a guest wrote, made harmless for a terminal.
func textLines(text string) []string {
	if text == "" {
		return nil
	}
	clean := strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, text)
	return strings.Split(strings.TrimSuffix(clean, "\n"), "\n")
}

// good are the outcomes that are shown as such.
var good = []harness.Outcome{harness.Reached, harness.Exited}

// End is how a boot ended, without the reason: "reached main.main", "threw in schedinit".
func End(r *harness.Report) string {
	if r.Outcome == harness.Reached {
		return string(r.Outcome) + " " + r.Until
	}
	// The phase is that of the cause: a runtime that gives up goes on to the phase exit.
	return strings.TrimPrefix(strings.TrimSuffix(r.Cause(), ": "+r.Reason), r.Binary.Path+" ("+r.Binary.GOARCH+"): ")
}

func (s Style) summary(r *harness.Report) Table {
	word, rest, _ := strings.Cut(End(r), " ")
	outcome := s.State(word, slices.Contains(good, r.Outcome)) + " " + rest
	symbols := "with symbols"
	if r.Binary.Stripped {
		symbols = "stripped"
	}
	m := r.Machine
	var t Table
	row := func(name, text string) {
		if text != "" {
			t.Rows = append(t.Rows, []string{name, text})
		}
	}
	row("binary", r.Binary.Path)
	row("", strings.Join(words(r.Binary.GOARCH, r.Binary.GoVersion, r.Binary.BuildMode, symbols), ", "))
	row("machine", m.Name)
	row("", fmt.Sprintf("%s, huge page %s, page %s, memory %s, Linux %s", plural(m.CPUs.Count(), "CPU"), m.HugePage, m.PageSize, m.Memory, m.Kernel.Release))
	row("outcome", outcome)
	row("reason", r.Reason)
	if r.ExitCode != nil {
		row("exit code", strconv.Itoa(*r.ExitCode))
	}
	if r.Signal != nil {
		row("signal", *r.Signal)
	}

	row("cost", strings.Join([]string{
		plural(r.Counts.Instructions, "instruction"), plural(r.Counts.Syscalls, "system call"), plural(r.Counts.Threads, "thread"),
		plural(r.Counts.PagesTouched, "page") + " touched",
	}, ", "))
	row("hash", r.Hash)
	return t
}

// conclusions are the fields of the runtime by the names that --expect takes.
func conclusions(r *harness.Report) Table {
	var t Table
	for _, key := range harness.FieldKeys() {
		if reportFields[key] {
			continue
		}
		c := field(key)
		if c.Text(r) == null {
			continue
		}
		text, readable := c.cell(r, true), c.cell(r, false)
		if text != readable {
			text += " (" + readable + ")"
		}
		t.Rows = append(t.Rows, []string{key, text})
	}
	return t
}

func phases(list []harness.Phase) Table {
	t := Table{Head: []string{"phase", "function", "starts at", "instructions", "syscalls"}, Right: []bool{false, false, true, true, true}}
	for _, p := range list {
		t.Rows = append(t.Rows, []string{p.Name, p.Function, Number(p.StartInstruction), Number(p.Instructions), strconv.Itoa(p.Syscalls)})
	}
	return t
}

func inits(list []harness.Init) Table {
	t := Table{Head: []string{"package", "function", "starts at", "instructions", "syscalls"}, Right: []bool{false, false, true, true, true}}
	for _, i := range list {
		t.Rows = append(t.Rows, []string{i.Package, i.Function, Number(i.StartInstruction), Number(i.Instructions), strconv.Itoa(i.Syscalls)})
	}
	return t
}

func plural[N int | uint64](n N, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return Number(uint64(n)) + " " + unit
}

// State is a word that says whether something is well, in its colour.
func (s Style) State(word string, well bool) string {
	if well {
		return s.paint(green, word)
	}
	return s.paint(red, word)
}
