// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
)

var sweepTestAxes = harness.Axes{List: []harness.Axis{
	{Key: "cpus", Values: []string{"1", "2", "3"}},
	{Key: "vm.placement", Values: []string{"topdown", "bottomup"}},
	{Key: "rules", Values: []string{"getppid:error=EPERM", "openat:path=/proc/self/*:error=EACCES"}},
}}

// TestSweepTestPasses sweeps where all is well: no variant shows.
func TestSweepTestPasses(t *testing.T) {
	each(t, func(t *testing.T, goarch string) {
		bin := fixtures.Build(t, fixtures.Hello, goarch)
		harness.SweepTest(t, bin, sweepTestAxes, nil)
		checked := 0
		harness.SweepTest(t, bin, sweepTestAxes, func(t testing.TB, boot *harness.BootResult) {
			boot.RequirePs()
			checked++
		}, harness.Until("main"))
		require.Equal(t, 12, checked)
	})
}

// sweepTestFails has the test below fail on purpose.
const sweepTestFails = "RT0_TEST_SWEEPTEST_FAILS"

func TestSweepTestFailing(t *testing.T) {
	if os.Getenv(sweepTestFails) == "" {
		t.Skip("it is TestSweepTestFails' other half, and fails")
	}
	bin := fixtures.Build(t, fixtures.Hello, "amd64")
	harness.SweepTest(t, bin, sweepTestAxes, func(t testing.TB, boot *harness.BootResult) {
		boot.RequireReached("schedinit")
		if boot.Machine.VM.Placement == "topdown" {
			require.NotEqual(t, 2, boot.Runtime.NumCPU, "two are too few")
		}
	}, harness.Until("main"))
	harness.SweepTest(t, bin, harness.Axes{List: []harness.Axis{{Key: "stack.top", Values: []string{"auto", "0x10000"}}}}, nil)
}

// TestSweepTestFails looks at what a sweep leaves of the variants that fail.
func TestSweepTestFails(t *testing.T) {
	t.Parallel()
	bin := fixtures.Build(t, fixtures.Hello, "amd64")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSweepTestFailing$", "-test.v")
	cmd.Env = append(os.Environ(), sweepTestFails+"=1")
	out, err := cmd.CombinedOutput()
	require.ErrorAs(t, err, new(*exec.ExitError))
	text := string(out)
	for _, want := range []string{
		"--- FAIL: TestSweepTestFailing/cpus=2,vm.placement=topdown,rules=getppid:error=EPERM (",
		"--- FAIL: TestSweepTestFailing/cpus=2,vm.placement=topdown,rules=openat:path=_proc_self_*:error=EACCES (",
		"two are too few",
		"rt0 boot --set cpus=2 --set rules=getppid:error=EPERM --until main " + bin,
		"2 of 12 variants failed",
		"--- FAIL: TestSweepTestFailing/stack.top=0x10000 (",
		"boot: ", "there is no room for a stack below 0x10000",
		"1 of 2 variants failed",
	} {
		require.Contains(t, text, want)
	}
	require.Equal(t, 3, strings.Count(text, "--- FAIL: TestSweepTestFailing/"), text)
	require.NotContains(t, text, "--- PASS: TestSweepTestFailing/")
}
