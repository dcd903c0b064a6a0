// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// maxStories bounds how many of the variants that fail are told of at length.
const maxStories = 20

// SweepTest boots the ELF file bin on every variant of a machine and calls check for each; nil asserts that the boot came to the point asked
// for. Thousands of variants that pass leave no trace. One that fails is a subtest that bears its values, SweepTest/cpus=7,hugePage=none, and
// tells the cause and the command that does the boot again.
//
//	func TestStartsEverywhere(t *testing.T) {
//		harness.SweepTest(t, bin, harness.Axes{List: []harness.Axis{
//			{Key: "cpus", Values: []string{"1", "7", "64", "1024"}},
//			{Key: "hugePage", Values: []string{"none", "2MiB"}},
//		}}, func(t testing.TB, boot *harness.BootResult) {
//			boot.RequireReached("main.main")
//			boot.RequirePs()
//		})
//	}
//
// What check is given as t may fail and log, also in a helper that takes a [testing.TB]; it is no subtest of its own until it has failed: then
// check is called once more, with that.
func SweepTest(t *testing.T, bin string, axes Axes, check func(t testing.TB, boot *BootResult), opts ...Option) {
	t.Helper()
	if check == nil {
		check = func(t testing.TB, boot *BootResult) {
			t.Helper()
			boot.RequireReached(boot.Until)
		}
	}
	failed := 0
	err := Sweep(t.Context(), bin, axes, func(r Result) {
		t.Helper()
		first := trial(t, r, check)
		if first == nil {
			return
		}
		failed++
		t.Run(variantName(axes, r.Variant), func(t *testing.T) {
			t.Helper()
			r.tell(t, first, failed <= maxStories, check)
		})
	}, opts...)
	if failed > 0 {
		t.Logf("%d of %d variants failed", failed, axes.Len())
	}
	if err != nil {
		t.Fatalf("sweep: %v", err)
	}
}

// tell fails the subtest of a variant.
func (r Result) tell(t *testing.T, first *recorder, story bool, check func(t testing.TB, boot *BootResult)) {
	t.Helper()
	t.Cleanup(func() {
		switch {
		case r.Panic != nil:
			t.Log(r.Panic.Stack)
		case story:
			t.Log(r.Report.Story())
		default:
			t.Logf("%s\nreproduce with:\n    %s", r.Report.Cause(), r.Report.Reproduce())
		}
	})
	if err := r.Report.Err(); err != nil {
		t.Fatalf("boot: %v", err)
	}
	check(t, &BootResult{r.Report, t})
	if !t.Failed() {
		t.Fatalf("it failed when it was looked at first, and not again: %s", strings.Join(first.lines, "\n"))
	}
}

// variantName is a variant as the name of a subtest: a slash would begin another.
func variantName(axes Axes, v Variant) string {
	words := make([]string, len(v.Values))
	for i, value := range v.Values {
		words[i] = axes.List[i].Key + "=" + strings.ReplaceAll(value, "/", "_")
	}
	if len(words) == 0 {
		return axes.Machine.Resolved().Name
	}
	return strings.Join(words, ",")
}

// trial calls check for a boot with a test that nobody sees; nil: it has passed.
func trial(t *testing.T, r Result, check func(t testing.TB, boot *BootResult)) *recorder {
	rec := &recorder{TB: t}
	if err := r.Report.Err(); err != nil {
		rec.Errorf("boot: %v", err)
		return rec
	}
	done := make(chan struct{})
	go func() { // FailNow ends the goroutine
		defer close(done)
		check(rec, &BootResult{r.Report, rec})
	}()
	<-done
	for i := len(rec.cleanups) - 1; i >= 0; i-- {
		rec.cleanups[i]()
	}
	if !rec.Failed() {
		return nil
	}
	return rec
}

// recorder is a test that keeps for itself how it goes.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	failed   bool
	skipped  bool
	lines    []string
	cleanups []func()
}

func (r *recorder) log(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, strings.TrimRight(text, "\n"))
}

func (r *recorder) Helper()                         {}
func (r *recorder) Cleanup(f func())                { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Log(args ...any)                 { r.log(fmt.Sprintln(args...)) }
func (r *recorder) Logf(format string, args ...any) { r.log(fmt.Sprintf(format, args...)) }

func (r *recorder) Fail() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *recorder) FailNow() {
	r.Fail()
	runtime.Goexit()
}

func (r *recorder) Error(args ...any) {
	r.Log(args...)
	r.Fail()
}

func (r *recorder) Errorf(format string, args ...any) {
	r.Logf(format, args...)
	r.Fail()
}

func (r *recorder) Fatal(args ...any) {
	r.Log(args...)
	r.FailNow()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Logf(format, args...)
	r.FailNow()
}

func (r *recorder) SkipNow() {
	r.skipped = true
	runtime.Goexit()
}

func (r *recorder) Skip(args ...any) {
	r.Log(args...)
	r.SkipNow()
}

func (r *recorder) Skipf(format string, args ...any) {
	r.Logf(format, args...)
	r.SkipNow()
}

func (r *recorder) Skipped() bool { return r.skipped }
