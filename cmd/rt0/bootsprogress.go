// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/cheggaaa/pb/v3"
)

// boots is the bar of many boots.
const boots pb.ProgressBarTemplate = `{{string . "last"}} {{bar . }} {{counters . }} boots, {{etime . }}`

// bootsProgress tells on standard error how many boots are done: by a bar on a terminal, else by a line every few seconds. Builds, which may take
// minutes, are told of meanwhile.
type bootsProgress struct {
	w        io.Writer
	command  string
	terminal bool
	now      func() time.Time
	stop     chan struct{} // closed by done

	mu       sync.Mutex
	next     time.Time
	bar      *pb.ProgressBar
	finished int
	total    int
	building []string // in the order in which they began
}

// newBootsProgress is that of the named command, which does so many boots.
func newBootsProgress(w io.Writer, command string, total int) *bootsProgress {
	p := &bootsProgress{
		w: w, command: command, terminal: isTerminal(w), now: time.Now, stop: make(chan struct{}), next: time.Now().Add(lineEvery), total: total,
	}
	if p.terminal {
		p.bar = boots.New(total).SetWriter(w).Set(pb.CleanOnFinish, true).Start()
	} else {
		go p.tick()
	}
	return p
}

// tick tells of builds that take longer than what comes between two boots.
func (p *bootsProgress) tick() {
	ticker := time.NewTicker(lineEvery)
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-ticker.C:
			p.beat()
		}
	}
}

// beat tells what is being built, the oldest first.
func (p *bootsProgress) beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.building) > 0 {
		p.tell("building " + p.building[0])
	}
}

// tell writes a line, unless one was written a moment ago. p.mu is held.
func (p *bootsProgress) tell(what string) {
	if now := p.now(); !now.Before(p.next) {
		p.next = now.Add(lineEvery)
		fmt.Fprintf(p.w, "%s: %d of %d boots done, %s\n", p.command, p.finished, p.total, what)
	}
}

// build is called before something is built; the function that it returns, when that has ended.
func (p *bootsProgress) build(what string) (end func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.building = append(p.building, what)
	if p.terminal {
		p.bar.Set("last", "building "+what)
	}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if i := slices.Index(p.building, what); i >= 0 {
			p.building = slices.Delete(p.building, i, i+1)
		}
	}
}

// at is called after each boot, with its name.
func (p *bootsProgress) at(last string, done int) { p.doing(last, "the last: "+last, done) }

// doing is called now and then with what is done, in the words of the bar and in those of a line.
func (p *bootsProgress) doing(bar, line string, done int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finished = done
	if p.terminal {
		p.bar.Set("last", bar).SetCurrent(int64(done))
		return
	}
	p.tell(line)
}

// line writes a line that stays, above the bar.
func (p *bootsProgress) line(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		const toItsStart, erased = "\r", "\x1b[2K" // ECMA-48's CR and EL
		fmt.Fprintf(p.w, "%s%s%s\n", toItsStart, erased, text)
		p.bar.Write()
		return
	}
	fmt.Fprintln(p.w, text)
}

// done takes the bar away. Nothing is written after it.
func (p *bootsProgress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.stop)
	p.building = nil
	if p.terminal {
		p.bar.Finish()
	}
}
