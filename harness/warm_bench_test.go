// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/machine"
)

// BenchmarkWarm boots hello on 1 to 200 CPUs, one after the other on a warm engine. An operation is all of these boots; ns/boot is the mean, and
// ns/set-up is what of it the guest does not run; "rt0" is where it begins.
//
//	go test ./harness -run '^$' -bench Warm/amd64 -benchtime 5x
func BenchmarkWarm(b *testing.B) {
	for _, goarch := range Architectures() {
		for _, until := range []string{"rt0", "main", exitPhase} {
			b.Run(goarch+"/"+until, func(b *testing.B) {
				bin, err := fixtures.Make(b.Context(), fixtures.Spec{Program: fixtures.Hello, GOARCH: goarch})
				require.NoError(b, err)
				var began time.Time
				var ran time.Duration
				o := newOptions([]Option{Until(until)})
				o.inject = func(boot *boot) { began = time.Now() }
				o.ended = func(*boot) { ran += time.Since(began) }
				s := newStation(openProgram(bin), o)
				s.warm = true
				defer s.close()
				boot := func(cpus int) *Report {
					r := s.run(b.Context(), s.machine(machine.New(machine.CPUs(cpus))))
					require.Equal(b, Reached, r.Outcome, r.Reason)
					return r
				}
				boot(1)
				boot(200)
				ran = 0
				boots, instructions := 0, uint64(0)
				for b.Loop() {
					for cpus := 1; cpus <= 200; cpus++ {
						instructions += boot(cpus).Counts.Instructions
						boots++
					}
				}
				each := func(n float64) float64 { return n / float64(boots) }
				b.ReportMetric(each(float64(b.Elapsed())), "ns/boot")
				b.ReportMetric(each(float64(b.Elapsed()-ran)), "ns/set-up")
				b.ReportMetric(each(float64(instructions)), "instructions/boot")
			})
		}
	}
}
