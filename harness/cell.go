// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"cmp"
	"path/filepath"
	"strings"

	"github.com/rt0-dev/rt0/fixtures"
)

// Cell is a place in a matrix: what was built, with what, for what, and the machine that it boots on.
type Cell struct {
	Program   string `json:"program"`   // as it was asked for: "hello", "./cmd/server"
	Toolchain string `json:"toolchain"` // "go1.26.8"
	GOARCH    string `json:"goarch"`
	Variant   string `json:"variant"` // "exe", "pie", "GOAMD64=v3"
	Machine   string `json:"machine"` // the profile's name
	// Flags are what go build was told beside that, as a shell has it: "-tags=netgo '-ldflags=-X main.version=1'".
	Flags string `json:"flags,omitempty"`
	// Absent says why there is no such boot: the release has no such port. "" is any other case, a build that failed among them.
	Absent string `json:"absent,omitempty"`
}

// String names the cell as the subtests of [Matrix] are named: "go1.26.8/arm64/graviton", and "go1.26.8/arm64-pie/graviton" where the variant
// is not the usual one. The program is left out.
func (c Cell) String() string {
	return strings.Join([]string{c.Toolchain, c.Target(), c.Machine}, "/")
}

// Target is the architecture with the variant: "arm64", "arm64-pie".
func (c Cell) Target() string {
	if c.Variant == "" || c.Variant == fixtures.ModeExe {
		return c.GOARCH
	}
	return c.GOARCH + "-" + c.Variant
}

// Place is the boot's cell, or what that would be for a boot that is none of a matrix.
func (r *Report) Place() Cell {
	if r.Cell != nil {
		return *r.Cell
	}
	variant := cmp.Or(r.Binary.BuildMode, fixtures.ModeExe)
	if r.Binary.Stripped {
		variant = strings.TrimPrefix(variant+"+stripped", fixtures.ModeExe+"+")
	}
	return Cell{
		Program: filepath.Base(r.Binary.Path), Toolchain: r.Binary.GoVersion, GOARCH: r.Binary.GOARCH, Variant: variant, Machine: r.Machine.Name,
	}
}

// build is the cell of all machines together.
func (c Cell) build() Cell {
	c.Machine, c.Absent = "", ""
	return c
}
