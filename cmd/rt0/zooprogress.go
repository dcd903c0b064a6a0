// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"fmt"
	"io"
	"time"

	"github.com/cheggaaa/pb/v3"

	"github.com/rt0-dev/rt0/zoo"
)

// boots is the bar of many boots.
const boots pb.ProgressBarTemplate = `{{string . "last"}} {{bar . }} {{counters . }} boots, {{etime . }}`

// zooProgress tells on standard error how many boots are done: by a bar on a terminal, else by a line every few seconds.
type zooProgress struct {
	w        io.Writer
	terminal bool
	now      func() time.Time
	next     time.Time
	bar      *pb.ProgressBar
}

func newZooProgress(w io.Writer) *zooProgress {
	return &zooProgress{w: w, terminal: isTerminal(w), now: time.Now, next: time.Now().Add(lineEvery)}
}

// at is called after each boot.
func (p *zooProgress) at(row zoo.Row, done, total int) {
	if p.terminal {
		if p.bar == nil {
			p.bar = boots.New(total).SetWriter(p.w).Set(pb.CleanOnFinish, true).Start()
		}
		p.bar.Set("last", row.Entry+" "+row.Release).SetCurrent(int64(done))
		return
	}
	if now := p.now(); !now.Before(p.next) {
		p.next = now.Add(lineEvery)
		fmt.Fprintf(p.w, "zoo: %d of %d boots done, the last: %s, %s, %s\n", done, total, row.Entry, row.Release, row.Arch)
	}
}

// done takes the bar away.
func (p *zooProgress) done() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
