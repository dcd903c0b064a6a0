// SPDX-License-Identifier: GPL-2.0-or-later

package zoo

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/nearest"
	"github.com/rt0-dev/rt0/machine"
)

// complete says what an entry lacks, its cases aside.
func (e *Entry) complete() error {
	if e.Title == "" {
		return errors.New("it has no title")
	}
	if strings.ContainsAny(e.Title, "\n\r") {
		return errors.New("its title has more than one line")
	}
	for _, link := range append([]string{e.Issue}, e.Links...) {
		u, err := url.Parse(link)
		if link != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
			return fmt.Errorf("%q is no URL: want one such as https://github.com/golang/go/issues/12345", link)
		}
	}
	return nil
}

// check says what is wrong with a case.
func (c *Case) check() error {
	for _, check := range []func() error{c.checkArch, c.checkReleases, c.checkExpect, c.checkProgram, c.checkLimits} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Case) checkArch() error {
	if len(c.Arch) == 0 {
		return errors.New("it names no arch")
	}
	for i, goarch := range c.Arch {
		if _, ok := arch.Find(goarch); !ok {
			return fmt.Errorf("there is no architecture %q%s", goarch, nearest.Hint(goarch, arch.Names()))
		}
		if slices.Contains(c.Arch[:i], goarch) {
			return fmt.Errorf("arch has %s twice", goarch)
		}
	}
	return nil
}

func (c *Case) checkReleases() error {
	all := append(slices.Clone(c.Affected), c.Clean...)
	if len(all) == 0 {
		return errors.New("it names no release that is affected, and none that is clean")
	}
	for i, release := range all {
		if !fixtures.IsRelease(release) {
			return fmt.Errorf("%q is no release: want one such as go1.26.3", release)
		}
		if slices.Contains(all[:i], release) {
			return fmt.Errorf("%s is there twice", release)
		}
		for _, goarch := range c.Arch {
			if !fixtures.Builds(release, goarch) {
				return fmt.Errorf("%s does not build what rt0 boots on %s", release, goarch)
			}
		}
	}
	return nil
}

func (c *Case) checkExpect() error {
	for _, side := range Sides {
		if len(c.Releases(side)) > 0 && len(c.Expect[side]) == 0 {
			return fmt.Errorf("it does not say what to expect of releases that are %s", side)
		}
	}
	if c.Crash != "" && len(c.Affected) == 0 {
		return errors.New("it has a crash, and no release that is affected")
	}
	return nil
}

func (c *Case) checkProgram() error {
	p := c.Program
	if p.Source == "" && !slices.Contains(fixtures.Names(), p.Fixture) {
		return fmt.Errorf("there is no fixture %q%s", p.Fixture, nearest.Hint(p.Fixture, fixtures.Names()))
	}
	for _, e := range p.Env {
		if name, _, ok := strings.Cut(e, "="); !ok || name == "" {
			return fmt.Errorf("the program's env has %q, which is not NAME=VALUE", e)
		}
	}
	if modes := []string{"", fixtures.ModeExe, fixtures.ModePIE}; !slices.Contains(modes, p.Mode) {
		return fmt.Errorf("there is no build mode %q: exe or pie", p.Mode)
	}
	if p.GoLine != "" && !fixtures.IsGoLine(p.GoLine) {
		return fmt.Errorf("%q is no go line: want a version such as 1.24", p.GoLine)
	}
	if c.Until == "" || strings.ContainsAny(c.Until, " \n") {
		return fmt.Errorf("a boot cannot stop at %q: want a phase (%s) or a symbol", c.Until, strings.Join(harness.Phases(), ", "))
	}
	return nil
}

func (c *Case) checkLimits() error {
	if c.Limits.Memory > emu.MaxMemory {
		return fmt.Errorf("the limit of memory ends at %s", machine.Size(emu.MaxMemory))
	}
	return nil
}
