// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// A boot without package testing.
func ExampleRun() {
	bin, err := fixtures.Make(context.Background(), fixtures.Spec{Program: fixtures.Hello, GOARCH: "arm64"})
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := harness.Run(context.Background(), bin, machine.New(machine.CPUs(7), machine.HugePage(0)))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Outcome, report.Phase, report.Runtime.GOMAXPROCS, report.Runtime.PhysHugePageSize)
	// Output: reached main.main 7 0
}

// From which page size on does a program not start?
func ExampleFind() {
	bin, err := fixtures.Make(context.Background(), fixtures.Spec{Program: fixtures.Hello, GOARCH: "arm64"})
	if err != nil {
		fmt.Println(err)
		return
	}
	pages, err := harness.ParseAxis("pageSize", "4KiB..2MiB*2", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	dies, err := harness.ParseConditions("outcome != reached")
	if err != nil {
		fmt.Println(err)
		return
	}
	axes := harness.Axes{List: []harness.Axis{pages}, Machine: machine.New(machine.HugePage(0))}
	found, err := harness.Find(context.Background(), bin, axes, dies, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(found.Report.Reason)
	fmt.Println(found.Edges[0])
	// Output:
	// fatal error: bad system page size
	// pageSize=1MiB: 512KiB does not, 2MiB does
}

// TestExample is the example of the contract.
func TestExample(t *testing.T) {
	for _, goarch := range harness.Architectures() {
		t.Run(goarch, func(t *testing.T) {
			bin := fixtures.Build(t, fixtures.Hello, goarch)
			boot := harness.Boot(t, bin, machine.New(machine.CPUs(7), machine.HugePage(2<<20)))
			boot.RequireReached("main.main")
			require.Equal(t, 7, boot.Runtime.GOMAXPROCS)
			require.Equal(t, harness.MaxStackSize(goarch), boot.Runtime.MaxStackSize)
		})
	}
}
