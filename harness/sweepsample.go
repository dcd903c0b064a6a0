// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"math/bits"
	"math/rand/v2"
)

// How a sample is drawn. All variants, in their order, are cut into as many stretches as the sample has, of equal length but for one, and one is drawn from
// each: they are distinct and in order, every part of the product has its share, and each can be had without the others, which needs no memory.
// The numbers are those of PCG, the same on every host.

// drawn is the place among all variants of the i-th that the sweep boots.
func (a Axes) drawn(i int) uint64 {
	n, _ := a.Product()
	if a.Sample <= 0 || uint64(a.Sample) >= n {
		return uint64(i)
	}
	first, next := bound(n, i, a.Sample), bound(n, i+1, a.Sample)
	return first + below(rand.NewPCG(a.Seed, uint64(i)), next-first)
}

// bound is where the i-th of k stretches of n begins: n*i/k.
func bound(n uint64, i, k int) uint64 {
	high, low := bits.Mul64(n, uint64(i))
	q, _ := bits.Div64(high, low, uint64(k))
	return q
}

// below is a number below n, all with the same chance ("Fast Random Integer Generation in an Interval", Lemire, 2019). It is here because rand.Rand does not
// promise to keep its way from one release to the next.
func below(source rand.Source, n uint64) uint64 {
	high, low := bits.Mul64(source.Uint64(), n)
	if low < n {
		for rest := -n % n; low < rest; {
			high, low = bits.Mul64(source.Uint64(), n)
		}
	}
	return high
}
