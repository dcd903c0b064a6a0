// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
)

// Result is one boot of a sweep.
type Result struct {
	Variant Variant
	// Report is what [Run] gives for the variant's machine, byte for byte. When the boot could not be carried out, its Outcome is Refused, and
	// [Report.Err] says why.
	Report *Report
	// Panic is set when rt0 itself failed in this boot: what it said and where. The report then is a refused one.
	Panic *PanicError
}

// PanicError is a failure of rt0 itself, contained to one boot.
type PanicError struct {
	Value     string // what was panicked with
	Stack     string // of the goroutine, as the runtime prints it
	Reproduce string // the command that does the boot again
}

func (e *PanicError) Error() string {
	return "rt0 itself failed (" + e.Value + "): please report it with this command: " + e.Reproduce
}

// sweepWindow is how many boots may be done ahead of the one that is to be told of next: one that takes long keeps the others waiting, and not
// their reports piling up.
const sweepWindow = 512

// Sweep boots the ELF file bin on every variant of a machine, on all cores, and calls each with the results, one at a time, in the order of the
// variants and on the caller's goroutine. It returns when all are done, or with ctx's error when that ended before; each has then had the results
// before that. An error of a single boot is its report's: see [Report.Err]. The file must not change meanwhile.
//
// A boot with a trace has the writers for itself: then there is one worker. What [Progress] is given comes from all of them.
func Sweep(ctx context.Context, bin string, axes Axes, each func(Result), opts ...Option) error {
	o := newOptions(opts)
	s := &sweep{
		axes: axes, opts: o, program: openProgram(bin), n: axes.Len(), next: o.skip, told: o.skip, slots: make([]*Result, sweepWindow),
	}
	s.changed.L = &s.mu
	inner, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer func() {
		wg.Wait()
		if s.recall != nil {
			s.recall.close()
		}
	}()
	defer cancel()
	defer context.AfterFunc(inner, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.over = true
		s.changed.Broadcast()
	})()
	workers := cmp.Or(o.parallel, runtime.GOMAXPROCS(0))
	if len(o.traces) > 0 {
		workers = 1
	}
	if len(o.traces) == 0 && !o.forgetful {
		s.recall = newRecollections(cmp.Or(o.recordAfter, recordAfter))
	}
	for range min(s.n-s.next, workers) {
		wg.Go(func() { s.work(inner) })
	}
	for range s.n - o.skip {
		r := s.result()
		if err := ctx.Err(); err != nil {
			return err
		}
		each(*r)
	}
	return nil
}

// sweep is a sweep while it runs.
type sweep struct {
	axes    Axes
	opts    *options
	program *program
	recall  *recollections
	n       int

	mu      sync.Mutex
	changed sync.Cond
	next    int       // the variant that nobody has taken yet
	told    int       // the one whose result is wanted
	slots   []*Result // done and not told, by their numbers modulo the window
	over    bool      // the context has ended
}

// work takes variants and boots them, until there is none left.
func (s *sweep) work(ctx context.Context) {
	// The C library keeps memory for each thread: an engine that wanders leaves some with all of them.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	st := s.station()
	defer func() { st.close() }()
	for {
		i, ok := s.take()
		if !ok {
			return
		}
		r := s.boot(ctx, st, i)
		if ctx.Err() != nil {
			return // it may have been cut short
		}
		if r.Panic != nil {
			st.close()
			st = s.station()
		}
		s.mu.Lock()
		s.slots[i%len(s.slots)] = &r
		if i == s.told {
			s.changed.Broadcast()
		}
		s.mu.Unlock()
	}
}

// station is one for a worker.
func (s *sweep) station() *station {
	st := newStation(s.program, s.opts)
	st.warm, st.recall = true, s.recall
	return st
}

// take is the next variant, when the results have come near enough to it.
func (s *sweep) take() (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.over && s.next < s.n && s.next >= s.told+len(s.slots) {
		s.changed.Wait()
	}
	if s.over || s.next >= s.n {
		return 0, false
	}
	s.next++
	return s.next - 1, true
}

// result waits for the next one; nil: there will be none.
func (s *sweep) result() *Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := &s.slots[s.told%len(s.slots)]
	for !s.over && *slot == nil {
		s.changed.Wait()
	}
	if s.over {
		return nil
	}
	r := *slot
	*slot = nil
	s.told++
	if s.next >= s.told+len(s.slots)-1 {
		s.changed.Broadcast() // somebody may wait for the window to move
	}
	return r
}

// boot boots a variant. A panic is the end of this boot only.
func (s *sweep) boot(ctx context.Context, st *station, i int) (r Result) {
	m := s.axes.Machine
	defer func() {
		if p := recover(); p != nil {
			r.Report = newReport(s.program.path, m, s.opts)
			r.Panic = &PanicError{Value: fmt.Sprint(p), Stack: string(debug.Stack()), Reproduce: r.Report.Reproduce()}
			r.Report.refuse(r.Panic)
		}
	}()
	r.Variant = s.axes.Variant(i)
	made, err := s.axes.Of(r.Variant)
	if err != nil {
		r.Report = newReport(s.program.path, made, s.opts)
		r.Report.refuse(err)
		return r
	}
	m = st.machine(made)
	r.Report = st.run(ctx, m)
	return r
}

// refuse says that there was no boot.
func (r *Report) refuse(err error) { r.Outcome, r.Reason, r.err = Refused, err.Error(), err }

// again makes the report of a boot that has to begin anew.
func (r *Report) again() {
	known := r.Binary
	*r = *newReport(r.Binary.Path, r.Machine, r.options)
	r.Binary = known
}
