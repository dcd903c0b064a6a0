// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/diff"
)

// baselineName is the file that --accept keeps.
const baselineName = "rt0-baseline.json"

// hostArch is what sources are built for when nothing is said.
const hostArch = runtime.GOARCH

// baselineFlags say what to compare with, and how closely.
type baselineFlags struct {
	threshold percentFlag
	accept    bool
	baseline  string
}

func newBaselineFlags() baselineFlags {
	return baselineFlags{threshold: diff.DefaultThreshold}
}

func (f *baselineFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Var(&f.threshold, "threshold", "tell amounts that differ by more than this `SHARE`: 5%, 0.05; 0 tells all")
	flags.BoolVar(&f.accept, "accept", false, "keep what was booted as the baseline of later runs: "+baselineName+" beside the program")
	flags.StringVar(&f.baseline, "baseline", "", "the baseline is this `FILE`")
	complete(cmd, "threshold", func() []string { return []string{"0", "1%", "5%", "10%"} })
}

// path is where the baseline of a program is.
func (f *baselineFlags) path(program string) string {
	if f.baseline != "" {
		return f.baseline
	}
	return besides(program, baselineName)
}

// load reads the baseline of a program.
func (f *baselineFlags) load(program string) ([]*diff.Facts, error) {
	path := f.path(program)
	facts, err := diff.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, failf(statusUsage, "%s has no baseline to compare with: there is no %s, and --accept would keep one", program, path)
	}
	return facts, withStatus(statusRefused, err)
}

// has says whether there is a baseline to compare with: one that a flag names, or that is beside the program ("": there is none).
func (f *baselineFlags) has(program string) bool {
	if f.baseline != "" || program == "" {
		return f.baseline != ""
	}
	_, err := os.Stat(f.path(program))
	return err == nil
}

// named refuses, before anything is booted, to keep a baseline that has no place, and to compare with one that is not there.
func (f *baselineFlags) named(program string) error {
	if !f.accept && f.baseline != "" {
		if _, err := f.load(f.baseline); err != nil {
			return err
		}
	}
	if f.accept && f.baseline == "" && program == "" {
		return failf(statusUsage, "--accept keeps a baseline beside one program: name a file for that of many with --baseline")
	}
	return nil
}

// keep makes facts the baseline of a program.
func (f *baselineFlags) keep(program string, facts []*diff.Facts, progress io.Writer) error {
	path := f.path(program)
	if err := diff.SaveBaseline(path, facts); err != nil {
		return failf(statusRefused, "--accept: %w", err)
	}
	fmt.Fprintf(progress, "baseline: %s has %d %s: later runs compare with it\n", path, len(facts), plural(len(facts), "boot"))
	return nil
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// percentFlag is a share: "5%", "0.05".
type percentFlag float64

func (p *percentFlag) String() string { return strconv.FormatFloat(100*float64(*p), 'g', -1, 64) + "%" }

func (p *percentFlag) Type() string { return "SHARE" }

func (p *percentFlag) Set(text string) error {
	digits, percent := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil || !(v >= 0) || v > 1e6 {
		return errors.New("want a share such as 5% or 0.05")
	}
	if percent {
		v /= 100
	}
	*p = percentFlag(v)
	return nil
}
