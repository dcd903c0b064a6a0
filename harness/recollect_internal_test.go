// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
)

// TestRecollectionDue says after which boots another is recorded.
func TestRecollectionDue(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		missed func(boot, recordings int) float64 // what part of a boot is not recalled
		boots  int
		want   []int // boots before each recording
	}{
		{"nothing is known", func(int, int) float64 { return 1 }, 2000, []int{16, 80, 336, 1360}},
		{"all is known", func(int, int) float64 { return 0 }, 1000, nil},
		{"one is enough", func(_, n int) float64 { return float64(1 - min(n, 1)) }, 1000, []int{16}},
		{"a little is missed", func(_, n int) float64 { return 1 / float64(1+7*min(n, 1)) }, 400, []int{16, 144, 272}},
		{"machines come in turns of a hundred", func(boot, n int) float64 {
			if n > boot/100 {
				return 0
			}
			return 1
		}, 400, []int{16, 116, 216, 316}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			all := newRecollections(16)
			defer all.close()
			r := all.of(stageKey{arch: arch.All()[0]})
			var got []int
			for boot := range tc.boots {
				if r.due() {
					require.False(t, r.due(), "one at a time")
					got = append(got, boot)
					r.recorded()
				}
				r.booted(1_000_000, uint64(1_000_000*(1-tc.missed(boot, len(got)))))
			}
			require.Equal(t, tc.want, got)
		})
	}
}

// TestRecollectionsAreBounded gives engines of many kinds what there is, and the last ones nothing.
func TestRecollectionsAreBounded(t *testing.T) {
	t.Parallel()
	all := newRecollections(16)
	defer all.close()
	given := 0
	for _, a := range arch.All() {
		if r := all.of(stageKey{arch: a}); r != nil {
			given++
			require.Same(t, r, all.of(stageKey{arch: a}))
		}
	}
	require.Equal(t, (recollectionBytes+recollectionPart-1)/recollectionPart, given)
	require.Nil(t, (*recollections)(nil).of(stageKey{}))
	require.False(t, (*recollection)(nil).due())
}
