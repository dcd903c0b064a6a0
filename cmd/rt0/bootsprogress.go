// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"fmt"
	"io"
	"time"

	"github.com/cheggaaa/pb/v3"
)

// boots is the bar of many boots.
const boots pb.ProgressBarTemplate = `{{string . "last"}} {{bar . }} {{counters . }} boots, {{etime . }}`

// bootsProgress tells on standard error how many boots are done: by a bar on a terminal, else by a line every few seconds.
type bootsProgress struct {
	w        io.Writer
	command  string
	terminal bool
	now      func() time.Time
	next     time.Time
	bar      *pb.ProgressBar
}

// newBootsProgress is that of the named command.
func newBootsProgress(w io.Writer, command string) *bootsProgress {
	return &bootsProgress{w: w, command: command, terminal: isTerminal(w), now: time.Now, next: time.Now().Add(lineEvery)}
}

// at is called after each boot, with its name.
func (p *bootsProgress) at(last string, done, total int) {
	if p.terminal {
		if p.bar == nil {
			p.bar = boots.New(total).SetWriter(p.w).Set(pb.CleanOnFinish, true).Start()
		}
		p.bar.Set("last", last).SetCurrent(int64(done))
		return
	}
	if now := p.now(); !now.Before(p.next) {
		p.next = now.Add(lineEvery)
		fmt.Fprintf(p.w, "%s: %d of %d boots done, the last: %s\n", p.command, done, total, last)
	}
}

// line writes a line that stays, above the bar.
func (p *bootsProgress) line(text string) {
	if p.bar != nil {
		const toItsStart, erased = "\r", "\x1b[2K" // ECMA-48's CR and EL
		fmt.Fprintf(p.w, "%s%s%s\n", toItsStart, erased, text)
		p.bar.Write()
		return
	}
	fmt.Fprintln(p.w, text)
}

// done takes the bar away.
func (p *bootsProgress) done() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
