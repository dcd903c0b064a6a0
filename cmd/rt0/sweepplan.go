// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/loader"
	"github.com/rt0-dev/rt0/machine"
)

// sweepPlan is what a sweep boots: its parts one after the other, each on all variants.
type sweepPlan struct {
	parts   []sweepPart
	lead    []string // what tells the parts apart, in the words of an axis: "binary", "arch", "machine"; none when there is one part
	options []harness.Option
	head    sweepHead
}

// sweepPart is one binary on the variants of one machine.
type sweepPart struct {
	place []string // one for each of the plan's lead
	name  string   // of the binary, as it was asked for
	bin   string   // an ELF file
	axes  harness.Axes
}

// len is how many boots there are.
func (p *sweepPlan) len() int {
	n := 0
	for _, part := range p.parts {
		n += part.axes.Len()
	}
	return n
}

// keys are the keys of a variant, those that tell parts apart first.
func (p *sweepPlan) keys() []string {
	keys := slices.Clip(p.lead)
	for _, axis := range p.parts[0].axes.List {
		keys = append(keys, axis.Key)
	}
	return keys
}

// variant is the place of a variant in the sweep, a value for each of the keys.
func (p *sweepPlan) variant(part *sweepPart, v harness.Variant) []string {
	return append(slices.Clip(part.place), v.Values...)
}

// name is the place of a variant in words: "cpus=7 hugePage=none".
func (p *sweepPlan) name(part *sweepPart, v harness.Variant) string {
	return strings.Join(append(p.places(part), part.axes.Name(v)), " ")
}

// source is something to boot: what was asked for, and the architecture, "" where the file has it.
type source struct{ binary, goarch string }

// plan is what the flags ask for. All that can be wrong with it is refused here, before anything is booted for long.
func (f *sweepFlags) plan(cmd *cobra.Command, binaries, guestArgs []string) (*sweepPlan, error) {
	p := &sweepPlan{options: append(f.bounds(), harness.Until(f.until), harness.Args(guestArgs...))}
	p.head = f.head(guestArgs)
	var all []harness.Axes
	for i, name := range f.machines {
		if slices.Contains(f.machines[:i], name) {
			return nil, failf(statusUsage, "--machine: %s is there twice", name)
		}
		axes, err := f.axes(name)
		if err != nil {
			return nil, err
		}
		all = append(all, axes)
		p.head.machine(axes.Machine)
	}
	p.head.axes(all[0])
	tellCommas(cmd.ErrOrStderr(), all[0].List)
	sources, err := f.sources(binaries)
	if err != nil {
		return nil, err
	}
	verbose := io.Discard
	if f.verbose {
		verbose = cmd.ErrOrStderr()
	}
	several := struct{ binaries, arches, machines bool }{
		len(binaries) > 1, slices.ContainsFunc(sources, func(s source) bool { return s.goarch != sources[0].goarch }), len(all) > 1,
	}
	for _, lead := range []struct {
		is  bool
		key string
	}{{several.binaries, "binary"}, {several.arches, "arch"}, {several.machines, "machine"}} {
		if lead.is {
			p.lead = append(p.lead, lead.key)
		}
	}
	for _, s := range sources {
		bin, err := executable(cmd.Context(), s.binary, s.goarch, verbose, f.progressTo(cmd))
		if err != nil {
			return nil, err
		}
		if sameFile(bin, f.file) {
			return nil, failf(statusUsage, "%s is the program to boot: it will not be written over", bin)
		}
		binary, err := p.look(cmd, bin, all[0])
		if err != nil {
			return nil, err
		}
		p.head.binary(s.binary, binary)
		for i, axes := range all {
			part := sweepPart{name: s.binary, bin: bin, axes: axes}
			if several.binaries {
				part.place = append(part.place, s.binary)
			}
			if several.arches {
				part.place = append(part.place, cmp.Or(s.goarch, binary.GOARCH))
			}
			if several.machines {
				part.place = append(part.place, f.machines[i])
			}
			p.parts = append(p.parts, part)
		}
	}
	return p, nil
}

// tellCommas says of an axis with one value what its commas are: somebody may have meant several.
func tellCommas(w io.Writer, axes []harness.Axis) {
	for _, axis := range axes {
		if axis.Single() && strings.Contains(axis.Values[0], ",") {
			fmt.Fprintf(w, "sweep: axis %s has one value, %s, of which commas are a part; several are written --axis %s=ONE --axis %s=OTHER\n",
				axis.Key, axis.Values[0], axis.Key, axis.Key)
		}
	}
}

// sources are what is to be booted: each binary, and what has to be built once for each architecture.
func (f *sweepFlags) sources(binaries []string) ([]source, error) {
	var arches []string
	for _, goarch := range f.arches {
		if goarch == allArches {
			arches = append(arches, arch.Names()...)
			continue
		}
		if err := checkArch(goarch); err != nil {
			return nil, err
		}
		arches = append(arches, goarch)
	}
	slices.SortFunc(arches, func(a, b string) int { return slices.Index(arch.Names(), a) - slices.Index(arch.Names(), b) })
	arches = slices.Compact(arches)
	var sources []source
	seen := map[source]bool{}
	for _, binary := range binaries {
		of := arches
		switch {
		case len(arches) == 0, len(arches) > 1 && !fixtures.IsSource(binary):
			of = []string{""} // the host's, or the file's
		}
		for _, goarch := range of {
			s := source{binary, goarch}
			if seen[s] {
				return nil, failf(statusUsage, "%s is there twice: a sweep boots it once on each variant", strings.TrimSpace(binary+" "+goarch))
			}
			seen[s] = true
			sources = append(sources, s)
		}
	}
	return sources, nil
}

// look boots the first variant for an instant, so that a file that cannot be booted, and a point that it has not, are told of at once and
// not by each variant.
func (p *sweepPlan) look(cmd *cobra.Command, bin string, axes harness.Axes) (harness.Binary, error) {
	first := harness.Axes{Machine: axes.Machine}
	for i, value := range axes.Variant(0).Values {
		first.List = append(first.List, harness.Axis{Key: axes.List[i].Key, Values: []string{value}})
	}
	var r *harness.Report
	options := append(slices.Clip(p.options), harness.LimitInstructions(1))
	err := harness.Sweep(cmd.Context(), bin, first, func(res harness.Result) { r = res.Report }, options...)
	if err != nil || r == nil {
		return harness.Binary{}, withStatus(statusRefused, cmp.Or(err, fmt.Errorf("%s: there was nothing to boot", bin)))
	}
	var (
		file  *loader.Error
		value *machine.ValueError
	)
	switch usage := wrongUsage(r, r.Err()); {
	case usage != nil && !errors.As(usage, &value): // variants that make no sense are rows
		return r.Binary, usage
	case errors.As(r.Err(), &file) && file.Kind != loader.Refused:
		return r.Binary, withStatus(statusRefused, r.Err())
	}
	return r.Binary, nil
}

// axes are the variants of the named machine that the flags describe.
func (f *sweepFlags) axes(profile string) (harness.Axes, error) {
	a := harness.Axes{Zip: f.zip, Sample: f.sample, Seed: f.seed}
	m, err := machine.Load(profile)
	if err != nil {
		return a, failf(statusUsage, "--machine: %w", err)
	}
	for _, s := range f.settings {
		axis, err := harness.ParseAxis(s.key, s.value, nil)
		if err != nil {
			return a, withStatus(statusUsage, err)
		}
		at := slices.IndexFunc(a.List, func(b harness.Axis) bool { return b.Key == axis.Key })
		adds := strings.HasSuffix(axis.Key, "+") // to a list, whatever else does
		switch {
		case axis.Single() && !s.axis:
			if at >= 0 && !adds {
				a.List = slices.Delete(a.List, at, at+1) // what comes later counts, as in rt0 boot
			}
			if m, err = m.Set(axis.Key, axis.Values[0]); err != nil {
				return a, withStatus(statusUsage, err)
			}
		case at < 0:
			a.List = append(a.List, axis)
		case s.axis:
			if a.List[at], err = a.List[at].Join(axis); err != nil {
				return a, withStatus(statusUsage, err)
			}
		default:
			a.List[at] = axis
		}
	}
	if len(a.List) == 0 || !slices.ContainsFunc(a.List, func(axis harness.Axis) bool { return !axis.Single() }) {
		err = m.Validate() // what no axis can mend
	}
	a.Machine = m
	return a, withStatus(statusUsage, cmp.Or(err, a.Check()))
}
