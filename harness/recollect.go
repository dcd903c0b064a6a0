// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"cmp"
	"context"
	"sync"

	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/loader"
)

const (
	// recollectionBytes bounds what all stations of a sweep remember, and what is remembered for engines of one kind.
	recollectionBytes, recollectionPart = 16 << 20, 10 << 20
	// recordAfter is how many boots' worth of instructions engines of one kind run before one of them records: a boot that is recorded takes as long
	// as so many others. Each recording doubles it, since what the last one was no help with, the next one may be none with either.
	recordAfter = 16
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

	mu        sync.Mutex
	recording bool
	run       float64 // boots' worth of instructions that were not recalled, since something was recorded
	after     float64 // how many have it record again
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
			r.list[key] = &recollection{memory: memory, after: r.after}
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
	r.recording, r.run = false, 0
	r.after *= 4
}

// booted notes how much of a boot was not recalled.
func (r *recollection) booted(instructions, recalled uint64) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.run += 1 - float64(recalled)/float64(cmp.Or(instructions, 1))
}

// record boots on an engine that records, which is opened for that. False: it had no memory to do so, or did not come to an end of its own.
func (s *station) record(ctx context.Context, r *Report, img *loader.Image, rec *recollection) (done bool, err error) {
	defer rec.recorded()
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
