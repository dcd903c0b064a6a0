// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"cmp"
	"context"
	"runtime"
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

// Sweep boots the ELF file bin on every variant of a machine, on all cores, and calls each with the results, one at a time and in the order of the
// variants. It returns when all are done, or with ctx's error when that ended before; each has then had the results before that.
// An error of a single boot is its report's: see [Report.Err].
func Sweep(ctx context.Context, bin string, axes Axes, each func(Result), opts ...Option) error {
	o := newOptions(opts)
	n := axes.Len()
	var (
		mu      sync.Mutex
		next    = o.skip
		pending = map[int]Result{}
		told    = o.skip
		wg      sync.WaitGroup
	)
	for range min(max(n-o.skip, 0), cmp.Or(o.parallel, runtime.GOMAXPROCS(0))) {
		wg.Go(func() {
			for ctx.Err() == nil {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= n {
					return
				}
				v := axes.Variant(i)
				m, _ := axes.Of(v)
				r, _ := Run(ctx, bin, m, opts...)
				mu.Lock()
				pending[i] = Result{Variant: v, Report: r}
				for res, ok := pending[told]; ok; res, ok = pending[told] {
					delete(pending, told)
					told++
					each(res)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}
