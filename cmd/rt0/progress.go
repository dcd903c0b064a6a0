// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/cheggaaa/pb/v3"

	"github.com/rt0-dev/rt0/internal/render"
)

// When progress is shown: a boot that takes milliseconds needs none.
const (
	barAfter  = time.Second
	barEvery  = 100 * time.Millisecond
	lineEvery = 5 * time.Second
)

// endless is a bar for a guest of which nobody knows how long it runs.
const endless pb.ProgressBarTemplate = `{{string . "name"}} {{cycle . "⠋" "⠙" "⠹" "⠸" "⠼" "⠴" "⠦" "⠧" "⠇" "⠏"}} {{counters . "%s/%s" "%s"}} instructions, {{speed . "%s/s"}}, {{etime . }}`

// progress tells on standard error how far a boot is: by a bar on a terminal, else by a line every few seconds.
type progress struct {
	w        io.Writer
	name     string
	terminal bool
	now      func() time.Time
	start    time.Time
	next     time.Time // when there is something to show again
	bar      *pb.ProgressBar
}

func newProgress(w io.Writer, binary string) *progress {
	p := &progress{w: w, name: filepath.Base(binary), terminal: isTerminal(w), now: time.Now, start: time.Now()}
	p.next = p.start.Add(lineEvery)
	if p.terminal {
		p.next = p.start.Add(barAfter)
	}
	return p
}

// at is called now and then while the guest runs.
func (p *progress) at(instructions uint64) {
	now := p.now()
	switch {
	case now.Before(p.next):
	case p.terminal:
		if p.bar == nil {
			// How long a guest will run is not known: the bar is one without an end.
			p.bar = endless.New(0).SetWriter(p.w).Set("name", p.name).Set(pb.Static, true).Set(pb.CleanOnFinish, true).Start()
		}
		p.next = now.Add(barEvery)
		p.bar.SetCurrent(int64(instructions)).Write()
	default:
		p.next = now.Add(lineEvery)
		fmt.Fprintf(p.w, "%s: %s instructions after %s\n", p.name, render.Number(instructions), now.Sub(p.start).Round(time.Second))
	}
}

// done takes the bar away.
func (p *progress) done() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
