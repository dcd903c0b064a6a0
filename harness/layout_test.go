// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/loader"
)

// layoutArches stand for all with that size of a pointer, in the releases before Go 1.11.
var layoutArches = map[int][]string{4: {"386"}, 8: {"arm64"}}

// TestLayouts compares what is known of the runtime's structures with the DWARF of real binaries.
func TestLayouts(t *testing.T) {
	t.Parallel()
	toolchains := []string{""}
	if !testing.Short() {
		toolchains = append(toolchains, "go1.11.13", "go1.16.15", "go1.27.0")
	}
	for _, goarch := range arch.Names() {
		toolchains := toolchains
		if a, _ := arch.Find(goarch); !testing.Short() && slices.Contains(layoutArches[a.PtrSize], goarch) {
			toolchains = slices.Concat(toolchains, []string{"go1.5.4", "go1.8.7"})
		}
		for _, toolchain := range toolchains {
			if !fixtures.Builds(toolchain, goarch) {
				continue
			}
			t.Run(goarch+" "+cmp.Or(toolchain, "host"), func(t *testing.T) {
				t.Parallel()
				img, err := loader.Open(fixtures.Build(t, fixtures.Hello, goarch, fixtures.Toolchain(toolchain)))
				require.NoError(t, err)
				pc, ok := img.Func("runtime.schedinit")
				require.True(t, ok)

				sched := structOffsets(img.Data, pc, "runtime.schedt")
				b := &boot{img: img, arch: img.Arch}
				l, ok := b.schedLayout()
				require.True(t, ok)
				require.Equal(t, schedLayout{sched["mcount"], sched["mnext"], sched["maxmcount"], sched["nmfreed"]}, l)

				g := structOffsets(img.Data, pc, "runtime.g")
				require.Equal(t, 0, g["stack"])
				gl, size := gLayoutOf(img.Minor()), img.Arch.PtrSize
				require.EqualValues(t, g["goid"], gl.goid(size))
				require.EqualValues(t, g["m"], int(gl.m)*size)
				require.EqualValues(t, g["sched"], int(gl.sched)*size)
				require.EqualValues(t, structOffsets(img.Data, pc, "runtime.gobuf")["lr"], int(gl.lr)*size)
			})
		}
	}
}

// TestLayoutFromDWARF: a release that the table does not have is looked up in the binary.
func TestLayoutFromDWARF(t *testing.T) {
	t.Parallel()
	img, err := loader.Open(fixtures.Build(t, fixtures.Hello, "amd64"))
	require.NoError(t, err)
	known, ok := (&boot{img: img, arch: img.Arch}).schedLayout()
	require.True(t, ok)
	newer := *img
	newer.GoVersion = "go1.99.1"
	found, ok := (&boot{img: &newer, arch: img.Arch}).schedLayout()
	require.True(t, ok)
	require.Equal(t, known, found)
	require.Nil(t, structOffsets(img.Data, 0, "runtime.nothing"))
	require.Nil(t, structOffsets(img.Data[:100], 0, "runtime.g"))
}
