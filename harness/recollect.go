// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"context"
	"sync"

	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/loader"
)

const (
	// recollectionBytes bounds what all stations of a sweep remember, and what is remembered for engines of one kind.
	recollectionBytes, recollectionPart = 8 << 20, 4 << 20
	// recordAfter is how many boots' worth of instructions engines of one kind run before one of them records: a boot that is recorded takes as long
	// as so many others. So whatever comes, recording at most doubles what a sweep takes.
	recordAfter = 48
	// recordRarely is what that becomes multiplied with when the boots after a recording were helped little by it: the next would be as well.
	recordRarely, recordRarest = 4, 1024
	// judgeAfter is how many boots show whether a recording has helped, and judgeMissed what part of them then was run all the same.
	judgeAfter, judgeMissed = 8, 0.5
)

// recollections are what the stations of a sweep share, by the kind of engine.
type recollections struct {
	mu   sync.Mutex
	list map[stageKey]*recollection
	free uint64 // bytes that nobody has been given

	after float64 // of those that are made
}

func newRecollections(after float64) *recollections {
	return &recollections{list: map[stageKey]*recollection{}, free: recollectionBytes, after: after}
}

// recollection is what stretches of the program did on engines of one kind (emu.Recollection), and when it is time to record more of them.
type recollection struct {
	memory *emu.Recollection
	base   float64 // after, as long as recording helps

	use sync.RWMutex // a boot holds it for reading; to forget, for writing

	mu        sync.Mutex
	recording bool
	run       float64 // boots' worth of instructions that were not recalled, since something was recorded
	after     float64 // how many have it record again
	judged    int     // boots since then
	ever      bool    // something was
}

// of is the one for a kind of engine; nil: there is no room for it.
func (r *recollections) of(key stageKey) *recollection {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.list[key]; ok {
		return known
	}
	r.list[key] = nil
	if part := min(r.free, recollectionPart); part > 0 {
		if memory, err := emu.NewRecollection(part); err == nil {
			r.free -= part
			r.list[key] = &recollection{memory: memory, base: r.after, after: r.after}
		}
	}
	return r.list[key]
}

// close frees them. No engine runs any more.
func (r *recollections) close() {
	for _, known := range r.list {
		if known != nil {
			known.memory.Close()
		}
	}
}

// engine is what an engine that recalls is opened with.
func (r *recollection) engine() *emu.Recollection {
	if r == nil {
		return nil
	}
	return r.memory
}

// due says that the next boot should be recorded. Who was told so records, or says that it did not, by recorded.
func (r *recollection) due() bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.recording || r.run < r.after {
		return false
	}
	r.recording = true
	return true
}

// recorded ends what due began.
func (r *recollection) recorded() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.memory.Recorded()
	r.recording, r.run, r.judged, r.ever = false, 0, 0, true
}

// boot makes a boot on an engine that recalls, and notes how much of it was not recalled.
func (r *recollection) boot(e *emu.Engine, report *Report, boot func() error) error {
	if r == nil {
		return boot()
	}
	r.use.RLock()
	defer r.use.RUnlock()
	before := e.Recalled()
	err := boot()
	r.booted(report.Counts.Instructions, e.Recalled()-before)
	return err
}

// booted judges by that what the last recording was good for.
func (r *recollection) booted(instructions, recalled uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.run += 1 - float64(recalled)/float64(max(instructions, 1))
	if r.judged++; r.judged != judgeAfter {
		return
	}
	if r.run <= judgeMissed*judgeAfter {
		r.after = r.base
	} else if r.ever {
		r.after = min(r.after*recordRarely, recordRarest)
	}
}

// makeRoom forgets everything when there is little room for more: machines come in an order, and those that were long ago do not come again.
func (r *recollection) makeRoom() {
	if r.memory.Size() < recollectionPart*3/4 {
		return
	}
	r.use.Lock()
	defer r.use.Unlock()
	r.memory.Forget()
}

// record boots on an engine that records, which is opened for that. False: it had no memory to do so, or did not come to an end of its own.
func (s *station) record(ctx context.Context, r *Report, img *loader.Image, rec *recollection) (done bool, err error) {
	defer rec.recorded()
	rec.makeRoom()
	st := s.build(img, r.Machine, rec.memory, true)
	defer st.closeLater()
	if st.err != nil {
		return false, nil
	}
	if st.loaded, st.err = st.engine.Snapshot(); st.err != nil {
		return false, nil
	}
	if img.Arch.Engine.TLB != nil {
		// What fills the CPU's own TLB shows in registers, and the engines that recall have it filled.
		first := newReport(s.program.path, r.Machine, s.opts)
		if s.boot(ctx, first, st) != nil || st.engine.Restore(st.loaded) != nil {
			return false, nil
		}
	}
	err = s.boot(ctx, r, st)
	return !st.engine.Mem().Exhausted() && !st.engine.Broken(), err
}
