// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// TestInitCost: what another thread does while an initialiser waits for it is not what the initialiser costs.
func TestInitCost(t *testing.T) {
	const source = `package main

var sum = work()

func work() int {
	c := make(chan int)
	go func() {
		n := 0
		for i := 0; i < 1000000; i++ {
			n += i & 3
		}
		c <- n
	}()
	return <-c
}

func main() { println(sum) }
`
	each(t, func(t *testing.T, goarch string) {
		bin, err := fixtures.Make(t.Context(), fixtures.Spec{Program: "beside", Source: source, GOARCH: goarch})
		require.NoError(t, err)
		boot := harness.Boot(t, bin, machine.New())
		boot.RequireReached("main.main")
		last := boot.Inits[len(boot.Inits)-1]
		require.Equal(t, "main", last.Package)
		require.Greater(t, boot.Counts.Instructions, uint64(2_000_000), "the loop ran")
		require.Less(t, last.Instructions, uint64(100_000))
		require.Positive(t, last.Syscalls)
		require.Less(t, last.Syscalls, boot.Counts.Syscalls)
	})
}
