// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/diff"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// pageData is what the page's script knows: the data element of the page, as JSON.
type pageData struct {
	*pagePack
	Phases    []string     `json:"phases"`    // all phases, in their usual order: they have their colours by it
	Marks     [][2]string  `json:"marks"`     // letter and word
	Threshold float64      `json:"threshold"` // beyond which an amount has changed
	Boots     []pageRecord `json:"boots"`
}

// pageRecord is a boot. Single texts are numbers of pagePack.Texts, tables are lists of numbers of pagePack.Columns.
type pageRecord struct {
	ID       string `json:"id"`
	Program  int    `json:"program"`
	Go       int    `json:"go"`
	Arch     int    `json:"arch"`
	Variant  int    `json:"variant"`
	Machine  int    `json:"machine"`
	Previous int    `json:"previous"` // the left neighbour's index; -1: it has none
	Next     int    `json:"next"`     // the right neighbour's
	Class    string `json:"class"`
	Marks    string `json:"marks,omitempty"`
	Well     bool   `json:"well"`

	End     int   `json:"end"`
	Reason  int   `json:"reason,omitempty"`
	Exit    *int  `json:"exit,omitempty"`
	Signal  int   `json:"signal,omitempty"`
	Counts  []int `json:"counts"` // instructions, system calls, pages, threads, Ps (or -1), files
	Binary  int   `json:"binary"` // a column: path, SHA-256, build mode and symbols, hash of the boot
	Command int   `json:"command"`
	About   int   `json:"about,omitempty"`   // the machine's description
	Fault   int   `json:"fault,omitempty"`   // one line
	Stdout  int   `json:"stdout,omitempty"`  // what the guest wrote
	Stderr  int   `json:"stderr,omitempty"`  //
	LeftOut int   `json:"leftOut,omitempty"` // system calls that the page does not have

	Values    []int `json:"values"`    // key, value
	Phases    []int `json:"phases"`    // name, function, start, instructions, system calls
	Schedinit []int `json:"schedinit"` // likewise
	Inits     []int `json:"inits"`     // package, function, start, instructions, system calls
	Files     []int `json:"files"`     // path, call, phase, error
	Events    int   `json:"events"`    // a column
	Keys      []int `json:"keys"`      // of the machine, that differ from the default: key, value
	Diff      []int `json:"diff"`      // mark, sign, operation, kind, subject, text
	Calls     []int `json:"calls"`     // system calls: run, instructions before it
}

// The most rows of a boot that the page keeps: a start-up makes some hundred system calls, a program that runs to its end a million.
const (
	pageCallsHead = 2000 // of the first
	pageCallsTail = 500  // and of the last
	pageEvents    = 500
)

func newPageData(m *pageMatrix, o diff.Options) *pageData {
	d := &pageData{pagePack: newPagePack(), Phases: harness.Phases(), Threshold: o.Threshold, Boots: []pageRecord{}}
	for _, mark := range pageMarks {
		d.Marks = append(d.Marks, [2]string{mark.Letter, mark.Word})
	}
	for _, b := range m.boots {
		d.Boots = append(d.Boots, d.record(b))
	}
	for i, r := range d.Boots {
		if r.Previous >= 0 {
			d.Boots[r.Previous].Next = i
		}
	}
	return d
}

// table makes a table of a list.
func table[T any](p *pagePack, list []T, row func(t *pageTable, v T)) []int {
	t := &pageTable{pack: p}
	for _, v := range list {
		row(t, v)
	}
	return t.numbers()
}

func (d *pageData) record(b *pageBoot) pageRecord {
	r := b.report
	p := d.pagePack
	symbols := "with symbols"
	if r.Binary.Stripped {
		symbols = "stripped"
	}
	build := strings.Join(words(r.Binary.GoVersion, r.Binary.BuildMode, symbols), ", ")
	rec := pageRecord{
		ID: b.ID, Program: p.text(b.program()), Go: p.text(b.cell.Toolchain), Arch: p.text(b.cell.GOARCH), Variant: p.text(b.cell.Variant),
		Machine: p.text(b.cell.Machine), Previous: -1, Next: -1, Class: b.Class(), Marks: b.Marks(), Well: b.well(),
		End: p.text(b.facts.Outcome), Reason: p.text(r.Reason), Exit: r.ExitCode, About: p.text(r.Machine.Description),
		Counts: []int{
			int(r.Counts.Instructions), r.Counts.Syscalls, int(r.Counts.PagesTouched), r.Counts.Threads, r.Runtime.GOMAXPROCS, len(r.Files),
		},
		Binary: p.words([]string{r.Binary.Path, r.Binary.SHA256, build, r.Hash}),
		Stdout: p.text(guestText(r.Stdout)), Stderr: p.text(guestText(r.Stderr)), Events: p.words(bounded(r.Events, pageEvents)),
	}
	if b.previous != nil {
		rec.Previous = b.previous.Index
		rec.Diff = table(p, b.diff.Changes, changeRow)
	}
	if r.Signal != nil {
		rec.Signal = p.text(*r.Signal)
	}
	if r.Fault != nil {
		rec.Fault = p.text(strings.Join(words(r.Fault.String(), r.Fault.Function, r.Fault.Instruction), ", "))
	}
	if r.Binary.Path != "" {
		rec.Command = p.text(r.Reproduce())
	}
	stretch := func(t *pageTable, s harness.Phase) {
		t.row(s.Name, s.Function, s.StartInstruction, s.Instructions, s.Syscalls)
	}
	rec.Values = table(p, conclusions(r).Rows, func(t *pageTable, row []string) { t.row(row[0], row[1]) })
	rec.Phases, rec.Schedinit = table(p, r.Phases, stretch), table(p, r.Schedinit, stretch)
	rec.Inits = table(p, r.Inits, func(t *pageTable, i harness.Init) {
		t.row(i.Package, i.Function, i.StartInstruction, i.Instructions, i.Syscalls)
	})
	rec.Files = table(p, r.Files, func(t *pageTable, f harness.File) { t.row(f.Path, f.Call, f.Phase, f.Error) })
	rec.Keys = table(p, machineKeys(r.Machine), func(t *pageTable, c machine.Change) { t.row(c.Key, c.Value) })
	rec.Calls, rec.LeftOut = p.syscalls(r.Syscalls)
	return rec
}

// changeRow is a change in package diff's words.
func changeRow(t *pageTable, c diff.Change) {
	t.row(markOf(c), c.Op.Sign(), string(c.Op), string(c.Kind), c.Subject(), c.Text())
}

// machineKeys are the keys that the machine says otherwise than the default one, its name aside.
func machineKeys(m machine.Machine) []machine.Change {
	plain := machine.New()
	plain.Name, plain.Description = m.Name, m.Description
	changes, _ := plain.Changes(m)
	return changes
}

// bounded keeps the first of many lines, and says how many there were.
func bounded(lines []string, most int) []string {
	if len(lines) <= most {
		return lines
	}
	return append(slices.Clone(lines[:most]), "... and "+Number(uint64(len(lines)-most))+" more")
}

// guestText is a guest's text without control characters.
func guestText(text string) string { return strings.Join(textLines(text), "\n") }

// syscalls packs a boot's system calls as runs of one thread in one phase; of very many, the middle is left out.
func (p *pagePack) syscalls(calls []harness.Syscall) (runs []int, leftOut int) {
	if most := pageCallsHead + pageCallsTail; len(calls) > most {
		leftOut = len(calls) - most
		calls = append(slices.Clone(calls[:pageCallsHead]), calls[len(calls)-pageCallsTail:]...)
	}
	t := &pageTable{pack: p}
	for len(calls) > 0 {
		n := 1
		for n < len(calls) && calls[n].Thread == calls[0].Thread && calls[n].Phase == calls[0].Phase && calls[n].N == calls[n-1].N+1 {
			n++
		}
		t.row(p.run(calls[:n]), calls[0].Instruction, calls[0].N)
		calls = calls[n:]
	}
	return t.numbers(), leftOut
}

// run is the number of a run of system calls. It tells instructions by their distance from the call before, and the first call's not at
// all, so that equal runs are equal wherever they stand.
func (p *pagePack) run(calls []harness.Syscall) int {
	list, distances := make([]int64, len(calls)), make([]int64, len(calls))
	for i, c := range calls {
		texts := []int{p.text(c.Name), p.text(c.ResultText())}
		for _, a := range c.Args {
			texts = append(texts, p.text(a))
		}
		list[i] = int64(shared(&p.Calls, p.calls, texts))
		if i > 0 {
			distances[i] = int64(c.Instruction - calls[i-1].Instruction)
		}
	}
	return shared(&p.Runs, p.runs, []int{calls[0].Thread, p.text(calls[0].Phase), p.column(list), p.column(distances)})
}
